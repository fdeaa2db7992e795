"""What a season costs: real seconds for each day that passes on its own clock.

    python -m benchmarks.season [--quick]

Plays `alojamientos simulate season` (web, worker, PostgreSQL, Valkey and the simulated providers
in a folder of its own, guests, faults and killed processes) and prints how long it took, to the
day and to the stop of its clock. Fails when the season's audit does.
"""

import argparse
import subprocess
import sys

import orjson


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two days instead of seven")
    days = 2 if parser.parse_args().quick else 7
    command = [sys.executable, "-m", "alojamientos", "simulate", "season", "--json"]
    played = subprocess.run(
        [*command, "--days", str(days), "--seed", "1"], stdout=subprocess.PIPE, check=False
    )
    if not played.stdout:
        return played.returncode or 1
    report = orjson.loads(played.stdout)
    seconds = report["seconds"]
    guests = sum(count for what, count in report["counts"].items() if ":" in what)
    print(
        f"{days} days in {seconds:.0f} s: {seconds / days:.1f} s a day,"
        f" {seconds / report['stops'] * 1000:.0f} ms a stop ({report['stops']}),"
        f" {guests} guests; a month: about {seconds / days * 30 / 60:.0f} minutes"
    )
    return played.returncode


if __name__ == "__main__":
    sys.exit(main())

"""Run every benchmark of this folder one after the other and say on which machine.

    python -m benchmarks.run [--quick] [NAME …]

Each benchmark is a process of its own, so that none warms or burdens another.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import psutil

FOLDER = Path(__file__).parent


def names() -> list[str]:
    return sorted(
        path.stem
        for path in FOLDER.glob("*.py")
        if path.stem != "run" and not path.stem.startswith("_")
    )


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores,"
        f" {memory:.0f} GiB, Python {platform.python_version()}, load before {load}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, coarser figures")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names())
    if unknown:
        parser.error(
            f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names())}"
        )
    print(f"Machine: {machine()}", flush=True)
    failed = []
    for name in arguments.names or names():
        print(f"\n== {name} ", "=" * (70 - len(name)), flush=True)
        start = time.monotonic()
        command = [
            sys.executable,
            "-m",
            f"benchmarks.{name}",
            *(["--quick"] if arguments.quick else []),
        ]
        if subprocess.run(command, check=False, cwd=FOLDER.parent).returncode != 0:
            failed.append(name)
        print(f"({time.monotonic() - start:.0f} s)", flush=True)
    if failed:
        print(f"\nDid not end well: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""The command jq on the library of that name, with the options -c -r -s -R and --arg."""

import argparse
import json
import sys
from pathlib import Path

import jq


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in "crsR":
        parser.add_argument(f"-{option}", action="store_true")
    parser.add_argument("--arg", nargs=2, action="append", default=[])
    parser.add_argument("program")
    parser.add_argument("files", nargs="*", type=Path)
    asked = parser.parse_args()
    texts = [file.read_text() for file in asked.files] or [sys.stdin.read()]
    program = jq.compile(asked.program, args=dict(asked.arg))
    if asked.R:
        found = [
            value for line in "".join(texts).splitlines() for value in program.input_value(line)
        ]
    else:
        found = program.input_text("".join(texts), slurp=asked.s).all()
    for value in found:
        sys.stdout.write(
            (value if asked.r and isinstance(value, str) else json.dumps(value)) + "\n"
        )


if __name__ == "__main__":
    main()

"""Write .env.example from the settings; with --check, say whether it is current."""  # noqa: INP001 - a script

import sys
from pathlib import Path

from alojamientos.ops.launcher.env_example import render

_FILE = Path(__file__).parents[1] / ".env.example"


def main() -> int:
    wanted = render()
    if "--check" not in sys.argv:
        _FILE.write_text(wanted, encoding="utf-8")
    elif not _FILE.is_file() or _FILE.read_text(encoding="utf-8") != wanted:
        sys.stderr.write("Error: .env.example is not current; run: make render\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Make the monitoring programs available; with CI=true fail when one cannot be had."""  # noqa: INP001 - a script

import os
import sys

from alojamientos.ops.launcher.promtools import ensure_promtools
from alojamientos.ops.launcher.servers import ProgramMissing
from alojamientos.ops.launcher.tools import ensure_tools
from alojamientos.settings import load_settings


def main() -> int:
    folder = load_settings(check_production=False).stack.tools_dir
    try:
        for ensure in (ensure_tools, ensure_promtools):
            ensure(folder, lambda text: print(text, flush=True))  # noqa: T201 - a script's output
    except ProgramMissing as error:
        sys.stderr.write(f"Error: {error.message}\n")
        if os.environ.get("CI") == "true":
            return 1
        sys.stderr.write("The tests that need them will fail.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

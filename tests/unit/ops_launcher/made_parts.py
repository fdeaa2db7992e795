"""Parts made of small Python programs."""

import sys
from typing import Any

from alojamientos.ops.launcher.part import Part

SLEEP = "import time; time.sleep(600)"


def made(name: str, code: str = SLEEP, **values: Any) -> Part:
    values.setdefault("env", {"PATH": "/usr/bin:/bin"})
    return Part(name=name, command=(sys.executable, "-u", "-c", code), **values)

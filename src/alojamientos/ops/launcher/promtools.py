"""The promtool of the oldest and of the newest Prometheus that the rules shall work with.

Only tests want them. The packages are checked by apt's signature; Debian keeps one build of a
version in a release, and unstable moves on, so they are named by age and not by number.
"""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from alojamientos.ops.launcher import debian
from alojamientos.ops.launcher.servers import ProgramMissing

OLDEST, NEWEST = "oldest", "newest"
# From trixie on promtool is a package of its own.
_PACKAGES = {OLDEST: ("bookworm", "prometheus"), NEWEST: ("sid", "promtool")}


def variable(age: str) -> str:
    """Return the environment variable that says where the promtool of `age` is."""
    return f"PROMTOOL_{age.upper()}_PROGRAM"


def find_promtool(age: str, tools_dir: Path) -> Path | None:
    """Return the promtool of `age`: its variable, then `tools_dir`; None when neither has it."""
    chosen = os.environ.get(variable(age))
    path = Path(chosen) if chosen else tools_dir.absolute() / f"promtool-{age}"
    return path if os.access(path, os.X_OK) else None


def ensure_promtools(tools_dir: Path, progress: Callable[[str], None]) -> None:
    """Download what is missing of both into `tools_dir`.

    Raises ProgramMissing naming what is still missing, why, and what to set.
    """
    if not _missing(tools_dir):
        return
    tools_dir.mkdir(parents=True, exist_ok=True)
    with (tools_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for age in _missing(tools_dir):
            progress(f"downloading the {age} promtool")
            _download(age, tools_dir)


def _missing(tools_dir: Path) -> list[str]:
    return [age for age in _PACKAGES if find_promtool(age, tools_dir) is None]


def _download(age: str, tools_dir: Path) -> None:
    suite, package = _PACKAGES[age]
    folder = tools_dir.absolute() / f"apt-{age}"
    reason = f"Debian's {suite} does not have it"
    try:
        tree = debian.fetch([package], folder, suite=suite).get(package)
        if tree is not None:
            # Atomic: whole or not at all.
            (tree / "usr/bin/promtool").replace(tools_dir / f"promtool-{age}")
    except debian.PackagesUnavailable as error:
        reason = error.message
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if find_promtool(age, tools_dir) is None:
        raise ProgramMissing(
            f"the {age} promtool could not be had: {reason}; set {variable(age)} to its path"
        )

"""The monitoring programs: found where they are, or extracted from Debian packages."""

import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alojamientos.ops.launcher import debian
from alojamientos.ops.launcher.extracted import make_self_contained
from alojamientos.ops.launcher.servers import ProgramMissing


@dataclass(frozen=True, slots=True)
class Tool:
    """A program: its names, best first, and the Debian packages that may carry it."""

    names: tuple[str, ...]
    packages: tuple[str, ...]


TOOLS: dict[str, Tool] = {
    "prometheus": Tool(("prometheus",), ("prometheus",)),
    # promtool is a package of its own from trixie on
    "promtool": Tool(("promtool",), ("promtool", "prometheus")),
    "alertmanager": Tool(("prometheus-alertmanager", "alertmanager"), ("prometheus-alertmanager",)),
    "amtool": Tool(("amtool",), ("prometheus-alertmanager",)),
    **{
        f"{kind}_exporter": Tool(
            (f"prometheus-{kind}-exporter", f"{kind}_exporter"), (f"prometheus-{kind}-exporter",)
        )
        for kind in ("node", "postgres", "redis", "blackbox")
    },
}


def variable(name: str) -> str:
    """Return the environment variable that says where the tool `name` is."""
    return f"{name.upper()}_PROGRAM"


def find_tool(name: str, tools_dir: Path) -> Path:
    """Return the program of `name`: <NAME>_PROGRAM, `tools_dir`, then PATH.

    Raises ProgramMissing when none has it.
    """
    chosen = os.environ.get(variable(name))
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise ProgramMissing(
                f"{variable(name)} is {chosen}, which is not a program; correct it"
            )
        return Path(chosen)
    for program in TOOLS[name].names:
        path = tools_dir.absolute() / "bin" / program
        if os.access(path, os.X_OK):
            return path
    for program in TOOLS[name].names:
        found = shutil.which(program)
        if found:
            return Path(found)
    raise ProgramMissing(
        f"{name} was not found; `make up` and `make test` extract it from its Debian package where"
        f" they can, else set {variable(name)} to its path or put it on PATH"
    )


def missing_tools(tools_dir: Path) -> list[str]:
    """Return the names of the tools that `find_tool` does not find."""
    missing = []
    for name in TOOLS:
        try:
            find_tool(name, tools_dir)
        except ProgramMissing:
            if os.environ.get(variable(name)):
                raise
            missing.append(name)
    return missing


def ensure_tools(tools_dir: Path, progress: Callable[[str], None]) -> None:
    """Make every tool available, downloading into `tools_dir` what is nowhere yet.

    Callers at the same time wait for each other, and an interrupted run is completed by the next.
    Raises ProgramMissing naming what is still missing, why, and what to set.
    """
    if not missing_tools(tools_dir):
        return
    (tools_dir / "bin").mkdir(parents=True, exist_ok=True)
    with (tools_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = missing_tools(tools_dir)
        if missing:
            progress(f"downloading {', '.join(missing)}")
            reason = _download(missing, tools_dir)
            still = missing_tools(tools_dir)
            if still:
                raise ProgramMissing(
                    f"{', '.join(still)} could not be had: {reason};"
                    f" install them, or set {', '.join(variable(name) for name in still)}"
                )


def _download(missing: list[str], tools_dir: Path) -> str:
    """Put what can be had of `missing` into place; return what went wrong, if anything did."""
    packages = list(dict.fromkeys(p for name in missing for p in TOOLS[name].packages[:1]))
    folder = tools_dir.absolute() / "apt"
    try:
        trees = debian.fetch(packages, folder)
        lacking = [p for name in missing for p in TOOLS[name].packages[1:]
                   if TOOLS[name].packages[0] not in trees]  # fmt: skip
        if lacking:
            trees |= debian.fetch(lacking, folder)
    except debian.PackagesUnavailable as error:
        return error.message
    for tree in trees.values():
        for program in (tree / "usr" / "bin").iterdir():
            program.replace(tools_dir / "bin" / program.name)  # atomic: whole or not at all
    make_self_contained(tools_dir)
    shutil.rmtree(folder)
    return "the Debian archive does not have it"

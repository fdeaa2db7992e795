"""Secrets of the native stack: made once, kept where only their owner can read them."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

FOLDER = "secrets"
_BYTES = 24


def generated(state_dir: Path, name: str) -> str:
    """Return the secret `name` of this stack, making it when it is not there yet."""
    return _kept(state_dir, name, lambda: secrets.token_urlsafe(_BYTES), replace=False)


def keep(state_dir: Path, name: str, value: str) -> Path:
    """Write `value` as the secret `name` and return its file, for programs that read files."""
    _kept(state_dir, name, lambda: value, replace=True)
    return path(state_dir, name)


def stored(state_dir: Path, name: str) -> str | None:
    """Return the secret `name` if the stack has made it."""
    try:
        return path(state_dir, name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def path(state_dir: Path, name: str) -> Path:
    return state_dir / FOLDER / name


def _kept(state_dir: Path, name: str, value: Callable[[], str], *, replace: bool) -> str:
    present = stored(state_dir, name)
    if present and not replace:
        return present
    wanted = value()
    if present == wanted:
        return wanted
    file = path(state_dir, name)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.parent.chmod(0o700)
    temporary = file.with_name(f".{name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(wanted)
    temporary.replace(file)
    return wanted

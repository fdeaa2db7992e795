"""The files that tell people of every setting: .env.example and a reference page."""

import typing
from enum import Enum
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from alojamientos.monitoring.conventions import HEADER
from alojamientos.settings import DEV, Settings, variable_name

_EXAMPLE_HEAD = """\
# Every setting of Alojamientos with its default. Rendered from settings.py by `make render`.
# Copy to .env and uncomment what you change; the environment wins over this file.
# A secret NAME can also be read from the file that NAME_FILE names.
# ENVIRONMENT=production refuses to start until what must be set is set, and says what that is.
"""
_PAGE_HEAD = f"""\
<!-- {HEADER} -->
# Settings

Each comes from the environment variable, from the file that NAME_FILE names, or from `.env` in
the working directory, in that order; `.env.example` has them all to copy. In containers, secrets
are files (`docs/howto/docker.md`). A value that does not fit stops the start and is named, all
that are wrong at once. With ENVIRONMENT=production the defaults marked *development* are refused.
"""
_KINDS: dict[type, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true`, `false`",
    SecretStr: "secret",
    Path: "path",
}


def files() -> dict[str, str]:
    """Return the text of each file by its path from the root of the repository."""
    return {".env.example": example(), "docs/reference/settings.md": page()}


def example() -> str:
    """Return the text of .env.example; every variable is there once, commented out."""
    blocks = [_EXAMPLE_HEAD]
    for group in Settings.groups.values():
        lines = [f"# --- {_title(group)}"]
        for name, field in group.model_fields.items():
            default = _text(field.default)
            if _is_refused(field):
                default += "  # refused in production"
            lines += ["", f"# {field.description}", f"#{variable_name(group, name)}={default}"]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def page() -> str:
    """Return docs/reference/settings.md: a table for each group of settings."""
    blocks = [_PAGE_HEAD]
    for group in Settings.groups.values():
        lines = [f"## {_title(group).rstrip('.')}", ""]
        lines += ["| variable | default | values | what it is |", "|---|---|---|---|"]
        for name, field in group.model_fields.items():
            variable = variable_name(group, name)
            lines.append(
                f"| `{variable}` | {_default(field)} | {_values(field)} | {field.description} |"
            )
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _title(group: type) -> str:
    return (group.__doc__ or "").strip().splitlines()[0]


def _text(value: object) -> str:
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _is_refused(field: FieldInfo) -> bool:
    return isinstance(field.default, SecretStr) and _text(field.default).startswith(DEV)


def _default(field: FieldInfo) -> str:
    if _is_refused(field):
        return "*development*"
    text = _text(field.default)
    return f"`{text}`" if text else "none"


def _values(field: FieldInfo) -> str:
    """Say what is accepted, from the type and its bounds."""
    types = list(typing.get_args(field.annotation) or (field.annotation,))
    kinds = [_kind(kind) for kind in types if kind not in (type(None), None)]
    bounds = {}
    pattern = ""
    for rule in field.metadata:
        for sign, name in (("≥", "ge"), (">", "gt"), ("≤", "le"), ("<", "lt")):
            if getattr(rule, name, None) is not None:
                bounds[sign] = f"{sign} {getattr(rule, name)}"
        pattern = getattr(rule, "pattern", None) or pattern
    if pattern.startswith("^(") and pattern.endswith(")$"):
        return ", ".join(f"`{word}`" for word in pattern[2:-2].split("|"))
    return ", ".join([*kinds, *bounds.values()])


def _kind(kind: type) -> str:
    if issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    return _KINDS.get(kind) or kind.__name__.lower()

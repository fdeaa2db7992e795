"""The text of .env.example: every setting with its meaning and default."""

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from alojamientos.settings import DEV, Settings, variable_name

_HEAD = """\
# Every setting of Alojamientos with its default. Rendered from settings.py by `make render`.
# Copy to .env and uncomment what you change; the environment wins over this file.
# A secret NAME can also be read from the file that NAME_FILE names.
# ENVIRONMENT=production refuses to start until what must be set is set, and says what that is.
"""


def render() -> str:
    """Return the whole text; every variable is there once, commented out."""
    blocks = [_HEAD]
    for group in Settings.groups.values():
        title = (group.__doc__ or "").strip().splitlines()[0]
        lines = [f"# --- {title}"]
        for name, field in group.model_fields.items():
            lines += [
                "",
                f"# {field.description}",
                f"#{variable_name(group, name)}={_text(field.default)}",
            ]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _text(value: object) -> str:
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return f"{secret}  # refused in production" if secret.startswith(DEV) else secret
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)

"""Values as YAML text that is the same bytes every time."""

from typing import Any

import yaml

from alojamientos.monitoring.conventions import HEADER


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, and writes text of several lines as such."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - a reference reads worse
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def document(value: dict[str, Any]) -> str:
    """Return `value` as a YAML document, in its own order, below the generated-file header."""
    body = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**16, indent=2
    )
    return f"# {HEADER}\n{body}"

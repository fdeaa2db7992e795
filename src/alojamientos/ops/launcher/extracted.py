"""Let the extracted Alertmanager run although its package is not installed.

Debian builds it to read its default templates below /usr/share at start, without a way to say
otherwise, and it does not start without them. Our mails use templates of our own, so empty ones
are enough: the copy reads them below its working folder, to which a script brings it.
"""

from pathlib import Path

_INSTALLED = b"/usr/share/prometheus/alertmanager"
_HERE = b"./././././././././././share/alertm"  # as long, for its length is in the program too
_TEMPLATES = ("default.tmpl", "email.tmpl")
_SCRIPT = """\
#!/bin/sh
# Reads its default templates below its working folder; the paths it is given must be absolute.
cd "$(dirname "$0")/../alertmanager" && exec ./prometheus-alertmanager "$@"
"""


def make_self_contained(tools_dir: Path) -> None:
    """Replace Alertmanager in `tools_dir`, if it is there and not done yet, by one that runs."""
    entry = tools_dir / "bin" / "prometheus-alertmanager"
    if not entry.is_file():
        return
    program = entry.read_bytes()
    if _INSTALLED not in program:
        return
    home = tools_dir / "alertmanager"
    templates = home / _HERE.decode()
    templates.mkdir(parents=True, exist_ok=True)
    for name in _TEMPLATES:
        (templates / name).touch()
    _put(home / entry.name, program.replace(_INSTALLED, _HERE))
    _put(entry, _SCRIPT.encode())  # last, and whole or not at all: an interrupted run is done again


def _put(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_bytes(content)
    temporary.chmod(0o755)
    temporary.replace(path)

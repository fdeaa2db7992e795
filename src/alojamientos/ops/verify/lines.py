"""Whether the log files hold what they should: JSON, and the trace of a request just made."""

import json
import secrets
from pathlib import Path

from alojamientos.ops.verify.clients import Stack
from alojamientos.ops.verify.item import Finding, failed, not_applicable, passed

_NEWEST = 2_000


def traced(stack: Stack, folder: Path | None) -> Finding:
    """The newest lines are JSON objects, and a request's trace id is found among them."""
    if folder is None:
        return not_applicable("no log files here: docker compose logs, or Loki, have them")
    trace = secrets.token_hex(16)
    stack.get(
        f"{stack.addresses.web}/api/v1/accommodations",
        headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"},
    )
    read, found = 0, 0
    for path in sorted(folder.glob("*.log")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-_NEWEST:]:
            read += 1
            value = _object(line)
            if value is None:
                return failed(f"not JSON: {path.name}, after {read - 1} good lines")
            found += value.get("trace_id") == trace
    if not found:
        return failed(f"no line with the trace {trace} of a request just made", may_settle=True)
    return passed(f"{read} lines are JSON; {found} of trace {trace}")


def _object(line: str) -> dict[str, object] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None

"""The queries that docs/howto/monitoring.md tells people to ask."""

import re
from pathlib import Path

_PAGE = Path(__file__).parents[3] / "docs/howto/monitoring.md"


def howto_queries() -> list[str]:
    """Return each query, in the page's order: what stands at the end of an item, in backquotes."""
    text = _PAGE.read_text(encoding="utf-8")
    section = text.partition("## Questions to Prometheus")[2].partition("## Changing it")[0]
    items = [line for line in section.splitlines() if line.startswith("- ")]
    return [re.fullmatch(r"- [^`]*`([^`]+)`", item)[1] for item in items]  # type: ignore[index] # an item without a query is a mistake

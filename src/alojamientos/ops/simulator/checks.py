"""What an audit looks at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be true once the guests have gone, and what was found."""

    name: str
    ok: bool
    found: str

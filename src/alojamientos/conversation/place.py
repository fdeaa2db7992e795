"""What a guest has to know of the lodging to get there and in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the lodging is and when it can be entered; what is "" is not said."""

    mail: str = "reservas@localhost"
    check_in_from: str = "15:00"
    check_out_until: str = "10:00"
    address: str = ""
    directions: str = ""
    map_url: str = ""
    notes: str = ""  # gate code, Wi-Fi: what only who comes should read

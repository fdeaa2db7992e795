"""What a guest has to know of the lodging to get there and in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StayFacts:
    """Where the lodging is and when it can be entered; what is "" is not said."""

    mail: str = "reservas@localhost"
    check_in_from: str = "15:00"
    check_out_until: str = "10:00"
    address: str = ""
    directions: str = ""
    map_url: str = ""
    notes: str = ""  # gate code, Wi-Fi: what only who comes should read

    @property
    def has_place(self) -> bool:
        """Tell whether there is anything to say of how to get there."""
        return bool(self.address or self.directions or self.map_url)

    def where(self) -> str:
        """Return how to get there in words, a line each."""
        address = f"Estamos en {self.address}." if self.address else ""
        return "\n".join(part for part in (address, self.directions, self.map_url) if part)

    def hours(self) -> str:
        return (
            f"Se entra desde las {self.check_in_from} y se sale hasta las {self.check_out_until}."
        )

"""Read what the assistant says and decide what a guest who wants a stay answers. Pure.

Options are matched by their ids; sentences only where there is nothing to tap.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
    *("septiembre", "octubre", "noviembre", "diciembre"),
)
_YEAR_SAID_AFTER_DAYS = 280  # nearer dates are said without their year
_CODE = re.compile(r"[Cc]ódigo(?: de reserva)?:? *\*?([0-9A-Z][0-9A-Z-]{5,})\*?")
_PREFERENCE = re.compile(r"[?&]pref_id=([\w-]+)")
_CONFIRMED = re.compile(r"(?:quedó|ya está|está) \*?confirmada", re.IGNORECASE)
_CANCELLED = re.compile(r"\bcancel[ée]\b|se canceló|quedó cancelada", re.IGNORECASE)
_TAKEN = re.compile(r"no (?:me )?queda lugar|se ocupó|no hay lugar|varias personas", re.IGNORECASE)
_ASKS_TO_WRITE = re.compile(r"¿me lo escribís", re.IGNORECASE)
_ASKS_GUESTS = re.compile(r"¿[^?]*cuánt(?:as personas|os (?:son|serían))", re.IGNORECASE)
_ASKS_CHECK_OUT = re.compile(r"qué día se van|cuántas noches", re.IGNORECASE)
_ASKS_CHECK_IN = re.compile(r"qué día llegarían\?", re.IGNORECASE)
_ASKS_DATES = re.compile(
    r"qué fechas|qué días?\b|otras fechas\?|la llegada y la salida", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The stay that a guest is after; half-open."""

    check_in: date
    check_out: date
    guests: int

    @property
    def last_night(self) -> date:
        return self.check_out - timedelta(days=1)

    def nights(self) -> list[date]:
        return [
            self.check_in + timedelta(days=n) for n in range((self.check_out - self.check_in).days)
        ]

    def words(self, *, today: date) -> str:
        """Return "del 15 al 18 de enero", with the month and the year where they are needed."""
        first, last = self.check_in, self.check_out
        start = str(first.day)
        if (first.month, first.year) != (last.month, last.year):
            start = day_words(first, today=None)
        year = f" de {last.year}" if (last - today).days > _YEAR_SAID_AFTER_DAYS else ""
        if year and first.year != last.year:
            start += f" de {first.year}"
        return f"del {start} al {day_words(last, today=None)}{year}"


class Said(StrEnum):
    """What the assistant's message means to the guest."""

    OFFERED = "offered"
    ASKED = "asked"
    HELD = "held"
    LINK = "link"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    TAKEN = "taken"
    ALTERNATIVES = "alternatives"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How to take a message: what it means, and what to tap or say next, if anything."""

    said: Said
    tap: str | None = None
    text: str | None = None
    code: str | None = None
    preference_id: str | None = None


def day_words(day: date, *, today: date | None) -> str:
    """Return "15 de enero"; with `today`, with the year when the day is far."""
    words = f"{day.day} de {_MONTHS[day.month - 1]}"
    if today and (day - today).days > _YEAR_SAID_AFTER_DAYS:
        words += f" de {day.year}"
    return words


def read(entry: dict[str, Any], wish: Wish, *, today: date) -> Move:
    """Return what a guest with `wish` makes of one message."""
    text = entry.get("text") or ""
    ids = [option["id"] for option in entry.get("options", ())]
    link = _PREFERENCE.search(entry.get("url") or "") or _PREFERENCE.search(text)
    if link:
        return Move(said=Said.LINK, preference_id=link.group(1))
    if _CONFIRMED.search(text):
        return Move(said=Said.CONFIRMED)
    if code := _CODE.search(text):
        return Move(said=Said.HELD, code=code.group(1))
    return _choose(entry, ids, text, wish) or _answer(text, wish, today=today)


def asks_to_write(entry: dict[str, Any]) -> bool:
    """Tell whether a voice note was not understood."""
    return _ASKS_TO_WRITE.search(entry.get("text") or "") is not None


def _choose(entry: dict[str, Any], ids: list[str], text: str, wish: Wish) -> Move | None:
    cabins = [option_id for option_id in ids if option_id.startswith("cabin:")]
    if cabins:
        return Move(said=Said.OFFERED, tap=cabins[0])
    # A choice may end in what it is bound to: "cancel:yes~…".
    yes = next((i for i in ids if i.startswith(("cancel:yes", "dates:yes"))), None)
    if yes is not None:
        return Move(said=Said.ASKED, tap=yes)
    spans = [o for o in entry.get("options", ()) if o["id"].startswith("span:")]
    if spans:
        meant = f"{wish.check_in:%d/%m} al {wish.check_out:%d/%m}"
        same = next((o["id"] for o in spans if o["title"] == meant), None)
        if same and not _TAKEN.search(text):
            return Move(said=Said.ASKED, tap=same)
        if _ASKS_DATES.search(text):
            return None  # the guest has dates of their own
        return Move(said=Said.ALTERNATIVES, tap=spans[0]["id"])
    return None


def _answer(text: str, wish: Wish, *, today: date) -> Move:
    if _TAKEN.search(text):
        return Move(said=Said.TAKEN)
    if _CANCELLED.search(text):
        return Move(said=Said.CANCELLED)
    asks_dates = _ASKS_DATES.search(text) is not None
    asks_guests = _ASKS_GUESTS.search(text) is not None
    stay, party = wish.words(today=today), str(wish.guests)
    answers = (  # the first that fits
        (_ASKS_CHECK_OUT.search(text), f"el {day_words(wish.check_out, today=today)}"),
        (
            _ASKS_CHECK_IN.search(text) and "se irían" not in text,
            f"el {day_words(wish.check_in, today=today)}",
        ),
        (asks_dates and asks_guests, f"{stay} para {party}"),
        (asks_guests, f"somos {party}"),
        (asks_dates, stay),
    )
    answer = next((words for asked, words in answers if asked), None)
    return Move(said=Said.ASKED if answer else Said.OTHER, text=answer)

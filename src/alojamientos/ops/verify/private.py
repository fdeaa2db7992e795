"""Search text for what must be nowhere: known values, and what has the shape of a person's.

This looks for what redaction should have taken out, so it shares no pattern with it: a number
that redaction does not know as a phone is found because it is a guest's.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PHONE, EMAIL = "phone number", "e-mail address"
MESSAGE_ID = "WhatsApp message id (it holds the phone)"
_LEAST_LENGTH = 6  # what is shorter stands in many texts by chance
_NATIONAL = 10  # digits of an Argentine number without its prefixes
_CHUNK = 2**22  # characters searched at a time

_GAP = "[ \\-()\u00a0\u2010-\u2015\u202f]{0,2}"
_BEFORE = r"(?:(?<![0-9A-Za-z])(?<!\d\.)|(?<=%2B)|(?<=\\[nrt]))"
_AFTER = r"(?!\w|\.\d)"
_OUR_ID = r"(?<!provider_payment_id\"[:=]\")"
_DATE = rf"(?!{_GAP}\d{{4}}-\d\d-\d\d)"
_DIGITS = re.compile(rf"\d(?:{_GAP}\d){{{_NATIONAL - 1},}}")
_ALONE = re.compile(rf"{_BEFORE}\+?\(?\d(?:{_GAP}\d){{{_NATIONAL - 1},14}}{_AFTER}")
_PHONE = re.compile(
    rf"{_BEFORE}{_OUR_ID}(?:(?:\+|00)?54{_DATE}(?:{_GAP}\d){{10,11}}|\+[1-9](?:{_GAP}\d){{9,14}})"
    + _AFTER
)
_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]+?(?:@|%40)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE
)
_MESSAGE_ID = re.compile(r"wamid\.[\w+/=%-]{8,}")


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """What was found where: never the value itself."""

    place: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.place}:{self.line} {self.kind}"


@dataclass(frozen=True, slots=True)
class Private:
    """The values that must be nowhere, each with its kind, sorted by how they are searched for."""

    literals: Mapping[str, str]
    phones: Mapping[str, str]  # by all their digits
    emails: Mapping[str, str]
    too_short: int

    @classmethod
    def of(cls, values: Iterable[tuple[str, str]]) -> Self:
        """Sort pairs of kind and value; what is too short to search for is counted."""
        literals: dict[str, str] = {}
        phones: dict[str, str] = {}
        emails: dict[str, str] = {}
        too_short = 0
        for kind, value in values:
            if kind.endswith(EMAIL):
                emails[value.lower()] = kind
            elif kind.endswith(PHONE):
                phones[_digits(value)] = kind
            elif len(value) < _LEAST_LENGTH:
                too_short += 1
            else:
                literals[value] = kind
        return cls(literals, phones, emails, too_short)

    def __len__(self) -> int:
        return len(self.literals) + len(self.phones) + len(self.emails)

    def in_text(self, place: str, text: str, *, first_line: int = 1) -> Iterator[Hit]:
        """Yield what is in `text`, once for every line and kind."""
        line, searched, told = first_line, 0, set()
        for at, kind in sorted(self._matches(text)):
            line += text.count("\n", searched, at)
            searched = at
            hit = Hit(place, line, kind)
            if hit not in told:
                told.add(hit)
                yield hit

    def in_file(self, path: Path, *, on_lines: Callable[[int], None]) -> Iterator[Hit]:
        """Yield what is in a file, piece by piece; tell how many lines have been searched."""
        before = 0
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            while lines := file.readlines(_CHUNK):
                yield from self.in_text(path.name, "".join(lines), first_line=before + 1)
                before += len(lines)
                on_lines(len(lines))

    def _matches(self, text: str) -> Iterator[tuple[int, str]]:
        for value, kind in self.literals.items():
            at = text.find(value)
            while at >= 0:
                yield at, kind
                at = text.find(value, at + 1)
        for match in _EMAIL.finditer(text):
            yield match.start(), self._email_kind(match[0].lower().replace("%40", "@"))
        for match in _MESSAGE_ID.finditer(text):
            yield match.start(), f"a {MESSAGE_ID}"
        yield from self._phone_matches(text)

    def _email_kind(self, found: str) -> str:
        """Return whose it is; what is glued to its front by a dot or the like does not hide it."""
        starts = (0, *(match.end() for match in re.finditer(r"[.%+-]", found)))
        kinds = (self.emails.get(found[start:]) for start in starts)
        return next(filter(None, kinds), f"an {EMAIL}")

    def _phone_matches(self, text: str) -> Iterator[tuple[int, str]]:
        # All of its digits are found wherever they are, also glued to a name or another number.
        lengths = {len(digits) for digits in self.phones}
        for match in _DIGITS.finditer(text):
            digits = _digits(match[0])
            for length in lengths:
                for start in range(len(digits) - length + 1):
                    kind = self.phones.get(digits[start : start + length])
                    if kind:
                        yield match.start(), kind
        # Without its prefixes it has to stand alone: ten digits are in many a number.
        national = {digits[-_NATIONAL:]: kind for digits, kind in self.phones.items()}
        for match in _ALONE.finditer(text):
            kind = national.get(_digits(match[0])[-_NATIONAL:])
            if kind:
                yield match.start(), kind
        for match in _PHONE.finditer(text):
            kind = national.get(_digits(match[0])[-_NATIONAL:])
            yield match.start(), kind or f"a {PHONE}"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)

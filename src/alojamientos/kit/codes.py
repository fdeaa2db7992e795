"""Public codes: short enough to read aloud, too many to guess."""

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: https://www.crockford.com/base32.html
_MISREAD = str.maketrans("OIL", "011", "- ")
_LENGTH = 12  # of 5 bits each: 60 random bits


def new_code() -> str:
    """Return a fresh random code of 60 bits, as XXXX-XXXX-XXXX."""
    bits = secrets.randbits(5 * _LENGTH)
    return _grouped("".join(_ALPHABET[bits >> 5 * n & 31] for n in range(_LENGTH)))


def canonical(text: str) -> str | None:
    """Return the code that `text` means, forgiving case, spaces, dashes and O, I, L; or None."""
    plain = text.upper().translate(_MISREAD)
    if (
        not text.isascii()
        or len(plain) != _LENGTH
        or any(letter not in _ALPHABET for letter in plain)
    ):
        return None
    return _grouped(plain)


def _grouped(plain: str) -> str:
    return "-".join(plain[n : n + 4] for n in range(0, _LENGTH, 4))

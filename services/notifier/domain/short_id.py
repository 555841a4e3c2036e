"""A notification's short id: what a person can type, and what a text is found again by."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

#: Digits and letters that nobody mistakes for each other.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

#: A million of them: enough to tell the messages apart that one person got lately.
LENGTH: Final = 4


def short_id(notification_id: UUID) -> str:
    """Four letters and digits, the same for the same notification, on every attempt."""
    drawn = hashlib.sha256(notification_id.bytes).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in drawn[:LENGTH])


def read_short_id(written: str) -> str:
    """What somebody typed as a short id would be written: capitals, and O, I and L as the digits meant."""
    return written.upper().translate(str.maketrans("OIL", "011"))

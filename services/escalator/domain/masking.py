"""E-mail addresses and phone numbers in what people write, masked before it enters an event (X9)."""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(r"[^\s@<>()\[\]\"',;:]+@[^\s@<>()\[\]\"',;:]+")

#: A date stays readable; its digits are no number to call.
_DATE: Final = r"\d{4}-\d\d-\d\d(?!\d)"

#: Seven digits or more with what people put between them; not the inside of an id or a word.
_PHONE: Final = re.compile(
    rf"(?<![\w-])(?!{_DATE})(?:\+|\(|00)?\d(?:[ \t()./-]{{0,3}}\d){{6,}}(?![\w-])"
)

#: Longer than this, text does not enter an event.
LONGEST: Final = 500

EMAIL: Final = "[e-mail address]"
PHONE: Final = "[phone number]"


def masked(text: str) -> str:
    """`text` without ways to reach somebody, of at most 500 characters."""
    plain = _PHONE.sub(PHONE, _EMAIL.sub(EMAIL, text))
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"

"""How a page is tried: fast, for as long as it matters, and soon over another channel as well (D2)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Final

_AT: Final = (0, 5, 15, 45, 120, 300)

#: The waits between its attempts, made at 0, 5, 15, 45 s, 2 and 5 min, then every five minutes.
_WAITS: Final = tuple(timedelta(seconds=b - a) for a, b in pairwise(_AT))
_THEN: Final = timedelta(minutes=5)

#: Without success for so long, the recipient's fallback channel is tried beside it.
BESIDE_AFTER: Final = timedelta(minutes=2)

#: What reached nobody for so long is given up: it must end some day, and be told.
GIVE_UP_AFTER: Final = timedelta(hours=24)


def wait_after(attempts: int) -> timedelta:
    """The wait after so many attempts."""
    return _WAITS[attempts - 1] if attempts <= len(_WAITS) else _THEN

"""What an answer means for a delivery."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from .delivery import Outcome, Verdict

_GONE: Final = 410

#: The receiver is busy, and may say for how long.
_BUSY: Final = frozenset({429, 502, 503, 504})

#: 4xx that say nothing about the request itself.
_PASSING: Final = frozenset({408, 425, 429})

#: So much of an answer is kept, in bytes.
KEPT_BYTES: Final = 1024


def classify(status: int, retry_after: str, answer: bytes, now: datetime) -> Verdict:
    """2xx is sent; 410 ends the subscription; all else is tried again, redirects among it.

    `retry_after` is the header's value, seconds or a date, empty when there is none.
    """
    asked = _asked(retry_after, now) if status in _BUSY else None
    return Verdict(
        outcome=_outcome(status),
        detail=f"http {status}",
        status=status,
        retry_after=asked,
        answer=answer[:KEPT_BYTES],
    )


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome.SENT
    if status == _GONE:
        return Outcome.GONE
    if status >= 500 or status in _PASSING:
        return Outcome.RETRY
    return Outcome.CLIENT_ERROR


def _asked(header: str, now: datetime) -> timedelta | None:
    if header.isascii() and header.isdigit() and len(header) <= 9:
        return timedelta(seconds=int(header))
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    return at - now if at.tzinfo else None

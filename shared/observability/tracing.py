"""W3C trace context: carried from a webhook through every event to the notification.

Every event has a `traceparent`, whether anybody records spans or not (`spans.py`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_TRACEPARENT: Final = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")

#: The recorded span of the request, or of the delivery, in hand; none where nothing is recorded.
_here: Final[ContextVar[str | None]] = ContextVar("tierline_traceparent", default=None)


def parsed(traceparent: str | None) -> tuple[str, str, str] | None:
    """Trace id, span id and flags in hex; None where the text is missing or malformed."""
    match = _TRACEPARENT.match(traceparent or "")
    if match is None or set(match[1]) == {"0"} or set(match[2]) == {"0"}:
        return None
    return match[1], match[2], match[3]


def new_traceparent() -> str:
    """The root of a new trace, sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def continued(traceparent: str | None) -> str:
    """A child span of `traceparent`, or a new trace when it is missing or malformed."""
    parts = parsed(traceparent)
    if parts is None:
        return new_traceparent()
    trace, _, flags = parts
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


def of_request(header: str | None = None) -> str:
    """What follows from a request carries this: the request's own span where it is recorded, else a child
    of the caller's `header`, else the root of a new trace.
    """
    return _here.get() or continued(header)


def here() -> str | None:
    """The recorded span we are in, if any."""
    return _here.get()


def passed_on() -> dict[str, str]:
    """The header by which a service of ours goes on with the recorded span we are in. Nobody else is sent it."""
    span = _here.get()
    return {"traceparent": span} if span else {}


def trace_id(traceparent: str | None) -> str | None:
    """The trace id in it, for log lines."""
    parts = parsed(traceparent)
    return parts[0] if parts else None


@contextmanager
def inside(traceparent: str) -> Iterator[None]:
    """While it lasts, `here` is this span."""
    token = _here.set(traceparent)
    try:
        yield
    finally:
        _here.reset(token)

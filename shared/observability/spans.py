"""The port to whoever records spans. `OFF` records nothing and is what everything has unless told otherwise.

Spans are named after what is done and what it is done with (`process ticket.opened`); their attributes are
ids and words of a fixed list, never an address, a name or what somebody wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from .tracing import continued

Attributes: TypeAlias = Mapping[str, str | int]

NONE: Final[Attributes] = {}

#: Attributes of ours.
TICKET: Final = "tierline.ticket_id"
EVENT: Final = "tierline.event_id"
NOTIFICATION: Final = "tierline.notification_id"

#: What happens so long after its cause begins a trace of its own, with a link to the cause: a trace that
#: is open for days is one that most tools cannot show.
LONG_AFTER: Final = timedelta(hours=1)

#: Links of one span at most.
MOST_LINKS: Final = 32


class Kind(StrEnum):
    """On which side of an exchange a span is."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Span(Protocol):
    """Something that is being done. A span that is never ended is never told."""

    @property
    def traceparent(self) -> str:
        """What follows from it carries this."""
        ...

    def end(
        self, *, name: str | None = None, attributes: Attributes = NONE, error: str | None = None
    ) -> None:
        """It is done; `error` says in a word why it failed, `name` what it turned out to be."""
        ...


class Tracer(Protocol):
    """Begins spans. `is_on` is False where none is recorded: callers spare themselves what it would cost."""

    @property
    def is_on(self) -> bool:
        """Whether anything is recorded."""
        ...

    def skips(self, parent: str) -> bool:
        """Whether a child of `parent` would not be recorded, so that nothing need be made ready for it."""
        ...

    def start(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        attributes: Attributes = NONE,
        *,
        links: Sequence[str] = (),
        began: int | None = None,
    ) -> Span:
        """A span under the traceparent `parent`, or the root of a new trace where that is missing or malformed.

        `links` are traceparents of other causes; `began` is in nanoseconds since 1970, now by default.
        """
        ...

    def close(self) -> None:
        """Send what is still in hand, for a few seconds at most."""
        ...


class _Unrecorded:
    """A span nobody records: what follows carries the trace on all the same."""

    def __init__(self, parent: str | None) -> None:
        self.traceparent = continued(parent)

    def end(
        self, *, name: str | None = None, attributes: Attributes = NONE, error: str | None = None
    ) -> None:
        """Nothing."""


class _Off:
    """Records nothing."""

    is_on = False

    def skips(self, parent: str) -> bool:
        """Always."""
        del parent
        return True

    def start(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        attributes: Attributes = NONE,
        *,
        links: Sequence[str] = (),
        began: int | None = None,
    ) -> Span:
        """A span nobody records."""
        del name, kind, attributes, links, began
        return _Unrecorded(parent)

    def close(self) -> None:
        """Nothing is in hand."""


OFF: Final[Tracer] = _Off()


def origin(traceparent: str | None, age: timedelta) -> tuple[str | None, tuple[str, ...]]:
    """The parent and the links of what happens `age` after its cause: a child while that is fresh, a trace of
    its own with a link from LONG_AFTER on.
    """
    if traceparent is None or age < LONG_AFTER:
        return traceparent, ()
    return None, (traceparent,)

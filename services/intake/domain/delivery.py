"""One call by a source: what it wishes for, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import msgspec

from shared.ids import delivery_id

from .commands import AnyCommand


class Disposition(StrEnum):
    """What became of one command of a delivery."""

    ACCEPTED = "accepted"
    BUFFERED = "buffered"  # the ticket has not been opened yet; applied as soon as it is
    IGNORED = "ignored"  # impossible in the ticket's state: a fact nobody needs, counted
    REFUSED = "refused"  # the same, told to a caller who can be told
    NOT_FOUND = "not_found"
    PARKED = "parked"  # could not be read; kept as a dead letter
    QUARANTINED = "quarantined"  # a delivery id that was used for another body; kept likewise


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one command, as the source is told now and at every repeat.

    `reason` is a code, `detail` a sentence, `field` the input that would have to change.
    """

    outcome: Disposition
    ticket_id: UUID | None = None
    reason: str | None = None
    detail: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An authentic part of a delivery that is no command: parked, never lost (semantics D1)."""

    ordinal: int
    raw: bytes
    detail: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call by `source`, authenticated and read, with the key that tells a repeat.

    `ordinal`s count commands and unreadable parts together, in the order of the body. `is_api` is
    true when the caller can be refused: our own API, not a webhook that would only try again.
    """

    source: str
    dedupe_key: str
    raw: bytes
    commands: tuple[tuple[int, AnyCommand], ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    traceparent: str | None = None
    is_api: bool = False
    #: What a repeat must repeat exactly. Our API adds the route to the body.
    digest: bytes = field(default=b"")

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", hashlib.sha256(self.raw).digest())

    @property
    def delivery_id(self) -> UUID:
        """Equal for every repeat of this delivery."""
        return delivery_id(self.source, self.dedupe_key)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a delivery; `repeated` if all of it had been done before."""

    outcomes: tuple[Outcome, ...]
    repeated: bool = False

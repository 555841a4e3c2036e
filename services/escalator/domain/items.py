"""What a case hears and says: events, the passing of time, commands, and what follows from them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts import Event, Payload

from .escalation import Ground
from .facts import Absorbed, Entered
from .rungs import Ladder
from .steps import Step
from .written import Written


class TimePassed(msgspec.Struct, frozen=True, kw_only=True):
    """Every fact up to `as_of` has been heard. What is due by `provisional_before` was held too long
    and fires by the clock (ruling 1).
    """

    as_of: datetime | None
    provisional_before: datetime | None = None

    @property
    def until(self) -> datetime | None:
        """The instant up to which things fall due."""
        return max((at for at in (self.as_of, self.provisional_before) if at), default=None)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Something to publish: the nominal instant, the derived id (semantics T9), and what it rests on.

    `step`: the step of a clock's history it tells of; `grounds`: what an escalation rests on, `ladder`:
    what it goes by.
    """

    payload: Payload
    time: datetime
    id: UUID
    step: Step | None = None
    grounds: tuple[Ground, ...] = ()
    ladder: Ladder | None = None


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Something to remember that nobody need be told: evidence, what was judged, a longer hold."""

    grounds: tuple[Ground, ...] = ()
    holding: frozenset[str] | None = None
    holds_until: datetime | None = None


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket is at another level from `at` on, the instant of recording (semantics X2, L1)."""

    what: Entered
    at: datetime


class Merging(msgspec.Struct, frozen=True, kw_only=True):
    """Another ticket goes on as this one. `event` is the merge as that one told it."""

    event: Event
    what: Absorbed


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asks for a higher level (semantics V16). `key` names the request; `written` is what
    was written into the hand-off document with it.
    """

    by: str
    reason: str
    at: datetime
    key: str
    to_level: str | None = None
    written: Written | None = None


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody takes responsibility."""

    by: str
    via: str
    at: datetime


class Deescalate(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody ends the escalation while the ticket goes on (semantics X5)."""

    reason: str
    at: datetime


Command = Request | Acknowledge | Deescalate | Written

Heard = Event | TimePassed | Command | Merging

Item = Heard | Said | Noted | Moved

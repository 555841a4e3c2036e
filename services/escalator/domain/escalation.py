"""An escalation as a value: a ticket raised above the level that held it, and what that rests on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared.contracts import (
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Payload,
)
from shared.contracts.vocabulary import EscalationOutcome

#: Why an escalation advanced, where it is not a trigger that says it (semantics L4, L5, L10).
UNACKNOWLEDGED: Final = "unacknowledged"
NO_RESPONSE: Final = "no_response"
WORSENED: Final = "worsened"
REPEATED: Final = "repeated"
EXHAUSTED: Final = "exhausted"


class Standing(StrEnum):
    """Where an escalation is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Ground(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing an escalation rests on. `key` names what showed it: a step of a clock, an event."""

    trigger: str
    at: datetime
    key: str
    detail: str | None = None

    @property
    def evidence(self) -> str:
        """What must not fire again (semantics V2)."""
        return f"{self.trigger}|{self.key}"


class Escalation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`visits` counts how often each level was reached or paged; `repeats` the pages of the last
    level after its first. `acknowledge_by` is None when nobody need acknowledge any more.
    `raised_from` is the level that had the ticket before; `held_by` the one that has it now: it is not
    handed to management (semantics X8).
    """

    escalation_id: UUID
    level: str
    raised_from: str
    held_by: str
    reason: str
    raised_at: datetime
    status: Standing = Standing.OPEN
    grounds: tuple[Ground, ...] = ()
    acknowledge_by: datetime | None = None
    repeats: int = 0
    visits: dict[str, int] = {}
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    acknowledgements: int = 0
    holds_until: datetime | None = None
    resolved_at: datetime | None = None
    outcome: EscalationOutcome | None = None

    @property
    def is_over(self) -> bool:
        """Nothing more will be said about it."""
        return self.status is Standing.RESOLVED

    @property
    def holding_level(self) -> str:
        """The level the ladder goes on from: the one reached, once it is over the one that has the
        ticket (semantics X5), or the one before, when what it rested on never happened.
        """
        if self.outcome is EscalationOutcome.CANCELLED:
            return self.raised_from
        return self.held_by if self.is_over else self.level

    @property
    def due_at(self) -> datetime | None:
        """When its acknowledgement window or its acknowledgement runs out."""
        if self.status is Standing.OPEN:
            return self.acknowledge_by
        return self.holds_until if self.status is Standing.ACKNOWLEDGED else None


def hear(
    escalation: Escalation | None, payload: Payload, at: datetime, grounds: tuple[Ground, ...]
) -> Escalation | None:
    """The escalation after what was said of it."""
    match payload:
        case EscalationRaised() as raised:
            return Escalation(
                escalation_id=raised.escalation_id,
                level=raised.level,
                raised_from=raised.from_level,
                held_by=raised.from_level if raised.transfer is False else raised.level,
                reason=raised.reason,
                raised_at=at,
                grounds=grounds,
                acknowledge_by=raised.acknowledge_by,
                visits={raised.level: 1},
            )
        case EscalationAdvanced() as advanced if escalation:
            return _advanced(escalation, advanced, grounds)
        case EscalationAcknowledged() as acknowledged if escalation:
            return replace(
                escalation,
                status=Standing.ACKNOWLEDGED,
                acknowledged_by=acknowledged.by,
                acknowledged_at=at,
                acknowledgements=escalation.acknowledgements + 1,
                holds_until=acknowledged.holds_until,
            )
        case EscalationResolved() as resolved if escalation:
            return replace(
                escalation, status=Standing.RESOLVED, resolved_at=at, outcome=resolved.outcome
            )
    return escalation


def _advanced(
    escalation: Escalation, advanced: EscalationAdvanced, grounds: tuple[Ground, ...]
) -> Escalation:
    level = advanced.to_level
    return replace(
        escalation,
        status=Standing.OPEN,
        level=level,
        held_by=escalation.held_by if advanced.transfer is False else level,
        reason=advanced.reason,
        grounds=(*escalation.grounds, *grounds),
        acknowledge_by=advanced.acknowledge_by,
        repeats=escalation.repeats + (advanced.reason == REPEATED),
        visits=escalation.visits | {level: escalation.visits.get(level, 0) + 1},
        acknowledged_by=None,
        acknowledged_at=None,
        holds_until=None,
    )


def note(
    escalation: Escalation | None, grounds: tuple[Ground, ...], holds_until: datetime | None
) -> Escalation | None:
    """The escalation with more evidence, or held for longer."""
    if escalation is None or escalation.is_over:
        return escalation
    return replace(
        escalation,
        grounds=(*escalation.grounds, *grounds),
        holds_until=holds_until or escalation.holds_until,
    )


def forget(escalation: Escalation | None, key: str) -> Escalation | None:
    """The escalation without what was withdrawn (semantics T3)."""
    if escalation is None or escalation.is_over:
        return escalation
    left = tuple(ground for ground in escalation.grounds if ground.key != key)
    return replace(escalation, grounds=left)

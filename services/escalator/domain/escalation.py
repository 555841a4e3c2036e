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
from shared.ids import derived_id

from .rungs import Ladder
from .timeline import Phase

#: Why an escalation advanced, where it is not a trigger that says it (semantics L3, L4, L5, L10).
UNACKNOWLEDGED: Final = "unacknowledged"
NO_RESPONSE: Final = "no_response"
WORSENED: Final = "worsened"
REPEATED: Final = "repeated"
EXHAUSTED: Final = "exhausted"
UNREACHABLE: Final = "unreachable"
MANUAL: Final = "manual"

#: A level has held a ticket for as long as it may, with a reply (semantics V14, X6).
LEVEL_TIMEOUT: Final = "level_timeout"


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
    handed to management (semantics X8). `ladder` is the copy it goes by (L3); a row from before there
    were copies has none. `after_solution`: it is about a ticket that was solved already (V13).
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
    ladder: Ladder | None = None
    after_solution: bool = False

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

    @property
    def is_climbing(self) -> bool:
        """Does somebody have to acknowledge it? A starting level waits for nobody (semantics G11)."""
        return self.acknowledge_by is not None or self.reason == EXHAUSTED

    @property
    def pages(self) -> frozenset[UUID]:
        """The ids its last page may have (semantics T9)."""
        visits = self.visits.get(self.level, 0)
        names = [f"escalation.advanced:{self.level}:{visits - 1}"]
        if visits == 1:
            names.append(f"escalation.raised:{self.level}:0")
        return frozenset(derived_id(self.escalation_id, name) for name in names)

    def level_of(self, page: UUID) -> str | None:
        """The level that the fact of this id reached; None for one that is none of its pages (T9)."""
        for level, visits in self.visits.items():
            names = [f"escalation.raised:{level}:0"]
            names += [f"escalation.advanced:{level}:{visit}" for visit in range(visits)]
            if page in {derived_id(self.escalation_id, name) for name in names}:
                return level
        return None


def hear(
    escalation: Escalation | None,
    payload: Payload,
    at: datetime,
    grounds: tuple[Ground, ...],
    *,
    ladder: Ladder | None = None,
    phase: Phase = Phase.OPEN,
) -> Escalation | None:
    """The escalation after what was said of it, of a ticket that is in `phase` of its life."""
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
                ladder=ladder,
                after_solution=phase in (Phase.RESOLVED, Phase.CLOSED),
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

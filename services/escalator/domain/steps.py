"""The steps by which a clock's history grows, each with an identity that folding again gives it again."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from shared.contracts import SlaWithdrawn
from shared.contracts.vocabulary import CancelReason, JumpCause, Metric, Priority, RepriceCause

from .terms import Terms

#: The threshold that is the deadline.
BREACH: Final = 100


class StepKind(StrEnum):
    """How a clock's history grows; the names of the events that tell of it."""

    STARTED = "sla.started"
    PAUSED = "sla.paused"
    RESUMED = "sla.resumed"
    REPRICED = "sla.repriced"
    WARNING = "sla.warning"
    BREACHED = "sla.breached"
    MET = "sla.met"
    CLOSED_LATE = "sla.closed_late"
    CANCELLED = "sla.cancelled"


#: These may happen several times to one clock, so their instant belongs to their identity.
REPEATABLE = frozenset({StepKind.PAUSED, StepKind.RESUMED, StepKind.REPRICED})


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry in a clock's history, with the figures of its instant.

    `by_time`: no fact caused it, its instant came. `skipped`: thresholds jumped over with it (P2).
    `turn` tells apart what happens to a clock several times at one instant, and cancellations of a clock
    that was restored. `correction`: above 0, it
    undoes at once a pause or resumption that a late fact disproved.
    """

    kind: StepKind
    metric: Metric
    cycle: int
    at: datetime
    consumed: timedelta
    budget: timedelta
    by_time: bool = False
    threshold: int = 0
    deadline: datetime | None = None
    previous_budget: timedelta | None = None
    epoch: int = 0
    repriced_by: RepriceCause | None = None
    jump: JumpCause | None = None
    reason: CancelReason | None = None
    skipped: tuple[int, ...] = ()
    turn: int = 0
    correction: int = 0
    priority: Priority | None = None
    tier: str | None = None
    level: str | None = None
    soft: bool = False
    terms: Terms | None = None

    @property
    def key(self) -> str:
        """Its identity on the ticket: the same however often the facts are folded (semantics T9)."""
        name = f"{self.kind}:{self.metric}:{self.cycle}:{self.threshold}"
        if self.kind not in REPEATABLE:
            return f"{name}#{self.turn}" if self.turn else name
        undoing = f"~{self.correction}" if self.correction else ""
        return f"{name}@{self.at.isoformat()}#{self.turn}{undoing}"


def withdrawn_key(payload: SlaWithdrawn) -> str:
    """The key of the step that is withdrawn; without a threshold it is the breach."""
    kind = StepKind.WARNING if payload.threshold_percent else StepKind.BREACHED
    threshold = payload.threshold_percent or BREACH
    return f"{kind}:{payload.metric}:{payload.cycle}:{threshold}"

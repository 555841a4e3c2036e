"""support.sla, produced by the escalator: what the SLA clocks say. Key: ticket id.

`time` of an event caused by time is the instant it fell due; `lateness_ms` is how much later it was
written (semantics T10).
"""

from __future__ import annotations

from .payload import TicketPayload, payload
from .topics import SLA
from .vocabulary import CancelReason, Instant, JumpCause, Metric, Priority, RepriceCause


class ClockPayload(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """A payload about one clock: the `cycle`-th run of `metric` on the ticket, from 1."""

    metric: Metric
    cycle: int


@payload("sla.started", topic=SLA)
class SlaStarted(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """A promise was made, under the policy and workflow named. `level`: whose people a level clock binds
    (semantics X2). `soft`: nothing is promised; somebody may look at a courtesy until the deadline (R2).
    """

    policy_id: str
    workflow_digest: str
    priority: Priority
    tier: str
    target_seconds: int
    calendar: str
    deadline: Instant
    level: str | None = None
    soft: bool | None = None


@payload("sla.paused", topic=SLA)
class SlaPaused(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The clock stands."""

    consumed_seconds: int
    deadline: Instant | None = None


@payload("sla.resumed", topic=SLA)
class SlaResumed(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The clock runs again, towards a new deadline."""

    consumed_seconds: int
    deadline: Instant | None = None


@payload("sla.warning", topic=SLA)
class SlaWarning(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """A threshold was crossed; above 100 it is an overdue reminder (semantics L6)."""

    threshold_percent: int
    deadline: Instant
    remaining_seconds: int
    lateness_ms: int | None = None
    cause: JumpCause | None = None


@payload("sla.breached", topic=SLA)
class SlaBreached(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The deadline passed without an answer. `provisional`: fired by the clock while the log was
    behind (ruling 1). `level`: whose people ran out of time (semantics X2).
    """

    deadline: Instant
    priority: Priority
    tier: str
    lateness_ms: int | None = None
    cause: JumpCause | None = None
    provisional: bool | None = None
    level: str | None = None


@payload("sla.met", topic=SLA)
class SlaMet(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """Stopped in time; final (semantics K7)."""

    consumed_seconds: int
    target_seconds: int


@payload("sla.closed_late", topic=SLA)
class SlaClosedLate(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """Stopped after its deadline; the breach stands (semantics K1)."""

    deadline: Instant
    consumed_seconds: int
    target_seconds: int
    overdue_seconds: int


@payload("sla.repriced", topic=SLA)
class SlaRepriced(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The target changed while the clock ran (semantics P1)."""

    epoch: int
    previous_target_seconds: int
    target_seconds: int
    consumed_seconds: int
    deadline: Instant
    cause: RepriceCause


@payload("sla.withdrawn", topic=SLA)
class SlaWithdrawn(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """What was announced is disproved by a fact of `happened_at` that reached us late (semantics T3).

    Without `threshold_percent` it is the breach that is withdrawn.
    """

    deadline: Instant
    happened_at: Instant
    threshold_percent: int | None = None


@payload("sla.suspicious_downgrade", topic=SLA)
class SlaSuspiciousDowngrade(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """An agent lowered the priority when this much of a promise was used (semantics P3); the clock is the
    one of which most was.
    """

    used_percent: int
    from_priority: Priority
    to_priority: Priority
    by: str | None = None


@payload("sla.cancelled", topic=SLA)
class SlaCancelled(ClockPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The clock counts for nothing."""

    reason: CancelReason

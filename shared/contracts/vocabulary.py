"""The closed vocabularies of events. Open ones (category, customer tier, level, queue) are the
workflow file's and travel as plain strings.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

#: An aware instant; RFC 3339 on the wire, a time without a zone is refused (semantics T8).
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Priority(StrEnum):
    """How important a ticket is, from impact × urgency (semantics P6). Compare with `rank`."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical, 3 for low."""
        return _PRIORITY_RANK[self]

    def at_least(self, floor: Priority) -> Priority:
        """The more important of both: a floor raises and never lowers (semantics P4)."""
        return min(self, floor, key=lambda p: p.rank)

    def raised(self, steps: int = 1) -> Priority:
        """`steps` classes more important, at most critical."""
        return _BY_RANK[max(0, self.rank - steps)]


_BY_RANK = tuple(Priority)
_PRIORITY_RANK = {priority: rank for rank, priority in enumerate(_BY_RANK)}


class Grade(StrEnum):
    """A degree of impact or urgency."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Complexity(StrEnum):
    """What kind of knowledge a ticket needs: FAQ, technical, engineering (N2.34)."""

    L1 = "l1"
    L2 = "l2"
    L3 = "l3"


class Status(StrEnum):
    """Where a ticket is in its life."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"


class AuthorKind(StrEnum):
    """Who wrote a message or did something."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class PauseReason(StrEnum):
    """Why a ticket waits (semantics Z1)."""

    WAITING_ON_CUSTOMER = "waiting_on_customer"
    WAITING_ON_THIRD_PARTY = "waiting_on_third_party"


class CloseReason(StrEnum):
    """Why a ticket was closed."""

    CONFIRMED = "confirmed"
    TIMEOUT = "timeout"
    DUPLICATE = "duplicate"


class SentimentLabel(StrEnum):
    """How the customer feels (semantics V3)."""

    CALM = "calm"
    FRUSTRATED = "frustrated"
    ANGRY = "angry"
    THREATENING = "threatening"


class QueueReason(StrEnum):
    """Why a ticket was put into a queue."""

    NEW = "new"
    ESCALATION = "escalation"
    REOPENED = "reopened"
    RELEASED = "released"
    RELAXED = "relaxed"
    RECLASSIFIED = "reclassified"
    MANUAL = "manual"


class AssignReason(StrEnum):
    """What an assignment rests on."""

    SKILL_MATCH = "skill_match"
    AFFINITY = "affinity"
    ESCALATION = "escalation"
    MANUAL = "manual"


class AcceptedVia(StrEnum):
    """How an agent accepted a ticket."""

    SAID = "said"
    WROTE = "wrote"


class UnassignReason(StrEnum):
    """Why an assignment ended."""

    RESOLVED = "resolved"
    ESCALATION = "escalation"
    WENT_OFFLINE = "went_offline"
    DECLINED = "declined"
    MANUAL = "manual"
    REBALANCED = "rebalanced"


class UnassignDetail(StrEnum):
    """What a reason for an ended assignment does not tell: silence, a shift's end, a way back down."""

    NOT_ACCEPTED = "not_accepted"
    SHIFT_ENDED = "shift_ended"
    DE_ESCALATED = "de_escalated"


class UnroutableCause(StrEnum):
    """Why nobody could take a ticket even with an empty desk (semantics G5)."""

    MISSING_SKILL = "missing_skill"
    NOBODY_ON_SHIFT = "nobody_on_shift"


class Presence(StrEnum):
    """Whether an agent is there."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


class Metric(StrEnum):
    """What an SLA clock measures (semantics K1)."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    PERIODIC_UPDATE = "periodic_update"
    LEVEL_ACCEPT = "level_accept"
    LEVEL_WORK = "level_work"

    @property
    def of_level(self) -> bool:
        """Does it bind a level's people and not promise anything to a customer (semantics K1)?"""
        return self in (Metric.LEVEL_ACCEPT, Metric.LEVEL_WORK)


class RepriceCause(StrEnum):
    """What moved a running clock's target (semantics P1, M2, C4)."""

    PRIORITY = "priority"
    CUSTOMER_TIER = "customer_tier"
    CALENDAR = "calendar"
    MERGED = "merged"


class JumpCause(StrEnum):
    """Why a threshold was crossed without time passing (semantics P2, M3)."""

    REPRICED = "repriced"
    MERGED = "merged"


class CancelReason(StrEnum):
    """Why a clock counts for nothing."""

    MERGED = "merged"
    RECLASSIFIED = "reclassified"
    RESOLVED = "resolved"
    COURTESY = "courtesy"


class EscalationOutcome(StrEnum):
    """How an escalation ended."""

    TICKET_RESOLVED = "ticket_resolved"
    DE_ESCALATED = "de_escalated"
    CANCELLED = "cancelled"


class FailureKind(StrEnum):
    """Why a notification could not be delivered."""

    PERMANENT = "permanent"
    EXHAUSTED = "exhausted"


class Answer(StrEnum):
    """What a recipient answers to a page: they have seen to it, they work on it themselves, they see to it
    for a while, or somebody further up has to (semantics L4, D7).
    """

    ACKNOWLEDGE = "acknowledge"
    TAKE = "take"
    SNOOZE = "snooze"
    ESCALATE = "escalate"


class SuppressReason(StrEnum):
    """Why a planned notification was not sent."""

    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    MUTED = "muted"
    QUIET_HOURS = "quiet_hours"
    DIGESTED = "digested"
    CANCELLED = "cancelled"
    UNREACHABLE = "unreachable"

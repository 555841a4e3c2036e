"""One notification: one message to one recipient over one channel, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from shared.contracts import Cause
from shared.contracts.vocabulary import SuppressReason
from shared.ids import derived_id

#: What a template may say: primitive values, no personal data.
Fields = dict[str, str | int | None]


class Status(StrEnum):
    """Where a notification is in its life. Pending and leased ones may still be sent."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"
    SUPPRESSED = "suppressed"


class Kind(StrEnum):
    """What a notification is about, which decides what voids it (semantics L8)."""

    TICKET = "ticket"
    CLOCK = "clock"
    ESCALATION = "escalation"
    CORRECTION = "correction"


class Urgency(StrEnum):
    """How soon it has to be read. A page leaves at once, whatever else is going on; a normal one may be
    bundled with others; a calm one waits for the next digest (semantics D4, L1).
    """

    PAGE = "page"
    NORMAL = "normal"
    CALM = "calm"


class Hold(StrEnum):
    """Why a notification waits for others to the same recipient and channel, with which it leaves as one
    message (semantics D4, L7).
    """

    BUNDLE = "bundle"
    DIGEST = "digest"
    BUDGET = "budget"
    QUIET_HOURS = "quiet_hours"


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fact a notification tells of. `clock` is `metric:cycle`; `threshold` in percent, 100 is
    the breach. A correction names the notifications it `corrects`, and the fact that disproved them; `settles`
    is the `matter` of what it takes back or of what somebody has taken over.
    """

    fact_id: UUID
    fact: str
    kind: Kind
    happened_at: datetime
    clock: str | None = None
    threshold: int | None = None
    escalation_id: UUID | None = None
    corrects: tuple[UUID, ...] = ()
    disproved_by: UUID | None = None
    settles: str | None = None

    @property
    def matter(self) -> str:
        """The escalation or the cycle of a clock all this is about, else the fact's name: the same for the
        message that raises a matter and for the one that settles it.
        """
        return self.settles or str(self.escalation_id or self.clock or self.fact)


class Notification(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A planned message.

    `target` names what delivery has to reach (a relay, a host), never a person's address: that is
    looked up when it is sent. `due_at` is the next attempt's instant, or the lease's end. `reason`
    says why it is suppressed, or, while it is leased, why it must not be tried again. `unknowns`
    counts attempts whose outcome nobody knows. What is on `hold` leaves with others; those that have once
    left together share a `bundle_id`, the id of the message on every further attempt.
    """

    notification_id: UUID
    ticket_id: UUID
    about: About
    recipient_id: str
    role: str
    channel: str
    target: str
    template: str
    fields: Fields
    cause: Cause
    planned_at: datetime
    due_at: datetime
    status: Status = Status.PENDING
    reason: SuppressReason | None = None
    attempts: int = 0
    unknowns: int = 0
    urgency: Urgency = Urgency.NORMAL
    hold: Hold | None = None
    bundle_id: UUID | None = None
    deferrable: bool = False

    @property
    def message_id(self) -> UUID:
        """The id under which it leaves, on every attempt: its own, or that of its bundle."""
        return self.bundle_id or self.notification_id

    @property
    def is_critical(self) -> bool:
        """Its ticket was critical when it was planned."""
        return self.fields.get("priority") == "critical"

    @property
    def is_open(self) -> bool:
        """It may still be sent, now or later."""
        return self.status in {Status.PENDING, Status.LEASED} and self.reason is None

    @property
    def may_have_told(self) -> bool:
        """An attempt was delivered, or nobody knows (semantics T3)."""
        return self.status is Status.SENT or self.unknowns > 0


def notification_id(fact_id: UUID, recipient_id: str, channel: str) -> UUID:
    """The id of telling `recipient_id` of a fact over `channel`: one message each (semantics D8)."""
    return derived_id(fact_id, f"notification:{recipient_id}:{channel}")

"""support.escalations, produced by the escalator: the topic downstream systems subscribe to.

Key: ticket id. A hand-off holds facts (kinds, instants, codes), no prose (ruling 4).
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from .payload import TicketPayload, payload
from .topics import ESCALATIONS
from .vocabulary import EscalationOutcome, Instant, Priority, SentimentLabel


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason an escalation rests on: the trigger's name, when, and what showed it."""

    trigger: str
    at: Instant
    detail: str | None = None


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a ticket's history: what kind of thing happened, and when.

    Of a message, its id; of a trigger (`kind` is its name then), what showed it.
    """

    at: Instant
    kind: str
    message_id: UUID | None = None
    detail: str | None = None


class Handoff(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The facts of the hand-off document (semantics X9). The prose is read over HTTP.

    `written` names the fields a person has written, `version` is that of what they wrote; what they
    wrote stays with the escalator. `generated`: nobody wrote any of it.
    """

    summary: str
    timeline: list[TimelineEntry]
    tried: list[str] = []
    sentiment: SentimentLabel | None = None
    expectation: str | None = None
    next_steps: list[str] = []
    customer_id: str | None = None
    generated: bool | None = None
    version: int | None = None
    written: list[str] = []


@payload("escalation.raised", topic=ESCALATIONS)
class EscalationRaised(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket was raised above the level that held it. One open escalation a ticket (L10)."""

    escalation_id: UUID
    level: str
    from_level: str
    to_team: str
    reason: str
    evidence: list[Evidence]
    audience: list[str]
    priority: Priority
    handoff: Handoff
    priority_boost: int | None = None
    acknowledge_by: Instant | None = None
    transfer: bool | None = None
    lateness_ms: int | None = None


@payload("escalation.advanced", topic=ESCALATIONS)
class EscalationAdvanced(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The escalation moved on: a higher level, or the same one paged again (`repeated`).

    A change of level carries the hand-off document as it is then. `by`: the person whose answer moved it.
    """

    escalation_id: UUID
    from_level: str
    to_level: str
    to_team: str
    reason: str
    evidence: list[Evidence]
    audience: list[str]
    priority: Priority
    acknowledge_by: Instant | None = None
    transfer: bool | None = None
    lateness_ms: int | None = None
    handoff: Handoff | None = None
    priority_boost: int | None = None
    by: str | None = None


@payload("escalation.acknowledged", topic=ESCALATIONS)
class EscalationAcknowledged(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """A named person took responsibility, until `holds_until` (semantics L4)."""

    escalation_id: UUID
    by: str
    via: str
    level: str
    after_seconds: int
    holds_until: Instant | None = None


@payload("escalation.resolved", topic=ESCALATIONS)
class EscalationResolved(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The escalation is over."""

    escalation_id: UUID
    level: str
    outcome: EscalationOutcome
    open_seconds: int
    reason: str | None = None


@payload("waiting.reminded", topic=ESCALATIONS)
class WaitingReminded(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket has waited for its customer for so many business days: they should hear of it (semantics Z6)."""

    waiting_since: Instant
    business_days: int


@payload("waiting.over", topic=ESCALATIONS)
class WaitingOver(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """It has waited long enough: intake solves it, unless its customer has written (semantics Z6)."""

    waiting_since: Instant
    business_days: int

"""Events for tests: one realistic ticket, told by every event type, and builders to vary it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from shared.contracts import (
    AgentUpdated,
    ArticleRank,
    Author,
    CalendarChanged,
    Change,
    Customer,
    DuplicateCandidate,
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    Evidence,
    Handoff,
    NotificationAcknowledged,
    NotificationAnswered,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
    OpenDay,
    OpenHours,
    OpenTime,
    Payload,
    Sentiment,
    SlaBreached,
    SlaCancelled,
    SlaClosedLate,
    SlaMet,
    SlaPaused,
    SlaRepriced,
    SlaResumed,
    SlaStarted,
    SlaSuspiciousDowngrade,
    SlaWarning,
    SlaWithdrawn,
    TicketAnalysed,
    TicketAssigned,
    TicketAssignmentRefused,
    TicketAssignmentRequested,
    TicketClosed,
    TicketEscalationRequested,
    TicketMerged,
    TicketMessageAdded,
    TicketOpened,
    TicketPaused,
    TicketQueued,
    TicketRated,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnassigned,
    TicketUnmerged,
    TicketUnroutable,
    TimelineEntry,
    WaitingOver,
    WaitingReminded,
    type_of,
)
from shared.contracts.vocabulary import (
    Answer,
    AssignReason,
    AuthorKind,
    CancelReason,
    CloseReason,
    Complexity,
    EscalationOutcome,
    FailureKind,
    Grade,
    JumpCause,
    Metric,
    PauseReason,
    Presence,
    Priority,
    QueueReason,
    RepriceCause,
    SentimentLabel,
    SuppressReason,
    UnassignReason,
    UnroutableCause,
)
from shared.ids import derived_id

#: Monday 2026-06-01 10:00 UTC, where every example of the semantics begins.
MONDAY_10 = datetime(2026, 6, 1, 10, tzinfo=UTC)

TICKET = UUID("01970b5a-6c00-7000-8000-000000000001")
OTHER_TICKET = UUID("01970b5a-6c00-7000-8000-000000000002")
MESSAGE = UUID("01970b5a-6c00-7000-8000-0000000000a1")
ESCALATION = UUID("01970b5a-6c00-7000-8000-0000000000e1")
NOTIFICATION = UUID("01970b5a-6c00-7000-8000-0000000000f1")

CUSTOMER = Author(kind=AuthorKind.CUSTOMER, id="acme")
AGENT = Author(kind=AuthorKind.AGENT, id="ana")
SYSTEM = Author(kind=AuthorKind.SYSTEM)

_EVIDENCE = [
    Evidence(
        trigger="sla_at_risk", at=MONDAY_10 + timedelta(minutes=12), detail="first_response 80"
    )
]
_CLOCK: dict[str, Any] = {"ticket_id": TICKET, "metric": Metric.FIRST_RESPONSE, "cycle": 1}
_DEADLINE = MONDAY_10 + timedelta(minutes=15)
_TOLD: dict[str, Any] = {
    "ticket_id": TICKET,
    "notification_id": NOTIFICATION,
    "recipient_id": "maria",
    "role": "support_manager",
    "channel": "email",
    "template": "handoff",
    "about": derived_id(ESCALATION, "escalation.raised:tier_2:0"),
    "escalation_id": ESCALATION,
}

#: One payload of every registered type, all about the same ticket.
PAYLOAD_EXAMPLES: tuple[Payload, ...] = (
    TicketOpened(
        ticket_id=TICKET,
        channel="generic",
        customer=Customer(customer_id="acme", tier="enterprise", lifetime_value=48000.0, vip=True),
        subject_line="Checkout answers with an error",
        category="technical",
        complexity=Complexity.L2,
        priority=Priority.CRITICAL,
        impact=Grade.HIGH,
        urgency=Grade.HIGH,
        opened_at=MONDAY_10,
        contact_number=1,
        reopened_count=0,
        recent_reopened=0,
        signals=["urgent"],
        external_ref="shop-4711",
        revenue_impact=2500.0,
        currency="USD",
        language="en",
    ),
    TicketMessageAdded(
        ticket_id=TICKET,
        message_id=MESSAGE,
        author=AGENT,
        public=True,
        at=MONDAY_10 + timedelta(minutes=10),
    ),
    TicketAnalysed(
        ticket_id=TICKET,
        message_id=MESSAGE,
        sentiment=Sentiment(score=-0.71, label=SentimentLabel.ANGRY),
        language="en",
        duplicate_candidates=[DuplicateCandidate(ticket_id=OTHER_TICKET, score=83.5)],
        articles=[ArticleRank(article_id="checkout-errors", rank=1)],
    ),
    TicketReclassified(
        ticket_id=TICKET,
        changes={"priority": Change(from_="medium", to="high")},
        reason="customer_impact",
        by=AGENT,
    ),
    TicketPaused(ticket_id=TICKET, reason=PauseReason.WAITING_ON_CUSTOMER, by=AGENT),
    TicketResumed(ticket_id=TICKET, reason="customer_replied", by=CUSTOMER),
    TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False, resolution_code="fixed"),
    TicketReopened(ticket_id=TICKET, by=CUSTOMER, reopened_count=1, recent_reopened=1),
    TicketClosed(ticket_id=TICKET, by=SYSTEM, reason=CloseReason.TIMEOUT),
    TicketMerged(ticket_id=TICKET, into_ticket_id=OTHER_TICKET),
    TicketUnmerged(ticket_id=TICKET, from_ticket_id=OTHER_TICKET),
    TicketAssignmentRequested(
        ticket_id=TICKET, assignee="agent-7", by=Author(kind=AuthorKind.AGENT, id="agent-7")
    ),
    TicketRated(ticket_id=TICKET, score=2, comment_given=True),
    TicketEscalationRequested(ticket_id=TICKET, by=AGENT, reason="manager_requested"),
    TicketQueued(
        ticket_id=TICKET,
        queue="technical_senior",
        level="tier_3",
        rank=10,
        weight=2,
        reason=QueueReason.NEW,
        required_skills={"incident": 4},
        rule="routing_rules[0]",
        boosts=["routing_boosts[0]"],
        notify=["manager_escalation"],
    ),
    TicketAssigned(
        ticket_id=TICKET,
        agent_id="ana",
        team="engineering",
        queue="technical_senior",
        level="tier_3",
        weight=2,
        skill_fit=0.8,
        waited_seconds=3,
        reason=AssignReason.SKILL_MATCH,
    ),
    TicketUnassigned(ticket_id=TICKET, agent_id="ana", reason=UnassignReason.ESCALATION),
    TicketAssignmentRefused(
        ticket_id=TICKET,
        agent_id="ana",
        reason="somebody_has_it",
        detail="ben has the ticket.",
    ),
    TicketUnroutable(
        ticket_id=TICKET,
        queue="technical_senior",
        cause=UnroutableCause.MISSING_SKILL,
        missing_skills=["incident"],
    ),
    AgentUpdated(
        agent_id="ana",
        name="Ana",
        team="engineering",
        level="tier_3",
        skills={"incident": 5},
        capacity=8,
        load=2,
        presence=Presence.ONLINE,
    ),
    CalendarChanged(
        calendar="office",
        workflow_version=2,
        workflow_digest="0f3c1d2b4a59",
        effective_from=MONDAY_10,
        hours=OpenHours(
            zone="Europe/Berlin",
            weekly=[*[[OpenTime(opens=540, closes=1020)]] * 5, [], []],
            holidays=[date(2026, 12, 25)],
            exceptions=[OpenDay(day=date(2026, 12, 24), hours=[OpenTime(opens=540, closes=720)])],
        ),
    ),
    SlaStarted(
        **_CLOCK,
        policy_id="critical/enterprise",
        workflow_digest="0123456789ab",
        priority=Priority.CRITICAL,
        tier="enterprise",
        target_seconds=900,
        calendar="always",
        deadline=_DEADLINE,
    ),
    SlaPaused(
        ticket_id=TICKET, metric=Metric.RESOLUTION, cycle=1, consumed_seconds=600, deadline=None
    ),
    SlaResumed(
        ticket_id=TICKET,
        metric=Metric.RESOLUTION,
        cycle=1,
        consumed_seconds=600,
        deadline=MONDAY_10 + timedelta(hours=5),
    ),
    SlaWarning(
        **_CLOCK, threshold_percent=80, deadline=_DEADLINE, remaining_seconds=180, lateness_ms=12
    ),
    SlaBreached(
        **_CLOCK,
        deadline=_DEADLINE,
        priority=Priority.CRITICAL,
        tier="enterprise",
        lateness_ms=40,
        cause=JumpCause.REPRICED,
        provisional=True,
    ),
    SlaMet(**_CLOCK, consumed_seconds=600, target_seconds=900),
    SlaClosedLate(
        **_CLOCK,
        deadline=_DEADLINE,
        consumed_seconds=960,
        target_seconds=900,
        overdue_seconds=60,
    ),
    SlaRepriced(
        **_CLOCK,
        epoch=1,
        previous_target_seconds=3600,
        target_seconds=900,
        consumed_seconds=300,
        deadline=_DEADLINE,
        cause=RepriceCause.PRIORITY,
    ),
    SlaWithdrawn(**_CLOCK, deadline=_DEADLINE, happened_at=_DEADLINE - timedelta(seconds=30)),
    SlaSuspiciousDowngrade(
        **_CLOCK,
        used_percent=80,
        from_priority=Priority.CRITICAL,
        to_priority=Priority.MEDIUM,
        by="ana",
    ),
    SlaCancelled(**_CLOCK, reason=CancelReason.MERGED),
    EscalationRaised(
        ticket_id=TICKET,
        escalation_id=ESCALATION,
        level="tier_2",
        from_level="tier_1",
        to_team="specialists",
        reason="sla_at_risk",
        evidence=_EVIDENCE,
        audience=["on_call", "team_managers"],
        priority=Priority.CRITICAL,
        acknowledge_by=MONDAY_10 + timedelta(minutes=13, seconds=30),
        handoff=Handoff(
            summary="critical technical ticket, first response at 80 %",
            timeline=[
                TimelineEntry(at=MONDAY_10, kind="opened"),
                TimelineEntry(at=MONDAY_10 + timedelta(minutes=12), kind="sla_at_risk"),
            ],
            tried=["assigned"],
            sentiment=SentimentLabel.FRUSTRATED,
            next_steps=["answer_customer"],
        ),
        lateness_ms=12,
    ),
    EscalationAdvanced(
        ticket_id=TICKET,
        escalation_id=ESCALATION,
        from_level="tier_2",
        to_level="tier_3",
        to_team="engineering",
        reason="unacknowledged",
        evidence=_EVIDENCE,
        audience=["on_call"],
        priority=Priority.CRITICAL,
        acknowledge_by=MONDAY_10 + timedelta(minutes=14, seconds=30),
    ),
    EscalationAcknowledged(
        ticket_id=TICKET,
        escalation_id=ESCALATION,
        by="maria",
        via="link",
        level="tier_3",
        after_seconds=42,
        holds_until=MONDAY_10 + timedelta(minutes=44),
    ),
    WaitingReminded(ticket_id=TICKET, waiting_since=MONDAY_10, business_days=2),
    WaitingOver(ticket_id=TICKET, waiting_since=MONDAY_10, business_days=7),
    EscalationResolved(
        ticket_id=TICKET,
        escalation_id=ESCALATION,
        level="tier_3",
        outcome=EscalationOutcome.TICKET_RESOLVED,
        open_seconds=900,
    ),
    NotificationSent(**_TOLD, attempts=1, possible_repeat=False, latency_seconds=1),
    NotificationFailed(
        **_TOLD, error_kind=FailureKind.EXHAUSTED, attempts=8, fallback_channel="webhook"
    ),
    NotificationSuppressed(**_TOLD, reason=SuppressReason.SUPERSEDED),
    NotificationAcknowledged(**_TOLD, via="link"),
    NotificationAnswered(
        **_TOLD, answer=Answer.SNOOZE, via="link", until=MONDAY_10 + timedelta(minutes=15)
    ),
)

P = TypeVar("P", bound=Payload)


def a(kind: type[P], **changes: Any) -> P:
    """The example payload of this type, with some fields changed."""
    (found,) = (example for example in PAYLOAD_EXAMPLES if type(example) is kind)
    changed: P = msgspec.structs.replace(found, **changes)
    return changed


def an_event(
    payload: Payload,
    *,
    at: datetime = MONDAY_10,
    recorded_at: datetime | None = None,
    sequence: int = 1,
    event_id: UUID | None = None,
) -> Event:
    """`payload` in an envelope; its id follows from its type, subject, instant and sequence."""
    described = type_of(payload)
    source = {
        "support.tickets": "/intake",
        "support.assignments": "/router",
        "support.agents": "/router",
        "support.sla": "/escalator",
        "support.calendars": "/escalator",
        "support.escalations": "/escalator",
        "support.notifications": "/notifier",
    }[described.topic]
    identity = f"{described.event_type}:{payload.subject}:{at.isoformat()}:{sequence}"
    return Event(
        id=event_id or derived_id(TICKET, identity),
        source=source,
        time=at,
        recorded_time=recorded_at or at,
        payload=payload,
        correlation_id=derived_id(TICKET, "correlation"),
        causation_id=derived_id(TICKET, "cause"),
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        sequence=sequence,
    )

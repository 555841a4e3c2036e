"""Facts in, plans out: load, decide, save. What is suppressed at once is published at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import (
    ASSIGNMENTS,
    ESCALATIONS,
    NOTIFICATIONS,
    SLA,
    TICKETS,
    Cause,
    Event,
    FollowUp,
    NotificationFailed,
    NotificationSuppressed,
    TicketOpened,
)
from shared.contracts.vocabulary import SuppressReason
from shared.db.engine import Transaction
from shared.fold import advance
from shared.ids import derived_id
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch

from .domain.delivery import suppress
from .domain.notification import Notification, Status
from .domain.plan import Surroundings, decide
from .domain.state import Heard, Planned, State, evolve
from .domain.unheard import unheard
from .metrics import NotifierMetrics
from .store import directory, plans
from .tracing import planned

log = logging.getLogger(__name__)

#: What the notifier reads, in the order in which a batch is handled: order between topics is nobody's
#: promise, and who knows the ticket first tells the right people.
#: Of its own facts it hears only that somebody could not be told (D2).
TOPICS: Final = (TICKETS, ASSIGNMENTS, SLA, ESCALATIONS, NOTIFICATIONS)


async def handle(
    tx: Transaction,
    batch: Batch,
    *,
    policy: WorkflowPolicy,
    channels: Sequence[str],
    metrics: NotifierMetrics,
) -> list[FollowUp]:
    """Plan the messages of a batch. Ten statements, whatever its size."""
    batch = replace(batch, events=tuple(filter(_matters, batch.events)))
    if not batch.events:
        return []
    before = await plans.load(tx, batch.ticket_ids)
    around = Surroundings(
        policy=policy,
        directory=await directory.load(
            tx,
            ticket_ids=batch.ticket_ids,
            customer_ids=_customers(before, batch.events),
            instants=[batch.now, *(event.time for event in batch.events)],
        ),
        channels=channels,
        now=batch.now,
    )
    after = dict(before)
    causes: dict[UUID, Cause] = {}
    for event in _in_order(batch.events):
        ticket_id = UUID(event.subject)
        heard: Heard = event
        after[ticket_id], decisions = advance(
            after[ticket_id], heard, evolve=evolve, decide=partial(decide, around=around)
        )
        for decided in decisions:
            if isinstance(decided, Planned):
                causes[decided.notification.notification_id] = event.cause
            elif not isinstance(decided, Event):
                causes[decided.notification_id] = event.cause
    new, changed = _differences(before, after)
    new = [planned(notification, batch.traced) for notification in new]
    for hold in (n.hold for n in new if n.hold and n.is_open):
        metrics.held.labels(hold=hold.value).inc()
    await plans.save(
        tx,
        [state.ticket for state in after.values()],
        subject_lines=_subject_lines(batch.events),
        planned=new,
        changed=changed,
    )
    suppressed = [n for n in [*new, *changed] if n.status is Status.SUPPRESSED]
    # where nobody has been entered yet, nobody further up the ladder could be told either
    unheard_of = unheard(new) if around.directory.knows_anybody else set()
    return [
        _told(
            n, causes[n.notification_id], metrics, nobody_told=n.about.fact_id in unheard_of or None
        )
        for n in suppressed
    ]


def _matters(event: Event) -> bool:
    """Everything but what became of messages, except that one is lost."""
    said = event.payload
    if isinstance(said, NotificationFailed):
        return said.fallback_channel is None
    return event.topic != NOTIFICATIONS


def _in_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: TOPICS.index(event.topic))


def _customers(before: Mapping[UUID, State], events: Iterable[Event]) -> set[str]:
    """Whose tickets they are, the ones that are only being opened included."""
    known = {state.ticket.customer_id for state in before.values()}
    known |= {e.payload.customer.customer_id for e in events if isinstance(e.payload, TicketOpened)}
    return {customer_id for customer_id in known if customer_id is not None}


def _differences(
    before: dict[UUID, State], after: dict[UUID, State]
) -> tuple[list[Notification], list[Notification]]:
    """The notifications that are new, and those that are not what they were."""
    new: list[Notification] = []
    changed: list[Notification] = []
    for ticket_id, known in _notifications(after):
        was = before[ticket_id].notifications.get(known.notification_id)
        if was is None:
            new.append(known)
        elif was != known:
            changed.append(known)
    return new, changed


def _notifications(states: dict[UUID, State]) -> Iterator[tuple[UUID, Notification]]:
    for ticket_id, state in states.items():
        for known in state.notifications.values():
            yield ticket_id, known


def _subject_lines(events: Iterable[Event]) -> dict[UUID, str]:
    return {
        event.payload.ticket_id: event.payload.subject_line
        for event in events
        if isinstance(event.payload, TicketOpened)
    }


def _told(
    notification: Notification,
    cause: Cause,
    metrics: NotifierMetrics,
    *,
    nobody_told: bool | None,
) -> FollowUp:
    said = suppress(notification).said
    assert isinstance(said, NotificationSuppressed)
    said = msgspec.structs.replace(said, nobody_told=nobody_told)
    assert notification.reason is not None
    metrics.suppressed.labels(reason=notification.reason.value).inc()
    metrics.notifications.labels(channel=notification.channel, outcome="suppressed").inc()
    if notification.reason is SuppressReason.UNREACHABLE:
        log.warning(
            "Nobody could be told of %s as %s",
            notification.about.fact,
            notification.role,
            extra={
                "action": "recipient_unreachable",
                "ticket_id": notification.ticket_id,
                "notification_id": notification.notification_id,
                "recipient_id": notification.recipient_id,
            },
        )
    return FollowUp(
        cause=cause,
        payload=said,
        id=derived_id(notification.notification_id, "notification.suppressed"),
    )

"""What the passing of time makes of a ticket, a step at a time or all at once (semantics G2, G4, G8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.decide import assigned
from services.router.domain.folding import evolve
from services.router.domain.line import priority_class
from services.router.domain.passing import next_due, passed
from services.router.domain.routing import queued
from services.router.domain.work import WorkItem, WorkStatus, replace, said
from shared.contracts import Customer
from shared.contracts.vocabulary import AssignReason, Priority, QueueReason
from tests.support.builders import MONDAY_10, TICKET
from tests.support.desks import (
    a_cause,
    a_ticket,
    a_waiting,
    after,
    an_agent,
    heard,
    policy,
    ticket_id,
)

MINUTES = st.integers(1, 3_000).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def items(draw: st.DrawFn) -> WorkItem:
    """A ticket that came at 10:00, waiting where its rule says or given to somebody who says nothing."""
    opened = a_ticket(
        TICKET,
        priority=draw(st.sampled_from(Priority)),
        category=draw(st.sampled_from(("account", "technical", "integration"))),
        customer=Customer(customer_id="acme", tier=draw(st.sampled_from(("enterprise", "basic")))),
    )
    item = evolve(WorkItem(ticket_id=TICKET), heard(opened))
    item = evolve(item, heard(queued(item, QueueReason.NEW, policy())))
    metrics = draw(st.dictionaries(st.sampled_from(("first_response", "resolution")), MINUTES))
    deadlines = {metric: MONDAY_10 + left for metric, left in metrics.items()}
    item = replace(item, deadlines=deadlines)
    if draw(st.booleans()):
        at = MONDAY_10 + draw(MINUTES)
        given_away = assigned(item, an_agent("ana"), AssignReason.SKILL_MATCH, at, policy=policy())
        item = after(item, given_away, at=at)
    return item


def kept(item: WorkItem, now: datetime) -> WorkItem:
    """`item` after the timekeeper has looked at it at `now`."""
    while item.queued is not None and (due := passed(item, policy(), now)):
        cause = item.queued
        for payload in due:
            item = evolve(item, said(cause, payload, now, mark="passed"))
    return item


def standing(item: WorkItem) -> WorkItem:
    """`item` without the times at which something was said of it."""
    return replace(item, waiting_since=None)


@given(items(), MINUTES)
def test_nothing_is_due_any_more_after_a_step(item: WorkItem, later: timedelta) -> None:
    now = MONDAY_10 + later
    after_step = kept(item, now)
    due = next_due(after_step, policy(), now)

    assert due is None or due > now


@given(items(), MINUTES)
def test_a_timekeeper_on_time_and_one_who_is_late_end_alike(
    item: WorkItem, later: timedelta
) -> None:
    """The ids of what they say are the same, too: they are the causes of what comes next."""
    end = (item.assigned_at or MONDAY_10) + later
    now, on_time = MONDAY_10, item
    while (due := next_due(on_time, policy(), now)) is not None and due <= end:
        now = due
        on_time = kept(on_time, now)

    assert standing(kept(item, end)) == standing(on_time)


def test_G_e_a_low_ticket_ranks_as_medium_after_480_minutes() -> None:
    opened = a_ticket(ticket_id(1), priority=Priority.LOW)
    item = replace(a_waiting(opened=opened), entered_at=MONDAY_10)
    climbs_at = MONDAY_10 + timedelta(minutes=480)

    assert climbs_at == next_due(item, policy(), MONDAY_10)
    assert [] == passed(item, policy(), climbs_at)
    assert (3, 2) == tuple(
        priority_class(item, policy(), at)
        for at in (climbs_at - timedelta(milliseconds=1), climbs_at)
    )


def test_a_ticket_somebody_accepted_waits_for_no_instant() -> None:
    item = replace(a_waiting(), status=WorkStatus.ASSIGNED, agent_id="ana", waiting_since=None)

    assert next_due(item, policy(), MONDAY_10) is None


def test_nothing_said_twice_has_two_ids() -> None:
    """Two replicas that see the same ticket say the same of it."""
    item = replace(a_waiting(required={"api_expert": 3}), entered_at=MONDAY_10)
    late = MONDAY_10 + timedelta(days=1)

    assert kept(item, late).queued == kept(item, late).queued != a_cause("queued 1")

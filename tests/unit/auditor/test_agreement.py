"""H4, I28: two implementations that share no arithmetic agree about every generated ticket."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.auditor.report import Finding, Report
from services.escalator.domain.decide import next_due
from services.escalator.domain.items import TimePassed
from shared.contracts import (
    Change,
    Event,
    Payload,
    TicketClosed,
    TicketMerged,
    TicketPaused,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnmerged,
)
from shared.contracts.vocabulary import CloseReason, PauseReason
from shared.policy import WorkflowPolicy
from tests.support.audits import Logged, verdict
from tests.support.builders import (
    AGENT,
    CUSTOMER,
    MONDAY_10,
    OTHER_TICKET,
    SYSTEM,
    TICKET,
    an_event,
)
from tests.support.cases import a_policy, message, opened

WORKFLOW = """
version: 1
conditions: {{vip: customer_vip}}
routing_rules: [{{action: assign_to_frontline}}]
customers: {{calendars: {{professional: odd}}}}
sla:
  calendar: {{critical: always, high: odd, default: office}}
  metric_calendars: {{next_response: office}}
  reprice: {mode}
calendars:
  odd:
    zone: America/New_York
    hours: {{mon-fri: ["08:00-11:30", "12:15-17:00"], sat: ["22:00-24:00"], sun: ["00:00-02:30"]}}
    exceptions: {{2026-06-03: ["10:00-11:00"], 2026-06-04: closed}}
"""
MINUTE = timedelta(minutes=1)


def reclassified(changes: dict[str, str]) -> Payload:
    named = {field: Change(from_="", to=value) for field, value in changes.items()}
    return TicketReclassified(ticket_id=TICKET, changes=named, reason="x", by=AGENT)


priorities = st.sampled_from(["critical", "high", "medium", "low"])
tiers = st.sampled_from(["enterprise", "professional", "standard"])
payloads = st.one_of(
    st.builds(
        message, st.integers(1, 5), st.sampled_from([AGENT, CUSTOMER, SYSTEM]), public=st.booleans()
    ),
    st.builds(
        TicketPaused,
        ticket_id=st.just(TICKET),
        reason=st.sampled_from(list(PauseReason)),
        by=st.just(AGENT),
    ),
    st.just(TicketResumed(ticket_id=TICKET, reason="status", by=AGENT)),
    st.builds(lambda p: reclassified({"priority": p}), priorities),
    st.builds(lambda t: reclassified({"customer_tier": t}), tiers),
    st.just(TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False)),
    st.just(TicketReopened(ticket_id=TICKET, by=CUSTOMER, reopened_count=1, recent_reopened=1)),
    st.just(TicketClosed(ticket_id=TICKET, by=SYSTEM, reason=CloseReason.CONFIRMED)),
    st.just(TicketMerged(ticket_id=TICKET, into_ticket_id=OTHER_TICKET)),
    st.just(TicketUnmerged(ticket_id=TICKET, from_ticket_id=OTHER_TICKET)),
)


@st.composite
def facts(draw: Any, *, late: tuple[int, ...] = (0,)) -> list[Event]:
    """A ticket's events in the order in which they are written, some of them so many minutes late."""
    plain = opened(draw(priorities), draw(tiers), outbound=draw(st.booleans()))
    events, written = [an_event(plain, sequence=1)], MONDAY_10
    for n, payload in enumerate(draw(st.lists(payloads, max_size=9)), start=2):
        written += draw(st.integers(0, 900)) * MINUTE
        at = max(written - draw(st.sampled_from(late)) * MINUTE, MONDAY_10)
        events.append(an_event(payload, at=at, recorded_at=written, sequence=n))
    return events


def told(events: list[Event], policy: WorkflowPolicy) -> Logged:
    """The escalator hears each fact when it is written, time passing between."""
    story, now = Logged(policy), MONDAY_10
    for event in events:
        pass_to(story, event.recorded_time - timedelta(milliseconds=1), now=now)
        now = event.recorded_time
        story.hear(event, now)
    pass_to(story, end_of(events), now=now)
    return story


def end_of(events: list[Event]) -> datetime:
    return events[-1].recorded_time + timedelta(days=20)


def pass_to(story: Logged, until: datetime, *, now: datetime) -> None:
    """What fell due before `now` is said no earlier than now: no clock goes backwards."""
    while (due := next_due(story.case, story.policy)) is not None and due <= until:
        story.hear(TimePassed(as_of=due), max(due, now))


def judged(events: list[Event], mode: str) -> Report:
    policy = a_policy(WORKFLOW.format(mode=mode))
    return verdict(told(events, policy).log, policy, until=end_of(events), grace=timedelta(0))


def lines(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{f.words}: {f.point.metric} {f.point.cycle} {f.point.percent}" for f in findings]


@pytest.mark.parametrize("mode", ["carry", "strictest", "restart"])
@given(events=facts())
@settings(max_examples=60, deadline=None)
def test_H4_nothing_is_wrong_with_what_the_escalator_said(mode: str, events: list[Event]) -> None:
    report = judged(events, mode)

    assert [] == lines(report.wrong)
    assert report.due == report.fired


@given(events=facts(late=(0, 0, 1, 30, 600)))
@settings(max_examples=60, deadline=None)
def test_T3_late_facts_lose_nothing_and_leave_nothing_false(events: list[Event]) -> None:
    report = judged(events, "carry")

    assert [] == lines((*report.missing, *report.early, *report.false))
    assert report.due == report.fired

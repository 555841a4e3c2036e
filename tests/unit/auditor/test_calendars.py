"""Which calendar a promise counted in, and what the auditor cannot know of it (semantics C4, C5)."""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from services.auditor.report import Report
from services.auditor.table import lines
from services.auditor.verdict import audit
from services.escalator.configuration import Proposal, next_version
from services.escalator.domain.versions import Version
from shared.calendar_history import CalendarHistory, CalendarVersion
from shared.contracts import Customer, Event, SlaStarted
from shared.policy import WorkflowPolicy
from tests.support.audits import Logged, told_of
from tests.support.cases import MIDNIGHT, a_policy, at

CONTRACTS = """
version: 1
conditions: {vip: "customer_vip"}
routing_rules: [{action: assign_to_frontline}]
calendars:
  office: {zone: UTC, hours: {mon-fri: ["09:00-17:00"]}}
  mornings: {zone: Europe/Berlin, hours: {mon-fri: ["08:00-12:00"]}}
customers: {calendars: {professional: office}, contracts: {acme: mornings}}
sla: {metric_calendars: {next_response: office}}
"""

CLOSES_EARLY = CONTRACTS.replace(
    '["09:00-17:00"]}}', '["09:00-17:00"]}, exceptions: {2026-06-01: ["09:00-15:00"]}}'
)


def a_ticket(customer_id: str, tier: str, policy: WorkflowPolicy) -> Logged:
    """Answered at 11:00, asked again at 11:30, made critical the next day, never solved."""
    story = Logged(policy)
    story.open("high", tier, customer=Customer(customer_id=customer_id, tier=tier))
    story.pass_to("11:00")
    story.agent_replies("11:00")
    story.customer_writes("11:30")
    story.pass_to("+1 10:00")
    story.reclassified("+1 10:00", priority="critical")
    story.pass_to("+20 00:00")
    return story


def judged(
    log: list[Event],
    policy: WorkflowPolicy,
    *earlier: WorkflowPolicy,
    begins: tuple[datetime | None, ...] = (),
) -> Report:
    return audit(
        log,
        policy,
        since=MIDNIGHT - timedelta(days=1),
        until=at("+20 00:00"),
        grace=timedelta(0),
        earlier=earlier,
        begins=begins,
    )


@pytest.mark.parametrize(
    ("customer_id", "tier"),
    [("acme", "professional"), ("bolt", "professional"), ("bolt", "standard")],
    ids=["a contract", "a tier", "the priority"],
)
def test_C5_the_calendars_of_contracts_tiers_and_metrics_are_judged(
    customer_id: str, tier: str
) -> None:
    policy = a_policy(CONTRACTS)
    report = judged(a_ticket(customer_id, tier, policy).log, policy)

    assert [] == [f"{f.words}: {f.point.metric} {f.point.percent}" for f in report.wrong]
    assert report.due == report.fired > 10
    assert 0 == report.unjudged


def test_C5_a_breach_by_another_calendar_than_the_contracts_is_found() -> None:
    policy = a_policy(CONTRACTS)
    other = a_policy(CONTRACTS.replace(", contracts: {acme: mornings}", ""))
    log = [
        replace(e, payload=replace(e.payload, workflow_digest=policy.digest))
        if isinstance(e.payload, SlaStarted)
        else e
        for e in a_ticket("acme", "professional", other).log
    ]

    assert judged(log, policy).wrong


def changing(at_three: datetime) -> tuple[WorkflowPolicy, WorkflowPolicy, list[Event]]:
    """The new and the old workflow, and a ticket of which both count, told by the escalator that knows."""
    old, new = a_policy(CONTRACTS), a_policy(CLOSES_EARLY)
    both = CalendarHistory.of(
        [
            CalendarVersion(1, MIDNIGHT, old.calendars["office"]),
            CalendarVersion(2, at_three, new.calendars["office"]),
        ]
    )
    knows = changed(old, calendars={**old.calendars, "office": both})
    return new, old, a_ticket("bolt", "professional", knows).log


def test_C4_a_calendar_that_changed_counts_from_its_instant_on() -> None:
    new, old, log = changing(at("14:00"))
    report = judged(log, new, old, begins=(at("14:00"), None))

    assert [] == [f"{f.words}: {f.point.metric} {f.point.percent}" for f in report.wrong]
    assert report.due == report.fired > 10


def told(*versions: tuple[WorkflowPolicy, datetime]) -> list[Event]:
    """What the topic of calendars says of workflows, each in force from an instant on."""
    known: list[Version] = []
    for policy, begin in versions:
        known.append(next_version(Proposal(policy, "", "maria", begin), known, begin))
    return told_of(known)


def test_C4_a_change_that_the_topic_of_calendars_tells_needs_nobody_to_say_from_when() -> None:
    new, old, log = changing(at("14:00"))
    report = judged([*told((old, MIDNIGHT), (new, at("14:00"))), *log], new, old)

    assert [] == [f"{f.words}: {f.point.metric} {f.point.percent}" for f in report.wrong]
    assert report.due == report.fired > 10


def test_C4_the_topic_of_calendars_is_believed_when_it_holds_every_change() -> None:
    new, old, log = changing(at("14:00"))
    [*_, last] = (e for e in told((old, MIDNIGHT), (new, at("14:00"))) if e.subject == "office")

    assert {"calendar": 1} == judged([last, *log], new, old).lacking


def test_C4_when_nobody_says_from_when_it_is_not_judged_and_not_called_right() -> None:
    new, old, log = changing(at("14:00"))
    report = judged(log, new, old)

    assert (0, 0, 1, {"calendar": 1}) == (
        report.due,
        report.fired,
        report.unjudged,
        report.lacking,
    )
    assert any("1 in a calendar that changed, nobody said when" in line for line in lines(report))


def test_C4_after_a_workflow_that_was_not_given_only_round_the_clock_is_judged() -> None:
    """Its calendars may be others; those of clocks that began before it, too."""
    policy = a_policy(CONTRACTS)
    office, always = (a_ticket("bolt", tier, policy).log for tier in ("professional", "standard"))
    first = next(e for e in office if isinstance(e.payload, SlaStarted))
    assert isinstance(first.payload, SlaStarted)
    stranger = replace(
        first,
        time=at("12:00"),
        payload=replace(first.payload, ticket_id=first.id, workflow_digest="ffffffffffff"),
    )
    without_next = [e for e in always if getattr(e.payload, "metric", None) != "next_response"]

    assert {"calendar": 1, "facts": 1} == judged([*office, stranger], policy).lacking
    assert {"calendar": 1, "facts": 1} == judged([*without_next, stranger], policy).lacking
    assert {"facts": 1} == judged([*told((policy, MIDNIGHT)), *office, stranger], policy).lacking

"""Which calendar a clock counts in: the customer's contract, the tier's, the priority's (semantics C5, C7)."""

from __future__ import annotations

import pytest

from services.escalator.domain import sla
from shared.contracts import Customer
from shared.contracts.vocabulary import Priority
from shared.policy import WorkflowError, parse_workflow
from tests.support.cases import MIDNIGHT, Story, a_policy, opened

CONTRACTS = """
version: 1
conditions: {vip: "customer_vip"}
routing_rules: [{action: assign_to_frontline}]
calendars:
  office: {zone: UTC, hours: {mon-fri: ["09:00-17:00"]}}
  mornings: {zone: UTC, hours: {mon-fri: ["08:00-12:00"]}}
customers:
  calendars: {professional: office}
  contracts: {acme: mornings}
"""


def story_of(customer_id: str, tier: str) -> Story:
    """A high ticket of that customer, opened on Monday 10:00."""
    story = Story(a_policy(CONTRACTS))
    story.open("high", tier, customer=Customer(customer_id=customer_id, tier=tier))
    return story


def resolution(story: Story) -> sla.Clock:
    [clock] = [c for c in story.case.timeline.clocks if c.metric == "resolution"]
    return clock


@pytest.mark.parametrize(
    ("customer_id", "tier", "calendar"),
    [
        ("acme", "professional", "mornings"),
        ("acme", "standard", "mornings"),
        ("bolt", "professional", "office"),
        ("bolt", "standard", "always"),
    ],
)
def test_C5_the_customers_contract_comes_before_the_tiers_and_the_priority(
    customer_id: str, tier: str, calendar: str
) -> None:
    assert calendar == resolution(story_of(customer_id, tier)).calendar


def test_C5_a_contract_holds_for_every_price_of_the_ticket() -> None:
    story = story_of("acme", "professional")

    story.reclassified("10:30", priority="critical")
    story.agent_replies("10:40")
    story.customer_writes("10:50")

    customers = [c for c in story.case.timeline.clocks if not c.metric.of_level]
    assert {"mornings"} == {clock.calendar for clock in customers}


def test_C5_another_tier_is_another_calendar_unless_the_customer_has_their_own() -> None:
    ours, theirs = story_of("bolt", "standard"), story_of("acme", "standard")
    for story in (ours, theirs):
        story.reclassified("10:30", customer_tier="professional")

    assert ["office", "mornings"] == [resolution(story).calendar for story in (ours, theirs)]


def test_C5_a_contract_that_ends_later_stays_with_the_tickets_it_was_opened_under() -> None:
    story = story_of("acme", "standard")

    story.policy = a_policy(CONTRACTS.replace("  contracts: {acme: mornings}\n", ""))
    story.reclassified("10:30", priority="critical")

    assert "mornings" == resolution(story).calendar


def test_C5_a_priority_may_count_round_the_clock_where_others_do_not() -> None:
    policy = parse_workflow("version: 1\nsla: {calendar: {critical: always, default: office}}\n")

    assert ["always", "office"] == [
        policy.sla.calendar_of(Priority.CRITICAL),
        policy.sla.calendar_of(Priority.HIGH),
    ]


def test_C7_business_hours_are_those_of_the_customers_contract() -> None:
    policy = a_policy(CONTRACTS)
    afternoon = MIDNIGHT.replace(hour=14)

    def asked(customer_id: str, tier: str) -> object:
        payload = opened("high", tier, customer=Customer(customer_id=customer_id, tier=tier))
        return policy.opening_facts(payload, afternoon)["business_hours"]

    assert [False, True] == [asked("acme", "standard"), asked("bolt", "standard")]


def test_C5_a_contract_in_a_calendar_there_is_not_is_refused_at_its_place() -> None:
    with pytest.raises(WorkflowError, match=r'customers\.contracts\.acme: no calendar "ofice"'):
        parse_workflow("version: 1\ncustomers: {contracts: {acme: ofice}}\n")

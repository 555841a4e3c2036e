"""A promise that counts in another calendar than the rest of its policy (semantics C5)."""

from __future__ import annotations

import pytest

from services.escalator.domain import sla
from shared.contracts import Customer, SlaStarted
from shared.contracts.vocabulary import Metric
from shared.policy import WorkflowError, parse_workflow
from shared.policy.differences import other_changes, target_changes
from shared.policy.explain import explain
from tests.support.cases import Story, a_policy, at, of_clocks

FORCED = """
version: 1
conditions: {vip: "customer_vip"}
routing_rules: [{action: assign_to_frontline}]
calendars:
  office: {zone: UTC, hours: {mon-fri: ["09:00-17:00"]}}
  mornings: {zone: UTC, hours: {mon-fri: ["08:00-12:00"]}}
customers: {contracts: {acme: mornings}}
sla: {calendar: office, metric_calendars: {first_response: always}}
SLA_MATRIX:
  any/any: {first_response: 180, resolution: 960}
  critical/any: {first_response: 30, resolution: 480, metric_calendars: {next_response: always, resolution: office}}
"""


def calendars(story: Story) -> dict[Metric, str]:
    """What each promise counts in."""
    clocks = story.case.timeline.clocks
    return {clock.metric: clock.calendar for clock in clocks if not clock.metric.of_level}


def story_of(customer_id: str, priority: str) -> Story:
    """Opened on Monday at 20:00, when every office is closed."""
    story = Story(a_policy(FORCED))
    customer = Customer(customer_id=customer_id, tier="standard")
    story.open(priority, "standard", "20:00", customer=customer)
    return story


def test_C5_a_metric_counts_round_the_clock_whatever_the_contract_says() -> None:
    story = story_of("acme", "high")

    assert {Metric.FIRST_RESPONSE: "always", Metric.RESOLUTION: "mornings"} == calendars(story)
    assert "23:00:00 sla.breached first_response" in of_clocks(story.pass_to("23:00"))


def test_C5_a_cell_says_for_itself_which_of_its_metrics_do() -> None:
    story = story_of("acme", "critical")
    story.agent_replies("20:10")
    story.customer_writes("20:20")

    assert {
        Metric.FIRST_RESPONSE: "always",
        Metric.RESOLUTION: "office",
        Metric.NEXT_RESPONSE: "always",
    } == calendars(story)


def test_C5_another_priority_brings_the_calendars_of_its_metrics_along() -> None:
    story = story_of("bolt", "critical")
    story.agent_replies("20:10")
    story.customer_writes("20:20")
    story.reclassified("20:30", priority="high")

    assert "office" == calendars(story)[Metric.NEXT_RESPONSE]


def test_C5_what_a_started_clock_says_of_its_calendar_is_what_it_counts_in() -> None:
    story = story_of("acme", "high")

    said = [s.payload for s in story.said if isinstance(s.payload, SlaStarted)]
    assert {"first_response": "always", "resolution": "mornings"} == {
        one.metric: one.calendar for one in said
    }


def test_C5_thanks_are_looked_at_in_business_hours_even_where_answers_are_due_at_night() -> None:
    text = FORCED.replace("{first_response: always}", "{next_response: always}")
    story = Story(a_policy(text))
    story.open("high", "standard", "10:00", customer=Customer(customer_id="bolt", tier="standard"))
    story.agent_replies("10:10")
    story.resolved("16:50")
    story.customer_writes("16:50", courtesy=True)

    [soft] = [clock for clock in story.case.timeline.clocks if clock.soft]
    assert ("office", Metric.NEXT_RESPONSE) == (soft.calendar, soft.metric)
    assert at("+1 09:20") == sla.deadline(soft, story.policy.calendars)


def test_C5_the_workflows_explanation_names_the_calendar_of_each_promise() -> None:
    found = explain(a_policy(FORCED), {"priority": "high", "customer_tier": "standard"})

    assert {
        Metric.FIRST_RESPONSE: "always",
        Metric.NEXT_RESPONSE: "office",
        Metric.RESOLUTION: "office",
    } == found.calendars


@pytest.mark.parametrize(
    ("sla", "why"),
    [
        ("{metric_calendars: {first_reply: always}}", 'no promise "first_reply"'),
        ("{metric_calendars: {level_accept: always}}", 'no promise "level_accept"'),
        ("{metric_calendars: {resolution: ofice}}", 'no calendar "ofice"'),
    ],
)
def test_C5_a_metric_or_a_calendar_there_is_not_is_refused_at_its_place(sla: str, why: str) -> None:
    with pytest.raises(WorkflowError, match=rf"sla\.metric_calendars.*{why}"):
        parse_workflow(f"version: 1\nsla: {sla}\n")


def test_F1_the_summary_of_a_change_names_what_a_cell_counts_in() -> None:
    """And its thresholds, which are no targets."""
    plain = FORCED.replace(", metric_calendars: {next_response: always, resolution: office}", "")
    other = plain.replace("resolution: 480", "resolution: 480, thresholds: [60, 100]")
    before, after = a_policy(FORCED), a_policy(other)

    assert [] == target_changes(before, after)
    changes = other_changes(before, after)
    assert "calendars of critical/standard: gone" in changes
    assert "thresholds of critical/standard: new" in changes

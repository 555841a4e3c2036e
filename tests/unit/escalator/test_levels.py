"""A level's own clocks (semantics X2, X3, X6), by the worked example X."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.escalator.domain import levels
from services.escalator.domain.case import evolve
from services.escalator.domain.decide import next_due
from services.escalator.domain.items import Moved
from services.escalator.domain.timeline import Phase
from shared.contracts import (
    EscalationAdvanced,
    EscalationRaised,
    SlaBreached,
    SlaStarted,
    TicketAccepted,
)
from shared.contracts.vocabulary import AcceptedVia
from tests.support.builders import AGENT, TICKET
from tests.support.cases import Story, a_policy, at, of_clocks, of_ladder

#: Nothing else raises a ticket, and nobody need acknowledge.
ONLY_LEVELS = """
version: 1
conditions: {vip: customer_vip}
routing_rules: [{action: assign_to_frontline}]
escalation:
  acknowledge_within: {}
  triggers: []
"""

#: As before, and at 80 % of a promise the ticket goes to tier_2.
AT_80 = ONLY_LEVELS.replace(
    "triggers: []", "triggers: [{name: sla_at_risk, on: sla.warning, threshold: 80, to: tier_2}]"
)


def silent(text: str = ONLY_LEVELS) -> Story:
    """A story in which the levels have their time, and little else moves the ladder."""
    return Story(a_policy(text), levels=True)


def accepted(story: Story, clock: str, level: str) -> list[str]:
    """An agent of `level` says that they work on it."""
    payload = TicketAccepted(
        ticket_id=TICKET,
        agent_id=AGENT.id or "",
        level=level,
        after_seconds=0,
        via=AcceptedVia.SAID,
    )
    return of_clocks(story.tell(payload, clock))


def left_after(story: Story) -> list[float]:
    """When the ticket left one level after the other, in minutes from its opening."""
    opened_at = story.case.timeline.opened_at
    assert opened_at is not None
    return [
        (said.time - opened_at) / timedelta(minutes=1)
        for said in story.said
        if isinstance(said.payload, EscalationRaised | EscalationAdvanced)
    ]


def move(story: Story, level: str, clock: str) -> None:
    """The ticket is at `level` from `clock` on."""
    moved = Moved(what=levels.entered(level, story.policy), at=at(clock))
    story.case = evolve(story.case, moved, story.policy)


def clock_of(instant: datetime) -> str:
    """The instant as stories are told."""
    return f"+{(instant - at('00:00')).days} {instant:%H:%M:%S.%f}"


def level_clocks(story: Story) -> list[tuple[str, str | None, str]]:
    """The level clocks as metric, level and state."""
    return [
        (clock.metric.value, clock.level, clock.state)
        for clock in story.case.timeline.clocks
        if clock.metric.of_level
    ]


@pytest.mark.parametrize(
    ("priority", "tier", "leaves"),
    [
        ("critical", "enterprise", [7.5, 11.25, 13.125]),
        ("critical", "professional", [15, 22.5, 26.25]),
        ("high", "enterprise", [30, 45, 52.5]),
        ("high", "professional", [60, 90, 105]),
        ("medium", "standard", [120, 180, 210]),
        ("low", "standard", [120, 300, 390]),
    ],
)
def test_X2_example_X_in_silence_every_level_is_left_before_the_promise_it_serves(
    priority: str, tier: str, leaves: list[float]
) -> None:
    story = silent()
    story.open(priority, tier)

    story.pass_to("+1 10:00")

    assert left_after(story)[:3] == leaves


@pytest.mark.parametrize(
    ("priority", "tier", "leaves"),
    [
        ("critical", "enterprise", [192, 216, 228]),
        ("critical", "professional", [384, 432, 456]),
        ("high", "professional", [576, 648, 684]),
        ("medium", "standard", [1152, 1296, 1368]),
        ("low", "standard", [2304, 2544, 2712]),
    ],
)
def test_X2_example_X_once_answered_the_levels_share_what_the_solution_has_left(
    priority: str, tier: str, leaves: list[float]
) -> None:
    story = silent(AT_80)
    story.open(priority, tier)
    story.agent_replies("10:00")

    while len(left_after(story)) < len(leaves):
        due = next_due(story.case, story.policy)
        assert due is not None
        story.pass_to(clock_of(due))
        accepted(story, clock_of(due + timedelta(milliseconds=1)), story.case.place)

    assert left_after(story) == leaves


def test_X2_level_clocks_tell_whose_time_it_is_and_how_it_ended() -> None:
    story = silent()
    story.open("critical", "enterprise")
    story.pass_to("10:07:30")

    told = [
        (type(said.payload).__name__, said.payload.metric.value, said.payload.level)
        for said in story.said
        if isinstance(said.payload, SlaStarted | SlaBreached) and said.payload.metric.of_level
    ]

    assert told == [
        ("SlaStarted", "level_accept", "tier_1"),
        ("SlaStarted", "level_work", "tier_1"),
        ("SlaBreached", "level_accept", "tier_1"),
        ("SlaBreached", "level_work", "tier_1"),
        ("SlaStarted", "level_accept", "tier_2"),
        ("SlaStarted", "level_work", "tier_2"),
    ]


def test_X6_a_level_that_ran_out_of_time_raises_once_for_no_response() -> None:
    story = silent()
    story.open("critical", "enterprise")

    assert of_ladder(story.pass_to("10:07:30")) == ["10:07:30 escalation.raised tier_2 no_response"]


def test_V14_without_a_solution_in_time_the_ticket_goes_on_for_level_timeout() -> None:
    story = silent(AT_80)
    story.open("critical", "enterprise")
    story.agent_replies("10:00")
    story.pass_to("13:12")
    accepted(story, "13:12:01", "tier_2")

    assert of_ladder(story.pass_to("13:36")) == [
        "13:36:00 escalation.advanced tier_3 level_timeout"
    ]


def test_X2_acceptance_is_met_and_then_only_the_customers_clock_presses() -> None:
    story = silent()
    story.open("critical", "enterprise")

    said = accepted(story, "10:03", "tier_1")

    assert said == ["10:03:00 sla.met level_accept"]
    assert of_ladder(story.pass_to("11:59:59")) == []
    assert of_ladder(story.pass_to("12:00")) == ["12:00:00 escalation.raised tier_2 no_response"]


def test_X2_a_lower_level_accepts_for_nobody_above_it() -> None:
    story = silent()
    story.open("critical", "enterprise")
    story.pass_to("10:07:30")

    assert accepted(story, "10:08", "tier_1") == []


def test_X2_a_reply_ends_both_where_a_reply_is_waited_for() -> None:
    story = silent()
    story.open("critical", "enterprise")

    said = of_clocks(story.agent_replies("10:05"))

    assert said == [
        "10:05:00 sla.met first_response",
        "10:05:00 sla.met level_accept",
        "10:05:00 sla.met level_work",
    ]


def test_X2_a_stricter_promise_leaves_the_level_less() -> None:
    story = silent()
    story.open("low", "standard")
    story.reclassified("10:10", priority="critical", customer_tier="enterprise")

    # five of the fifteen minutes are left, the level has half of them
    assert of_ladder(story.pass_to("10:12:30")) == ["10:12:30 escalation.raised tier_2 no_response"]


def test_Z1_waiting_for_the_customer_stops_the_work_and_not_the_acceptance() -> None:
    story = silent(AT_80)
    story.open("critical", "enterprise")
    story.agent_replies("10:01")
    story.pass_to("13:12")
    story.agent_replies("13:13")
    story.pending("13:14")

    assert [state for _, _, state in level_clocks(story)[2:]] == ["met", "paused"]
    assert of_ladder(story.pass_to("20:00")) == []


def test_X2_solving_the_ticket_meets_the_work_and_cancels_what_nobody_did() -> None:
    story = silent(AT_80)
    story.open("critical", "enterprise")
    story.agent_replies("10:01")
    story.pass_to("13:12")

    said = of_clocks(story.resolved("13:15"))

    assert [line for line in said if "level" in line] == [
        "13:15:00 sla.cancelled level_accept resolved",
        "13:15:00 sla.met level_work",
    ]


def test_X3_coming_back_to_a_level_goes_on_with_its_time() -> None:
    story = silent()
    story.open("low", "standard")  # 480 minutes to the answer: the level's own 120 count
    accepted(story, "10:00:01", "tier_1")
    move(story, "tier_2", "10:50")
    move(story, "tier_1", "11:50")

    # 50 of the 120 minutes were used before
    assert of_ladder(story.pass_to("13:00")) == ["13:00:00 escalation.raised tier_2 no_response"]


def test_M1_a_merged_ticket_has_no_level_clock_left() -> None:
    story = silent()
    story.open("critical", "enterprise")
    story.merged("10:01")

    assert story.case.timeline.phase is Phase.MERGED
    assert {state for _, _, state in level_clocks(story)} == {"cancelled"}

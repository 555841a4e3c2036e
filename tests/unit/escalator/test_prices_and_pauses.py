"""Re-pricing, pauses and reopenings: the rules P, Z and R of the semantics, example by example."""

from __future__ import annotations

import pytest

from shared.contracts import SlaBreached, SlaPaused, SlaRepriced, SlaResumed, SlaStarted
from shared.contracts.vocabulary import Metric, PauseReason
from tests.support.cases import Story, a_policy, at, of_clocks, of_ladder, words

RESOLUTION = Metric.RESOLUTION


def low(mode: str = "carry") -> Story:
    """Low/professional, opened 09:00, answered 10:00."""
    story = Story(
        a_policy(
            f"""
            version: 1
            conditions: {{vip: customer_vip}}
            routing_rules: [{{action: assign_to_frontline}}]
            sla: {{reprice: {mode}}}
            """
        )
    )
    story.open("low", "professional", "09:00")
    story.agent_replies("10:00")
    return story


def deadline_of(story: Story, metric: Metric = RESOLUTION) -> object:
    """The deadline last announced."""
    told = [
        item.payload.deadline
        for item in story.said
        if isinstance(item.payload, SlaStarted | SlaRepriced | SlaResumed)
        and item.payload.metric is metric
    ]
    return told[-1]


def test_P1_P_a_carry_keeps_what_is_consumed() -> None:
    """P-a."""
    story = low()

    said = story.reclassified("13:30", priority="critical")

    assert [
        "13:30:00 sla.repriced resolution priority",
        "13:30:00 sla.warning resolution 50 repriced",
    ] == of_clocks(said)
    repriced = said[0].payload
    assert isinstance(repriced, SlaRepriced)
    assert (2880 * 60, 480 * 60, 270 * 60, 1) == (
        repriced.previous_target_seconds,
        repriced.target_seconds,
        repriced.consumed_seconds,
        repriced.epoch,
    )
    assert at("17:00") == repriced.deadline
    assert [
        "15:00:00 sla.warning resolution 75",
        "15:24:00 sla.warning resolution 80",
        "16:12:00 sla.warning resolution 90",
        "17:00:00 sla.breached resolution",
    ] == of_clocks(story.pass_to("17:00"))


def test_P2_P_b_only_the_highest_threshold_jumped_over_is_announced() -> None:
    """P-b: and the step bound to 80 raises the ticket."""
    story = low()

    said = story.reclassified("15:45", priority="critical")

    assert [
        "15:45:00 sla.repriced resolution priority",
        "15:45:00 sla.warning resolution 80 repriced",
    ] == of_clocks(said)
    assert ["15:45:00 escalation.raised tier_2 sla_at_risk"] == of_ladder(said)
    assert ["16:12:00 sla.warning resolution 90"] == of_clocks(story.pass_to("16:59"))


def test_P2_what_the_ladder_binds_to_a_skipped_threshold_still_raises() -> None:
    story = low()

    said = story.reclassified("16:15", priority="critical")

    assert "16:15:00 sla.warning resolution 90 repriced" in of_clocks(said)
    assert ["16:15:00 escalation.raised tier_2 sla_at_risk"] == of_ladder(said)


def test_P2_P_c_a_target_already_used_up_is_one_breach_at_the_change() -> None:
    """P-c."""
    story = low()

    said = story.reclassified("18:00", priority="critical")

    assert [
        "18:00:00 sla.repriced resolution priority",
        "18:00:00 sla.breached resolution repriced",
    ] == of_clocks(said)
    [breach] = [item.payload for item in said if isinstance(item.payload, SlaBreached)]
    assert at("18:00") == breach.deadline


@pytest.mark.parametrize(
    ("mode", "deadline"),
    [("carry", "+1 09:00"), ("strictest", "17:00"), ("restart", "+1 11:00")],
)
def test_P1_P_d_lowering_by_mode(mode: str, deadline: str) -> None:
    """P-d: critical/professional opened 09:00 (17:00), lowered to medium at 11:00."""
    story = Story(low(mode).policy)
    story.open("critical", "professional", "09:00")
    story.agent_replies("09:05")

    story.reclassified("11:00", priority="medium")

    assert at(deadline) == deadline_of(story)


def test_P1_restart_cancels_and_begins_anew() -> None:
    story = Story(low("restart").policy)
    story.open("critical", "professional", "09:00")
    story.agent_replies("09:05")

    said = story.reclassified("11:00", priority="medium")

    assert [
        "11:00:00 sla.cancelled resolution reclassified",
        "11:00:00 sla.started resolution",
    ] == of_clocks(said)


def test_P3_what_is_breached_stays_breached() -> None:
    story = Story()
    story.open("critical", "enterprise")
    story.pass_to("10:16")

    said = story.reclassified("10:16", priority="low")

    assert ["10:16:00 sla.suspicious_downgrade first_response"] == of_clocks(
        said, Metric.FIRST_RESPONSE
    )
    assert ["10:16:00 sla.repriced resolution priority"] == of_clocks(said, RESOLUTION)


def test_K7_a_finished_clock_is_not_priced_again() -> None:
    story = low()

    said = story.reclassified("13:30", priority="critical")

    assert [] == of_clocks(said, Metric.FIRST_RESPONSE)


def test_P1_a_customer_tier_prices_too() -> None:
    story = Story()
    story.open("high", "professional")

    said = story.reclassified("10:10", customer_tier="enterprise")

    assert [
        "10:10:00 sla.repriced first_response customer_tier",
        "10:10:00 sla.repriced resolution customer_tier",
    ] == words(said)
    assert at("11:00") == deadline_of(story, Metric.FIRST_RESPONSE)


def test_P1_the_same_target_is_no_new_price() -> None:
    story = Story()
    story.open("medium", "professional")

    assert [] == story.reclassified("10:10", customer_tier="enterprise")


def waiting() -> Story:
    """Critical/professional, opened 08:00, answered 08:10; resolution due 16:00."""
    story = Story()
    story.open("critical", "professional", "08:00")
    story.agent_replies("08:10")
    return story


def test_Z2_Z3_Z_a_a_real_question_pauses_until_the_customer_answers() -> None:
    """Z-a."""
    story = waiting()
    story.agent_replies("09:00")

    [paused] = story.pending("09:00:10")
    [resumed, *others] = story.customer_writes("10:30:10")

    assert isinstance(paused.payload, SlaPaused)
    assert (at("09:00:10"), 3610) == (paused.time, paused.payload.consumed_seconds)
    assert paused.payload.deadline is None
    assert isinstance(resumed.payload, SlaResumed)
    assert (at("10:30:10"), at("17:30")) == (resumed.time, resumed.payload.deadline)
    assert ["10:30:10 sla.started next_response"] == words(others)
    assert [] == story.resumed("10:45")


def test_Z2_Z_b_waiting_without_a_question_is_refused() -> None:
    """Z-b."""
    story = waiting()
    story.agent_replies("09:00")
    story.pending("09:00:10")
    story.customer_writes("10:30:10")
    story.pass_to("10:59")

    assert [] == story.pending("11:00:00")
    said = story.pass_to("17:30")
    assert "11:00:10 sla.breached next_response" in words(said)
    assert "17:30:00 sla.breached resolution" in words(said)


def test_Z4_Z_c_ten_short_pauses_add_up_exactly() -> None:
    """Z-c: ten pauses of 50 s, each after a real question."""
    story = waiting()
    for minute in range(10):
        story.agent_replies(f"09:{minute:02}:00")
        story.pending(f"09:{minute:02}:05")
        story.customer_writes(f"09:{minute:02}:55")

    assert at("16:08:20") == deadline_of(story)


def test_Z4_Z_d_a_pause_inside_closed_time_costs_and_gains_nothing() -> None:
    """Z-d: 4 h from Monday 16:00 in office hours, paused from 19:00 to Tuesday 08:00."""
    office = a_policy(
        """
        version: 1
        routing_rules: [{action: assign_to_frontline}]
        sla: {calendar: office}
        SLA_MATRIX:
          ('any', 'any'): {first_response: 60, resolution: 240}
        """
    )
    story = Story(office)
    story.open("high", "professional", "16:00")
    story.agent_replies("16:05")

    story.pending("19:00")
    story.customer_writes("+1 08:00")

    assert at("+1 11:00") == deadline_of(story)


def test_Z4_overlapping_reasons_count_once() -> None:
    story = waiting()
    story.agent_replies("09:00")
    story.pending("09:10")

    assert [] == story.pending("09:20", PauseReason.WAITING_ON_THIRD_PARTY)
    assert ["09:30:00 sla.started next_response"] == words(story.customer_writes("09:30"))
    assert ["10:10:00 sla.resumed resolution"] == of_clocks(story.resumed("10:10"), RESOLUTION)
    assert at("17:00") == deadline_of(story)


def test_Z3_a_customers_message_does_not_end_waiting_for_a_third_party() -> None:
    story = waiting()
    story.pending("09:00", PauseReason.WAITING_ON_THIRD_PARTY)

    assert ["09:30:00 sla.started next_response"] == words(story.customer_writes("09:30"))


def test_Z5_a_pause_after_the_breach_stops_the_reminders() -> None:
    story = waiting()
    story.pass_to("16:00")
    story.agent_replies("16:10")

    [paused] = of_clocks(story.pending("16:10"))

    assert "16:10:00 sla.paused resolution" == paused
    assert [] == of_clocks(story.pass_to("+2 00:00"), RESOLUTION)
    assert "breached_paused" == story.case.timeline.clocks[1].state


def test_H11_pausing_and_resuming_at_one_instant_changes_nothing() -> None:
    paused, plain = waiting(), waiting()
    for story in (paused, plain):
        story.agent_replies("09:00")
    paused.pending("09:10")
    paused.resumed("09:10")

    after = [story.pass_to("16:00") for story in (paused, plain)]

    assert of_clocks(after[0]) == of_clocks(after[1])


def solved(clock: str) -> Story:
    """High/enterprise, opened Monday 08:00, answered at once, solved at `clock`."""
    story = Story()
    story.open("high", "enterprise", "08:00")
    story.agent_replies("08:01")
    story.pass_to(clock)
    story.resolved(clock)
    return story


def test_R1_R_a_reopening_within_the_window_carries_the_time_used() -> None:
    """R-a."""
    story = solved("12:30")
    story.customer_writes("+2 09:00")

    said = story.reopened("+2 09:00")

    assert [
        "+2 09:00:00 sla.started resolution",
        "+2 09:00:00 sla.started next_response",
    ] == words(said)
    assert at("+2 12:30") == deadline_of(story)
    assert at("+2 10:00") == deadline_of(story, Metric.NEXT_RESPONSE)
    assert [
        "+2 10:30:00 sla.warning resolution 75",
        "+2 10:54:00 sla.warning resolution 80",
        "+2 11:42:00 sla.warning resolution 90",
    ] == of_clocks(story.pass_to("+2 12:29"), RESOLUTION)


def test_R1_R_b_a_quarter_of_the_budget_is_left_at_least() -> None:
    """R-b."""
    story = solved("15:30")

    story.reopened("+2 09:00")

    assert at("+2 11:00") == deadline_of(story)
    assert [
        "+2 09:24:00 sla.warning resolution 80",
        "+2 10:12:00 sla.warning resolution 90",
    ] == of_clocks(story.pass_to("+2 10:59"))


@pytest.mark.parametrize(
    ("reopened", "deadline"), [("+7 12:30", "+7 16:00"), ("+7 12:30:00.001", "+7 20:30:00.001")]
)
def test_R1_R_c_after_the_window_the_budget_is_full(reopened: str, deadline: str) -> None:
    """R-c: the last instant of the window and the first after it."""
    story = solved("12:30")

    story.reopened(reopened)

    assert at(deadline) == deadline_of(story)


def test_R1_R_d_the_first_cycle_keeps_its_verdict() -> None:
    """R-d."""
    story = solved("17:00")

    story.reopened("+2 09:00")

    assert ["breached_met", "running"] == [
        clock.state for clock in story.case.timeline.clocks if clock.metric is RESOLUTION
    ]
    assert at("+2 11:00") == deadline_of(story)

"""What will happen to a ticket by itself: every instant by its name, the first of them that of the timer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.escalator.domain.decide import next_due
from services.escalator.domain.items import Acknowledge
from services.escalator.domain.upcoming import Coming, Upcoming, upcoming
from shared.contracts.vocabulary import PauseReason
from tests.support.cases import NO_FAST_TRACK, Story, a_policy, at

ONLY_LEVELS = f"""{NO_FAST_TRACK}
escalation: {{acknowledge_within: {{}}, triggers: []}}
"""


def coming(story: Story) -> list[tuple[datetime, str, Any, str | None]]:
    """What comes in short: when, what, which threshold, to which level."""
    return [(one.at, one.kind, one.threshold, one.to_level) for one in found(story)]


def found(story: Story) -> Sequence[Upcoming]:
    return upcoming(story.case, story.policy)


def a_story() -> Story:
    """Example L: critical/enterprise, opened 10:00, and nobody does anything."""
    story = Story()
    story.open("critical", "enterprise")
    return story


def test_K11_the_thresholds_of_all_clocks_come_in_order_and_say_where_the_ticket_goes() -> None:
    assert [
        (at("10:07:30"), "warning", 50, None),
        (at("10:11:15"), "warning", 75, None),
        (at("10:12:00"), "warning", 80, "tier_2"),
        (at("10:13:30"), "warning", 90, None),
        (at("10:15:00"), "breach", 100, "tier_2"),
        (at("10:18:45"), "reminder", 125, None),
    ] == coming(a_story())[:6]


def test_L4_an_open_window_says_which_level_is_next() -> None:
    story = a_story()
    story.pass_to("10:12")

    assert (at("10:13:30"), "unacknowledged", None, "tier_3") in coming(story)


def test_L4_an_acknowledgement_runs_out() -> None:
    story = a_story()
    story.pass_to("10:12")
    story.hear(Acknowledge(by="sofia", via="link", at=at("10:13")), at("10:13"))

    [lapses] = [one for one in found(story) if one.kind is Coming.LAPSES]

    assert (at("10:18"), "tier_2", "tier_3") == (lapses.at, lapses.level, lapses.to_level)
    assert "sofia" == lapses.by


def test_L5_the_last_level_is_paged_again() -> None:
    story = a_story()
    story.pass_to("10:15:29")

    [again] = [one for one in found(story) if one.kind is Coming.UNACKNOWLEDGED]

    assert ("management", "management", "repeated") == (again.level, again.to_level, again.reason)


def test_X6_a_level_whose_time_runs_out_goes_on_to_the_next() -> None:
    story = Story(a_policy(ONLY_LEVELS), levels=True)
    story.open("critical", "enterprise")

    assert (at("10:07:30"), "breach", 100, "tier_2") in coming(story)


def test_Z_nothing_of_a_clock_that_stands_is_to_come() -> None:
    story = a_story()
    story.agent_replies("10:01")
    story.pending("10:01", PauseReason.WAITING_ON_THIRD_PARTY)

    assert [] == coming(story)


def test_T3_a_closed_ticket_has_only_its_facts_to_lose() -> None:
    story = a_story()
    story.agent_replies("10:01")
    story.resolved("10:02")
    story.closed("10:02")

    assert [(at("+7 10:02"), "facts_let_go", None, None)] == coming(story)


def test_T6_a_breach_that_waits_for_its_grace_is_still_to_come() -> None:
    story = Story(a_policy(f"{NO_FAST_TRACK}\nsla: {{grace: 30s}}\n"))
    story.open("critical", "enterprise")
    story.pass_to("10:15")

    first = found(story)[0]

    assert (at("10:15:30"), "breach", 100) == (first.at, first.kind, first.threshold)


DEEDS = (
    lambda story, clock: story.customer_writes(clock),
    lambda story, clock: story.agent_replies(clock),
    lambda story, clock: story.pending(clock),
    lambda story, clock: story.pending(clock, PauseReason.WAITING_ON_THIRD_PARTY),
    lambda story, clock: story.resumed(clock),
    lambda story, clock: story.reclassified(clock, priority="critical"),
    lambda story, clock: story.reclassified(clock, priority="low"),
    lambda story, clock: story.resolved(clock),
    lambda story, clock: story.reopened(clock),
    lambda story, clock: story.closed(clock),
    lambda story, clock: story.merged(clock),
    lambda story, clock: story.unmerged(clock),
    lambda story, clock: story.pass_to(clock),
)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from(DEEDS)), max_size=8),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_K2_the_first_thing_to_come_is_what_the_timer_waits_for(
    deeds: list[tuple[int, Any]],
    levels: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    story = Story(levels=levels)
    story.open("high", "professional", "08:00")
    for minutes, deed in sorted(deeds, key=lambda one: one[0]):
        clock = at("08:00") + timedelta(minutes=minutes)
        deed(story, f"{clock:%H:%M}")
        first = min((one.at for one in found(story)), default=None)
        assert next_due(story.case, story.policy) == first

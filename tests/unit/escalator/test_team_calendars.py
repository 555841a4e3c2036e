"""A level's own time counts in the calendar of its team (semantics C5, X1, X2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from services.escalator.domain import fold, levels, sla
from services.escalator.domain.case import evolve
from services.escalator.domain.facts import Entered, Fact, Opened
from services.escalator.domain.items import Moved
from services.escalator.domain.why import explain
from shared.contracts.vocabulary import Metric, Priority
from shared.policy import WorkflowError, WorkflowPolicy, parse_workflow
from tests.reference.cases import Price
from tests.reference.generator import World, world_of
from tests.reference.product import policy_of
from tests.support.cases import Story, a_policy, at

_MS = timedelta(milliseconds=1)
_MINUTE = timedelta(minutes=1)

#: Frontline works in office hours, specialists in the mornings, engineering by the promises it serves.
TEAMS = """
version: 1
conditions: {vip: customer_vip}
routing_rules: [{action: assign_to_frontline}]
calendars:
  office: {zone: UTC, hours: {mon-fri: ["09:00-17:00"]}}
  mornings: {zone: UTC, hours: {mon-fri: ["08:00-12:00"]}}
team_calendars: {frontline: office, specialists: mornings}
escalation: {acknowledge_within: {}, triggers: []}
SLA_MATRIX: {any/any: {first_response: 2880, resolution: 5760}}
"""


def accept_of(story: Story) -> sla.Clock:
    """The clock of the level that has the ticket."""
    return next(
        c
        for c in reversed(story.case.timeline.clocks)
        if c.metric is Metric.LEVEL_ACCEPT and not c.finished
    )


def ends(story: Story) -> datetime:
    """When that level is to have accepted."""
    end = sla.deadline(accept_of(story), story.policy.calendars)
    assert end is not None
    return end


def opened(text: str = TEAMS, clock: str = "16:00") -> Story:
    """Opened on Monday afternoon; frontline has two hours to accept it."""
    story = Story(a_policy(text), levels=True)
    story.open("low", "standard", clock)
    return story


def move(story: Story, level: str, clock: str) -> None:
    moved = Moved(what=levels.entered(level, story.policy), at=at(clock))
    story.case = evolve(story.case, moved, story.policy)


def test_C5_a_levels_clock_stands_still_while_its_team_is_closed() -> None:
    story = opened()

    assert "office" == accept_of(story).calendar
    assert at("+1 10:00") == ends(story)


def test_C5_a_team_without_a_calendar_counts_in_that_of_the_promise() -> None:
    story = opened()
    move(story, "tier_3", "16:30")

    assert "always" == accept_of(story).calendar
    assert at("+1 00:30") == ends(story)


def test_C5_X1_no_teams_calendar_touches_what_a_customer_was_promised() -> None:
    story = opened()
    before = [c for c in story.case.timeline.clocks if not c.metric.of_level]
    move(story, "tier_2", "16:30")

    assert before == [c for c in story.case.timeline.clocks if not c.metric.of_level]
    assert {"always"} == {clock.calendar for clock in before}


def test_C5_X2_a_closed_team_has_no_more_than_its_share_of_what_the_promise_has_left() -> None:
    story = opened(TEAMS.replace("first_response: 2880", "first_response: 240"), "16:59")

    assert "always" == accept_of(story).calendar
    assert at("18:59") == ends(story)


def test_C5_X3_what_a_level_has_used_is_counted_in_its_teams_calendar() -> None:
    story = opened()
    move(story, "tier_2", "16:30")
    move(story, "tier_1", "+1 08:00")

    assert timedelta(minutes=30) == accept_of(story).consumed
    assert at("+1 10:30") == ends(story)


def test_C5_F1_a_ticket_keeps_the_calendar_its_level_had_when_it_came() -> None:
    story = opened()
    story.policy = a_policy(TEAMS.replace("frontline: office, ", ""))
    story.agent_replies("16:10", public=False)
    story.reclassified("16:20", priority="medium")

    assert "office" == accept_of(story).calendar


def test_C5_the_explanation_of_a_levels_clock_names_its_teams_calendar() -> None:
    story = opened()
    [told] = [
        one
        for one in explain(story.case, at("16:10"), story.policy).clocks
        if one.clock.metric is Metric.LEVEL_ACCEPT
    ]

    assert (
        "2026-06-01 16:00 + 120 min, calendar office (UTC), closed 17:00–09:00 (960 min)"
        " = 2026-06-02 10:00" == told.formula
    )


def test_C5_a_team_there_is_not_is_refused_at_its_place() -> None:
    with pytest.raises(WorkflowError, match=r'team_calendars\.frontlin: no team "frontlin"'):
        parse_workflow("version: 1\nteam_calendars: {frontlin: office}\n")


@pytest.mark.parametrize("number", range(60))
def test_C5_X2_in_random_calendars_a_level_ends_at_the_earlier_of_its_two_bounds(
    number: int,
) -> None:
    """Against the second calculator: the team's own time, and its share of what the promise has left."""
    random, world = Random(f"teams/{number}"), world_of(11, number)
    wish, promise = (timedelta(minutes=random.choice((1, 30, 240, 2000))) for _ in "ab")
    opens = world.around + random.randint(0, 10**8) * _MS
    enters = opens + random.randint(0, 10**8) * _MS
    team, customers = world.hours["b"], world.hours["a"]
    bounds = [team.reached(enters, max(wish, _MINUTE))]
    if enters <= customers.reached(opens, promise):
        left = (promise - customers.used(opens, enters)) // 2 // _MS * _MS
        bounds.append(customers.reached(enters, max(left, _MINUTE)))

    timeline, _ = fold.fold(entered_after(opens, enters, wish), _policy(world, promise))
    [accept] = [clock for clock in timeline.clocks if clock.metric is Metric.LEVEL_ACCEPT]

    assert min(bounds) == sla.deadline(accept, _policy(world, promise).calendars)


def entered_after(opens: datetime, enters: datetime, wish: timedelta) -> list[Fact]:
    """A ticket that comes to a level whose team counts in calendar b."""
    level = Entered(level="tier_1", accept=wish, share=0.5, floor=_MINUTE, calendar="b")
    came = Opened(priority=Priority.HIGH, tier="plain")
    return [
        Fact(at=opens, source="test", sequence=1, what=came),
        Fact(at=enters, source="test", sequence=2, what=level),
    ]


def _policy(world: World, promise: timedelta) -> WorkflowPolicy:
    """Everything is due after `promise`, in calendar a."""
    price = Price(promise, promise, promise, calendar="a")
    prices = dict.fromkeys(world.promises.prices, price)
    promises = replace(world.promises, prices=prices, contracts={})
    return policy_of(world.weeks, promises)

"""The simulation behind `make sim-routing` may be trusted: it keeps its own books."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import pairwise
from random import Random

import pytest

from services.router.domain.work import UNIT
from tests.simulation.arrivals import cases, expected_effort
from tests.simulation.desk import (
    CAPACITY,
    ONE_AT_A_TIME,
    SIDE_BY_SIDE,
    SKILLS,
    START,
    Case,
    Model,
    workflow,
)
from tests.simulation.engine import Course, Desk
from tests.simulation.measures import gini, ratio
from tests.simulation.people import Person, people
from tests.simulation.rivals import FIRST_COME, LEAST_LOADED, OURS, routers
from tests.simulation.rounds import Round, play

#: Little at night, most in the morning, a dip at noon.
DAY = [1] * 7 + [5, 20, 25, 24, 20, 11, 13, 18, 18, 15, 9, 4, 2] + [2] * 4
NOBODY = [0] * 24
PROFILE = [NOBODY, NOBODY, NOBODY, DAY, DAY, NOBODY, NOBODY]

#: Two busy days a week take this much of five days' capacity.
BUSY = 0.85 * 2 / 5
AGENTS = 8

MODELS = pytest.mark.parametrize("model", [SIDE_BY_SIDE, ONE_AT_A_TIME], ids=lambda one: one.name)
EVERYBODY = pytest.mark.parametrize("name", list(routers(workflow(), SIDE_BY_SIDE)))


def a_week(model: Model) -> tuple[list[Person], list[Case]]:
    """The people of a small desk and the tickets of one week."""
    random = Random(1)
    weekly = BUSY * (model.capacity(AGENTS) / expected_effort(workflow(), model))
    team = people(AGENTS, PROFILE, random)
    return team, cases(PROFILE, workflow(), weekly=weekly, weeks=1, random=random)


@cache
def a_course(name: str, model: Model) -> tuple[Course, list[Person], list[Case]]:
    """What happens when `name` gives out the tickets of a week; two more to finish them."""
    team, tickets = a_week(model)
    desk = Desk(workflow(), routers(workflow(), model)[name], team, model)
    return desk.run(tickets, weeks=3), team, tickets


def test_the_same_seed_has_the_same_result_and_another_one_another() -> None:
    rounds = (
        Round(seed, utilisation=BUSY, agents=AGENTS, weeks=1, warm_up=0, among=(OURS,))
        for seed in (1, 1, 2)
    )
    first, again, other = (play(one, PROFILE) for one in rounds)
    assert again == first
    assert other != first


@EVERYBODY
@MODELS
def test_every_ticket_that_comes_is_finished_once(name: str, model: Model) -> None:
    course, _, tickets = a_course(name, model)
    finished = sorted(one.case.item.ticket_id for one in course.outcomes)
    assert finished == [case.item.ticket_id for case in tickets]
    assert course.unfinished == 0


def test_what_is_not_finished_is_still_there() -> None:
    team, tickets = a_week(SIDE_BY_SIDE)
    others = [one for one in team if "technical" not in one.agent.skills]
    desk = Desk(workflow(), routers(workflow(), SIDE_BY_SIDE)[OURS], others, SIDE_BY_SIDE)
    course = desk.run(tickets, weeks=1)
    assert course.unfinished > 0
    assert course.unfinished + len(course.outcomes) == len(tickets)


@EVERYBODY
@MODELS
def test_nobody_holds_more_than_they_can(name: str, model: Model) -> None:
    course, _, _ = a_course(name, model)
    assert 0.5 <= course.highest_load <= 1


@EVERYBODY
def test_who_works_one_at_a_time_never_works_on_two(name: str) -> None:
    course, team, _ = a_course(name, ONE_AT_A_TIME)
    for person in team:
        mine = sorted(
            (one.started_at, one.ended_at)
            for one in course.outcomes
            if one.agent_id == person.agent.agent_id
        )
        assert all(end <= start for (_, end), (start, _) in pairwise(mine))


@EVERYBODY
@MODELS
def test_work_is_begun_on_shift_by_somebody_who_has_the_skills(name: str, model: Model) -> None:
    course, team, _ = a_course(name, model)
    by_id = {person.agent.agent_id: person for person in team}
    for one in course.outcomes:
        person, place = by_id[one.agent_id], one.case.item.place
        assert place is not None
        skills = person.agent.skills
        assert all(skills.get(skill, 0) >= least for skill, least in place.required_skills.items())
        assert one.started_at.weekday() < 5
        assert person.begins <= one.started_at.hour < person.begins + 8
        assert one.ended_at - one.started_at == one.case.handling


def test_first_come_first_served_never_lets_a_later_ticket_of_the_skill_begin_earlier() -> None:
    course, _, _ = a_course(FIRST_COME, SIDE_BY_SIDE)
    for skill in SKILLS:
        begun = [
            (one.case.item.opened_at, one.started_at)
            for one in course.outcomes
            if one.case.item.opened and one.case.item.opened.category == skill
        ]
        in_order = [started for _, started in sorted(begun)]
        assert in_order == sorted(in_order)


@MODELS
@pytest.mark.parametrize("wished", [0.7, 0.9])
def test_the_tickets_take_as_much_of_the_people_as_was_wished(model: Model, wished: float) -> None:
    weeks, effort = 6, expected_effort(workflow(), model)
    weekly = wished * (model.capacity(AGENTS) / effort)
    tickets = cases(PROFILE, workflow(), weekly=weekly, weeks=weeks, random=Random(1))
    taken = sum((model.effort(one.item.weight, one.handling) for one in tickets), timedelta())
    assert taken / model.capacity(AGENTS, weeks) == pytest.approx(wished, abs=0.07)


def test_the_measured_utilisation_is_what_the_tickets_took() -> None:
    _, _, tickets = a_course(LEAST_LOADED, SIDE_BY_SIDE)
    one = Round(1, BUSY, SIDE_BY_SIDE, AGENTS, weeks=1, warm_up=0, among=(LEAST_LOADED,))
    taken = sum((case.handling * case.item.weight for case in tickets), timedelta())
    expected = taken / SIDE_BY_SIDE.capacity(AGENTS)
    assert play(one, PROFILE)[LEAST_LOADED].utilisation == pytest.approx(expected)


def test_every_skill_is_there_from_opening_to_closing() -> None:
    team, _ = a_week(SIDE_BY_SIDE)
    for begins in (7, 12):
        there = [person.agent.skills for person in team if person.begins == begins]
        assert all(any(skills.get(skill, 0) >= 3 for skills in there) for skill in SKILLS)


def test_agents_have_equal_capacity_and_one_to_three_skills() -> None:
    team, _ = a_week(SIDE_BY_SIDE)
    assert {person.agent.capacity for person in team} == {CAPACITY * UNIT}
    assert {len(person.agent.skills) for person in team} <= {1, 2, 3}


def test_deadlines_count_the_hours_the_desk_is_staffed() -> None:
    _, tickets = a_week(SIDE_BY_SIDE)
    friday_evening = START + timedelta(days=4, hours=20)
    late = [at for one in tickets for at in one.item.deadlines.values() if at > friday_evening]
    assert late
    assert all(at >= START + timedelta(days=7, hours=7) for at in late)


@pytest.mark.parametrize(("values", "expected"), [([3, 3, 3], 0), ([0, 0, 6], 2 / 3), ([0, 0], 0)])
def test_gini(values: list[float], expected: float) -> None:
    assert gini(values) == pytest.approx(expected)


def test_a_rival_who_was_never_late_counts_as_once() -> None:
    assert ratio(0.02, 0, 100) == 2
    assert ratio(0.02, 0.04, 100) == 0.5

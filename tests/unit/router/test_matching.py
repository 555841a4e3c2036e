"""Matching: the worked examples of semantics G, and its promises as properties."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.router.domain.eligible import skill_fit
from services.router.domain.matching import Match, match
from services.router.domain.roster import Agent, with_ticket
from services.router.domain.work import WorkItem, replace
from shared.contracts.vocabulary import (
    AssignReason,
    Presence,
    Priority,
    QueueReason,
    UnroutableCause,
)
from tests.support.builders import MONDAY_10
from tests.support.desks import NOW, a_ticket, a_waiting, an_agent, policy, ticket_id
from tests.support.yardsticks import may_take, one_by_one

API = {"api_expert": 3}

ANA = an_agent("ana", skills={"api_expert": 4}, load=7)
BEN = an_agent("ben", skills={"api_expert": 3}, load=2)
CY = an_agent("cy")
DEE = an_agent("dee", skills={"api_expert": 5}, presence=Presence.OFFLINE)

T1 = a_waiting(
    1,
    priority=Priority.HIGH,
    weight=2,
    required=API,
    since=MONDAY_10 - timedelta(minutes=20),
)
T2 = a_waiting(2, priority=Priority.CRITICAL, weight=4, required=API)


def at_the_end(roster: list[Agent], matches: tuple[Match, ...]) -> list[Agent]:
    """The roster with what was given out."""
    state = {agent.agent_id: agent for agent in roster}
    for one in matches:
        state[one.agent_id] = with_ticket(state[one.agent_id], one.item)
    return list(state.values())


def given_out(matches: tuple[Match, ...]) -> list[tuple[int, str]]:
    return [(m.item.ticket_id.int, m.agent_id) for m in matches]


def matched(
    waiting: list[WorkItem], roster: list[Agent], limit: int = 100
) -> list[tuple[int, str]]:
    return given_out(match(waiting, roster, policy=policy(), now=NOW, limit=limit).matches)


def test_G_a_the_critical_ticket_goes_first_and_a_full_expert_is_passed_over() -> None:
    assert [(2, "ben"), (1, "ben")] == matched([T1, T2], [ANA, BEN, CY, DEE])


def test_G_b_full_desks_are_ordinary_queueing() -> None:
    full = [replace(ANA, load=28), replace(BEN, load=32), CY, DEE]

    result = match([replace(T1, ticket_id=ticket_id(3))], full, policy=policy(), now=NOW, limit=100)

    assert () == result.matches
    assert {} == result.nobody


def test_G_c_without_any_holder_at_work_the_ticket_is_unroutable() -> None:
    gone = [replace(agent, presence=Presence.OFFLINE) for agent in (ANA, BEN)]

    result = match([T1], [*gone, CY, DEE], policy=policy(), now=NOW, limit=100)

    assert [UnroutableCause.NOBODY_ON_SHIFT] == [found.cause for found in result.nobody.values()]


def test_G5_a_skill_nobody_holds_is_named() -> None:
    wanting = a_waiting(required={"incident": 4, "api_expert": 3})

    result = match([wanting], [ANA, BEN, CY], policy=policy(), now=NOW, limit=100)

    assert [("incident",)] == [found.missing_skills for found in result.nobody.values()]


def test_G5_people_who_are_busy_are_at_work() -> None:
    busy = replace(BEN, presence=Presence.BUSY)

    result = match([T1], [busy], policy=policy(), now=NOW, limit=100)

    assert () == result.matches
    assert {} == result.nobody


def test_G3_the_better_fit_comes_before_the_emptier_desk() -> None:
    expert = an_agent("eve", skills={"billing": 5}, load=4)
    fair = an_agent("fay", skills={"billing": 4})

    assert [(1, "eve")] == matched([a_waiting(preferred={"billing": 5})], [expert, fair])


def test_G3_more_proficiency_than_is_asked_is_no_better_fit() -> None:
    expert = an_agent("eve", skills={"billing": 5}, load=4)
    fair = an_agent("fay", skills={"billing": 4})

    assert [(1, "fay")] == matched([a_waiting(required={"billing": 4})], [expert, fair])


def test_G3_a_preferred_skill_chooses_but_does_not_exclude() -> None:
    plain, senior = an_agent("abe"), an_agent("zoe", skills={"senior": 3}, capacity=1)
    wanting = [a_waiting(n, preferred={"senior": 1}) for n in (1, 2)]

    assert [(1, "zoe"), (2, "abe")] == matched(wanting, [plain, senior])


def test_G3_among_equals_the_emptier_desk_is_first() -> None:
    assert [(1, "ben")] == matched([a_waiting()], [an_agent("ana", load=1), an_agent("ben")])


def test_G3_at_equal_load_the_one_who_knows_the_ticket_is_first() -> None:
    roster = [an_agent("ana"), an_agent("ben")]

    result = match([a_waiting(previous="ben")], roster, policy=policy(), now=NOW, limit=100)

    assert [(1, "ben")] == given_out(result.matches)
    assert AssignReason.AFFINITY == result.matches[0].reason


def test_G3_then_the_one_whose_last_assignment_is_longest_ago() -> None:
    just_now = an_agent("ana", last_assigned_at=NOW)
    earlier = an_agent("ben", last_assigned_at=NOW - timedelta(minutes=5))

    assert [(1, "ben")] == matched([a_waiting()], [just_now, earlier])


def test_G14_one_of_several_skills_is_enough() -> None:
    wanting = a_waiting(any_of={"api_expert": 3, "integration_specialist": 3})
    roster = [an_agent("ana"), an_agent("ben", skills={"integration_specialist": 3})]

    assert [(1, "ben")] == matched([wanting], roster)


def test_G1_an_agent_serves_only_their_level_and_channels() -> None:
    mail = a_waiting(opened=a_ticket(ticket_id(1), channel="email"))
    roster = [
        an_agent("ana", channels=("phone",)),
        an_agent("ben", level="tier_2"),
        an_agent("cy", channels=("email", "chat")),
    ]

    assert [(1, "cy")] == matched([mail], roster)


def test_G1_a_paused_ticket_costs_a_quarter() -> None:
    nearly_full = an_agent("ana", capacity=1, load=0.75)

    assert [] == matched([a_waiting()], [nearly_full])
    assert [(1, "ana")] == matched([a_waiting(paused=True)], [nearly_full])


def test_G6_a_lowered_capacity_counts_at_once() -> None:
    lowered = an_agent("ana", capacity=6, capacity_target=4, load=5)

    assert [] == matched([a_waiting()], [lowered])


def test_G8_an_agent_who_gave_the_ticket_back_is_not_asked_again() -> None:
    roster = [an_agent("ana"), an_agent("ben", load=7)]

    assert [(1, "ben")] == matched([a_waiting(declined=["ana"])], roster)


def test_R4_a_reopened_ticket_returns_to_its_former_agent_while_there_is_room() -> None:
    again = a_waiting(reason=QueueReason.REOPENED, previous="ben")

    assert [(1, "ben")] == matched([again], [an_agent("ana"), an_agent("ben", load=7)])
    assert [(1, "ana")] == matched([again], [an_agent("ana"), an_agent("ben", load=8)])


def test_an_escalated_ticket_says_so_in_its_assignment() -> None:
    raised = a_waiting(reason=QueueReason.ESCALATION)

    result = match([raised], [an_agent("ana")], policy=policy(), now=NOW, limit=100)

    assert [AssignReason.ESCALATION] == [m.reason for m in result.matches]


def test_a_run_stops_at_its_limit_in_the_order_of_the_line() -> None:
    waiting = [a_waiting(n) for n in (3, 1, 2)]

    assert [(1, "ana"), (2, "ana")] == matched(waiting, [an_agent("ana")], limit=2)


#: What tickets ask for: few kinds, so that several tickets stand in one lane.
NEEDS: tuple[dict[str, Any], ...] = (
    {},
    {"preferred": {"senior": 1}},
    {"required": {"billing": 3}},
    {"any_of": {"api": 3, "senior": 2}, "level": "tier_2"},
)
#: What people can do.
SKILLED: tuple[dict[str, int], ...] = (
    {"billing": 4, "senior": 3},
    {},
    {"billing": 3},
    {"api": 3, "billing": 5},
)
levels = st.sampled_from(["tier_1", "tier_1", "tier_2"])
names = st.sampled_from(["a0", "a1", "a2", "a3", "a4", "a5"])


@st.composite
def rosters(draw: st.DrawFn) -> list[Agent]:
    return [
        an_agent(
            f"a{n}",
            level=draw(levels),
            skills=draw(st.sampled_from(SKILLED)),
            capacity=(capacity := draw(st.sampled_from([8, 5, 2, 0]))),
            load=min(capacity, draw(st.sampled_from([0, 0.25, 1, 4]))),
            presence=draw(st.sampled_from([*[Presence.ONLINE] * 5, *Presence])),
            last_assigned_at=draw(
                st.none() | st.integers(0, 3).map(lambda m: MONDAY_10 - timedelta(minutes=m))
            ),
        )
        for n in range(draw(st.sampled_from([3, 6, 1, 0])))
    ]


@st.composite
def lines(draw: st.DrawFn) -> list[WorkItem]:
    return [
        a_waiting(
            n,
            priority=draw(st.sampled_from(list(Priority))),
            weight=draw(st.sampled_from([1, 2, 4])),
            rank=draw(st.sampled_from([10, 50])),
            **draw(st.sampled_from(NEEDS)),
            reason=draw(st.sampled_from([QueueReason.NEW, QueueReason.REOPENED])),
            since=MONDAY_10 - timedelta(minutes=draw(st.integers(0, 3))),
            previous=draw(st.none() | names),
            declined=draw(st.lists(names, max_size=2, unique=True)),
            paused=draw(st.booleans()),
        )
        for n in range(1, draw(st.sampled_from([4, 8, 12, 1, 0])) + 1)
    ]


@given(lines(), rosters())
@settings(max_examples=30, deadline=None)
def test_H7_where_everybody_finds_somebody_each_ticket_has_its_best_agent(
    waiting: list[WorkItem], roster: list[Agent]
) -> None:
    expected = one_by_one(waiting, roster)
    assume(len(expected) == len(waiting))

    assert expected == matched(waiting, roster)


@given(lines(), rosters())
@settings(max_examples=60, deadline=None)
def test_H7_nobody_who_stands_better_is_idle_at_the_end(
    waiting: list[WorkItem], roster: list[Agent]
) -> None:
    found = match(waiting, roster, policy=policy(), now=NOW, limit=100).matches
    left = at_the_end(roster, found)
    served = {one.item.ticket_id: one for one in found}

    def content(item: WorkItem) -> float:
        """The least fit that would have been better; who is back with their former agent wants nobody."""
        one = served.get(item.ticket_id)
        if one is None:
            return -1
        return 1 if one.agent_id == item.previous_agent_id else one.skill_fit

    assert [] == [
        (item.ticket_id, agent.agent_id)
        for item in waiting
        for agent in left
        if may_take(agent, item) and skill_fit(agent, item) > content(item)
    ]


@given(lines(), rosters())
@settings(max_examples=40, deadline=None)
def test_H6_no_load_ever_passes_the_capacity(waiting: list[WorkItem], roster: list[Agent]) -> None:
    found = match(waiting, roster, policy=policy(), now=NOW, limit=100).matches

    taken = {one.agent_id for one in found}
    left = [agent for agent in at_the_end(roster, found) if agent.agent_id in taken]
    assert [agent.agent_id for agent in left if agent.load > agent.limit] == []


@given(lines(), rosters(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_H8_the_order_of_the_arguments_decides_nothing(
    waiting: list[WorkItem], roster: list[Agent], shuffled: random.Random
) -> None:
    expected = match(waiting, roster, policy=policy(), now=NOW, limit=5)
    shuffled.shuffle(waiting)
    shuffled.shuffle(roster)

    assert expected == match(waiting, roster, policy=policy(), now=NOW, limit=5)

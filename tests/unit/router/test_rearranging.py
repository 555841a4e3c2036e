"""Rearranging: what was given out in a run makes room for one more, and nobody loses by it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.domain.matching import match
from services.router.domain.roster import Agent
from services.router.domain.work import WorkItem
from shared.contracts import Customer
from shared.contracts.vocabulary import Priority, QueueReason
from tests.support.desks import NOW, a_ticket, a_waiting, an_agent, policy, ticket_id
from tests.support.yardsticks import all_that_can_be_served, in_line, one_by_one

API = {"api": 3}


def matched(waiting: list[WorkItem], roster: list[Agent]) -> dict[int, str]:
    found = match(waiting, roster, policy=policy(), now=NOW, limit=100).matches
    return {one.item.ticket_id.int: one.agent_id for one in found}


def specialist(name: str = "ana", **changes: Any) -> Agent:
    return an_agent(name, **{"skills": {"api": 4}, "capacity": 1, **changes})


def generalist(name: str = "ben", **changes: Any) -> Agent:
    return an_agent(name, **{"load": 6, "capacity": 8, **changes})


def test_G3_what_anybody_can_do_leaves_the_specialist_to_what_only_they_can() -> None:
    plain, special = a_waiting(1), a_waiting(2, required=API)
    roster = [specialist(), generalist()]

    assert {1: "ana"} == dict(one_by_one([plain, special], roster))
    assert {1: "ben", 2: "ana"} == matched([plain, special], roster)


def test_G3_without_need_the_first_in_line_keeps_the_best_agent() -> None:
    assert {1: "ana"} == matched([a_waiting(1)], [specialist(), generalist()])


def test_G3_a_chain_moves_two_tickets_for_a_third() -> None:
    line = [
        a_waiting(1, any_of={"a": 5, "b": 1}),
        a_waiting(2, any_of={"b": 5, "c": 1}),
        a_waiting(3, required={"a": 5}),
    ]
    roster = [an_agent(skill, skills={skill: 5}, capacity=1) for skill in ("a", "b", "c")]

    assert {1: "a", 2: "b"} == dict(one_by_one(line, roster))
    assert {1: "b", 2: "c", 3: "a"} == matched(line, roster)


def test_G3_the_ticket_moved_goes_to_its_next_best_agent() -> None:
    roster = [specialist(), generalist("ben", load=7), generalist("cy", load=5)]

    assert {1: "cy", 2: "ana"} == matched([a_waiting(1), a_waiting(2, required=API)], roster)


def test_G2_the_first_in_line_keeps_a_place_even_if_two_others_could_be_served() -> None:
    heavy = a_waiting(1, priority=Priority.CRITICAL, weight=2, required=API)
    light = [a_waiting(2, required=API), a_waiting(3, required=API)]

    assert {1: "ana"} == matched([heavy, *light], [specialist(capacity=2), generalist()])


def test_G1_a_heavy_ticket_takes_the_room_left_and_the_place_of_a_light_one() -> None:
    light, heavy = a_waiting(1, weight=2), a_waiting(2, weight=4, required=API)

    assert {1: "ben", 2: "ana"} == matched([light, heavy], [specialist(capacity=5), generalist()])


def test_H7_a_light_ticket_does_not_take_the_place_of_a_heavy_one() -> None:
    heavy, light = a_waiting(1, weight=4), a_waiting(2, required=API)

    assert {1: "ana"} == matched([heavy, light], [specialist(capacity=4), generalist(load=4)])


def test_G1_a_ticket_moves_only_to_somebody_under_the_cap_of_its_channel() -> None:
    def call(number: int, **asked: Any) -> WorkItem:
        return a_waiting(number, opened=a_ticket(ticket_id(number), channel="phone"), **asked)

    roster = [specialist(capacity=8), generalist(held={"phone": 1})]
    line = [call(1), call(2, required=API)]

    assert {1: "ana"} == matched(line, roster)
    assert {1: "ben", 2: "ana"} == matched(line, [roster[0], generalist()])


def test_H7_a_place_under_a_cap_is_left_only_to_the_same_channel() -> None:
    call = a_waiting(1, opened=a_ticket(ticket_id(1), channel="phone"))

    assert {1: "ana"} == matched([call, a_waiting(2, required=API)], [specialist(), generalist()])


def test_G8_a_ticket_does_not_move_to_who_gave_it_back() -> None:
    given_back = a_waiting(1, declined=["ben"])

    assert {1: "ana"} == matched(
        [given_back, a_waiting(2, required=API)], [specialist(), generalist()]
    )


def test_R4_a_ticket_that_came_back_to_its_former_agent_stays_there() -> None:
    again = a_waiting(1, reason=QueueReason.REOPENED, previous="ana")

    assert {1: "ana"} == matched([again, a_waiting(2, required=API)], [specialist(), generalist()])


def test_G11_a_ticket_that_has_its_owner_stays_there() -> None:
    customer = Customer(customer_id="acme", tier="enterprise", account_owner="ana")
    owned = a_waiting(1, opened=a_ticket(ticket_id(1), customer=customer), prefer="account_owner")

    assert {1: "ana"} == matched([owned, a_waiting(2, required=API)], [specialist(), generalist()])


def test_G6_what_an_agent_held_before_is_never_moved() -> None:
    roster = [specialist(load=1), generalist()]

    assert {1: "ben"} == matched([a_waiting(1), a_waiting(2, required=API)], roster)


SKILLS = st.sampled_from([{}, {"api": 3}, {"billing": 3}, {"api": 5, "billing": 4}, {"sso": 3}])
ASKED: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"required": {"api": 3}},
        {"required": {"billing": 3}},
        {"any_of": {"sso": 3, "billing": 4}},
        {"required": {"api": 3, "billing": 3}},
    ]
)


@st.composite
def few(draw: st.DrawFn, weights: tuple[int, ...]) -> tuple[list[WorkItem], list[Agent]]:
    """Up to eight tickets and three agents: chains of two moves are then all there are."""
    line = [
        a_waiting(
            number,
            priority=draw(st.sampled_from([Priority.HIGH, Priority.LOW])),
            weight=draw(st.sampled_from(weights)),
            **draw(ASKED),
        )
        for number in range(1, draw(st.integers(2, 8)) + 1)
    ]
    return line, [
        an_agent(name, skills=draw(SKILLS), capacity=draw(st.integers(1, 2 * max(weights))))
        for name in ("a", "b", "c")
    ]


@given(few((1,)))
@settings(max_examples=150, deadline=None)
def test_H7_with_equal_weights_as_many_are_served_as_can_be_in_the_order_of_the_line(
    few: tuple[list[WorkItem], list[Agent]],
) -> None:
    line, roster = few

    assert set(all_that_can_be_served(line, roster)) == matched(line, roster).keys()


@given(few((1, 2, 4)))
@settings(max_examples=100, deadline=None)
def test_H7_nobody_ever_loses_a_place_to_somebody_behind_them(
    few: tuple[list[WorkItem], list[Agent]],
) -> None:
    line, roster = few
    plain, served = dict(one_by_one(line, roster)), matched(line, roster)
    order = [item.ticket_id.int for item in in_line(line)]

    assert [one in served for one in order] >= [one in plain for one in order]

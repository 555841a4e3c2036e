"""How long an agent has to accept a ticket, and what comes of silence (semantics G8, X2)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.router.domain.accepting import accept_by, given_back_at, level_accept
from services.router.domain.by_hand import accept, claim, decline
from services.router.domain.decide import assigned
from services.router.domain.passing import passed
from services.router.domain.work import WorkItem, replace
from shared.contracts import Customer, TicketQueued, TicketUnassigned
from shared.contracts.vocabulary import AssignReason, Priority, QueueReason, UnassignDetail
from tests.support.builders import MONDAY_10
from tests.support.desks import a_ticket, a_waiting, after, an_agent, policy, ticket_id

MINUTE = timedelta(minutes=1)


def a_new(*, minutes: dict[str, float] | None = None) -> WorkItem:
    """A medium ticket that came to tier_1 at 10:00, with deadlines so many minutes later."""
    item = replace(a_waiting(), entered_at=MONDAY_10)
    deadlines = {metric: MONDAY_10 + left * MINUTE for metric, left in (minutes or {}).items()}
    return replace(item, deadlines=deadlines)


def given(item: WorkItem, name: str, at: datetime, *, auto_accept: bool = False) -> WorkItem:
    """`item` as the dispatcher gives it to somebody at `at`."""
    agent = an_agent(name, auto_accept=auto_accept)
    said = assigned(item, agent, AssignReason.SKILL_MATCH, at, policy=policy())
    return after(item, said, at=at)


@pytest.mark.parametrize(
    ("deadlines", "minutes"),
    [
        ({"first_response": 240}, 120),
        ({"first_response": 15, "resolution": 240}, 7.5),
        ({"resolution": 100}, 50),
        ({"first_response": 60, "next_response": 30}, 15),
        ({"first_response": 1}, 1),
        ({"first_response": -5, "resolution": 40}, 20),
    ],
)
def test_X2_a_level_accepts_within_half_of_what_the_nearest_response_clock_has_left(
    deadlines: dict[str, float], minutes: float
) -> None:
    """Never later than its own time, never sooner than a minute; what was late at entry is no reference."""
    item = a_new(minutes=deadlines)

    assert (MONDAY_10, MONDAY_10 + minutes * MINUTE) == level_accept(item, policy())


def test_X2_before_its_clocks_are_heard_of_the_matrix_says_what_to_expect() -> None:
    urgent = a_ticket(
        ticket_id(1),
        priority=Priority.CRITICAL,
        customer=Customer(customer_id="acme", tier="enterprise"),
    )
    item = replace(a_waiting(opened=urgent), entered_at=MONDAY_10)

    assert (MONDAY_10, MONDAY_10 + 7.5 * MINUTE) == level_accept(item, policy())


def test_G8_an_assignment_is_to_be_accepted_within_ten_minutes_if_nothing_presses() -> None:
    item = a_new(minutes={"first_response": 240})

    assert MONDAY_10 + 10 * MINUTE == accept_by(item, policy(), MONDAY_10)


def test_G_i_three_agents_in_turn_say_nothing() -> None:
    item = a_new(minutes={"first_response": 15, "resolution": 240})
    now, taken_back = MONDAY_10, []
    for name in ("ana", "ben", "cy"):
        item = given(item, name, now)
        now = given_back_at(item, policy()) or now
        item = after(item, *passed(item, policy(), now), at=now)
        taken_back.append(now - MONDAY_10)

    seconds = [timedelta(seconds=s) for s in (225, 337.5, 397.5)]
    assert (seconds, ("ana", "ben", "cy")) == (taken_back, item.declined)


def test_G8_silence_is_said_as_a_decline_and_queues_the_ticket() -> None:
    item = given(a_new(minutes={"first_response": 240}), "ana", MONDAY_10)
    due = MONDAY_10 + 10 * MINUTE
    gone, place = passed(item, policy(), due)

    assert isinstance(gone, TicketUnassigned)
    assert ("ana", UnassignDetail.NOT_ACCEPTED) == (gone.agent_id, gone.detail)
    assert isinstance(place, TicketQueued)
    assert QueueReason.RELEASED is place.reason
    assert [] == passed(item, policy(), due - timedelta(milliseconds=1))


def test_G8_who_declined_is_asked_again_only_after_somebody_has_accepted() -> None:
    item = given(a_new(), "ana", MONDAY_10)
    item = after(item, *decline(item, "ana", policy()))
    still = given(item, "ben", MONDAY_10)
    accepted = after(still, *accept(still, "ben", MONDAY_10))

    assert (("ana",), ("ana",), ()) == (item.declined, still.declined, accepted.declined)


def test_G8_an_accepted_ticket_is_not_taken_back() -> None:
    item = given(a_new(), "ana", MONDAY_10)
    item = after(item, *accept(item, "ana", MONDAY_10))

    assert given_back_at(item, policy()) is None
    assert [] == passed(item, policy(), MONDAY_10 + timedelta(days=1))


def test_G8_whoever_accepts_all_or_takes_a_ticket_themselves_is_not_asked() -> None:
    auto = given(a_new(), "ana", MONDAY_10, auto_accept=True)
    item = a_new()
    claimed = after(item, *claim(item, an_agent("ana"), MONDAY_10, policy()), at=MONDAY_10)

    assert (None, None) == (auto.accept_by, claimed.accept_by)


def test_G8_a_clock_that_presses_more_since_shortens_the_time_and_none_lengthens_it() -> None:
    item = given(a_new(minutes={"first_response": 240}), "ana", MONDAY_10)
    presses = replace(item, deadlines={"first_response": MONDAY_10 + 15 * MINUTE})
    stands = replace(presses, deadlines={})

    assert (10 * MINUTE, 3.75 * MINUTE, 10 * MINUTE) == tuple(
        (given_back_at(one, policy()) or MONDAY_10) - MONDAY_10 for one in (item, presses, stands)
    )

"""Load is what is held: accounting, lowered capacities, and what the world hears of it."""

from __future__ import annotations

from services.router.domain.roster import agent_updated, settle, with_limit, with_load
from services.router.domain.work import UNIT, replace
from shared.contracts import TicketAssigned, TicketPaused, TicketUnassigned
from shared.contracts.vocabulary import AssignReason, PauseReason, UnassignReason
from tests.support.builders import AGENT
from tests.support.desks import a_waiting, after, an_agent, ticket_id

ASSIGNED = TicketAssigned(
    ticket_id=ticket_id(1),
    agent_id="ana",
    team="frontline",
    queue="general",
    level="tier_1",
    weight=2,
    skill_fit=1.0,
    waited_seconds=0,
    reason=AssignReason.SKILL_MATCH,
)
PAUSED = TicketPaused(ticket_id=ticket_id(1), reason=PauseReason.WAITING_ON_THIRD_PARTY, by=AGENT)
GONE = TicketUnassigned(ticket_id=ticket_id(1), agent_id="ana", reason=UnassignReason.MANUAL)

WAITING = a_waiting(weight=2)


def test_an_assignment_loads_its_agent_and_its_end_unloads_them() -> None:
    ana = an_agent("ana", load=1)

    held = settle({"ana": ana}, WAITING, after(WAITING, ASSIGNED))
    free = settle(held, after(WAITING, ASSIGNED), after(WAITING, ASSIGNED, GONE))

    assert [3 * UNIT, 1 * UNIT] == [held["ana"].load, free["ana"].load]


def test_G1_a_pause_leaves_a_quarter_of_the_load() -> None:
    held = after(WAITING, ASSIGNED)

    changed = settle({"ana": an_agent("ana", load=2)}, held, after(held, PAUSED))

    assert UNIT // 2 == changed["ana"].load


def test_moving_a_ticket_unloads_one_and_loads_the_other() -> None:
    held = after(WAITING, ASSIGNED)
    moved = after(held, GONE, replace(ASSIGNED, agent_id="ben"))
    roster = {"ana": an_agent("ana", load=2), "ben": an_agent("ben", load=1)}

    changed = settle(roster, held, moved)

    assert {"ana": 0, "ben": 3 * UNIT} == {name: one.load for name, one in changed.items()}


def test_nothing_is_settled_when_nobody_holds_it() -> None:
    assert {} == settle({}, WAITING, replace(WAITING, declined=("ana",)))


def test_G6_a_capacity_below_the_load_becomes_a_target_that_capacity_follows_down() -> None:
    full = an_agent("ana", capacity=8, load=6)

    lowered = with_limit(full, 4 * UNIT)
    lighter = with_load(lowered, 5 * UNIT)
    done = with_load(lighter, 4 * UNIT)

    assert [(6, 4), (5, 4), (4, None)] == [
        (one.capacity // UNIT, one.capacity_target and one.capacity_target // UNIT)
        for one in (lowered, lighter, done)
    ]
    assert 0 == lowered.headroom


def test_G6_a_raised_capacity_counts_at_once() -> None:
    raised = with_limit(an_agent("ana", capacity=4, load=4), 8 * UNIT)

    assert (8 * UNIT, None, 4 * UNIT) == (raised.capacity, raised.capacity_target, raised.headroom)


def test_the_world_hears_whole_units_with_broken_ones_counted_as_whole() -> None:
    told = agent_updated(an_agent("ana", capacity=8, load=5.25))

    assert (6, 8) == (told.load, told.capacity)

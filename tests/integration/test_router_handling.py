"""The router's handler and tables: what a batch leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.domain.work import UNIT, WorkItem, WorkStatus
from services.router.store import work
from shared.contracts import (
    EscalationRaised,
    Handoff,
    TicketAssignmentRequested,
    TicketMerged,
    TicketMessageAdded,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnmerged,
)
from shared.contracts.vocabulary import (
    Complexity,
    PauseReason,
    Presence,
    Priority,
    UnroutableCause,
)
from tests.support.builders import AGENT, CUSTOMER, MESSAGE, MONDAY_10, TICKET
from tests.support.desks import a_ticket, a_waiting, ticket_id
from tests.support.router_bench import RouterBench, a_profile

pytestmark = pytest.mark.postgres

RESOLVED = TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=True)


@pytest.fixture
def bench(engine_for: Callable[[str], AsyncEngine]) -> RouterBench:
    return RouterBench(engine_for("router"))


def raised(ticket: UUID = TICKET, level: str = "tier_2") -> EscalationRaised:
    return EscalationRaised(
        ticket_id=ticket,
        escalation_id=UUID(int=7),
        level=level,
        from_level="tier_1",
        to_team="specialists",
        reason="sla_at_risk",
        evidence=[],
        audience=[],
        priority=Priority.HIGH,
        handoff=Handoff(summary="", timeline=[]),
    )


async def test_a_stored_item_comes_back_as_it_was(bench: RouterBench) -> None:
    item = a_waiting(
        7,
        required={"billing": 4},
        previous="ana",
        declined=["ben", "cy"],
        told=[UnroutableCause.MISSING_SKILL, UnroutableCause.NOBODY_ON_SHIFT],
        paused=True,
    )

    async with bench.engine.begin() as tx:
        await work.save(tx, [item], bench.policy, bench.clock.now())

    assert item == await bench.item(item.ticket_id)


async def test_a_ticket_is_queued_assigned_and_done(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket(complexity=Complexity.L2))
    await bench.dispatch()
    held = await bench.agent("ana")
    await bench.hear(RESOLVED)

    assert ["queued", "assigned", "unassigned"] == await bench.said_about_tickets()
    assert [2 * UNIT, 0] == [held.load, (await bench.agent("ana")).load]
    [entry] = await bench.history(TICKET)
    assert ("ana", "skill_match", "resolved") == (entry.agent_id, entry.reason, entry.end_reason)


async def test_G16_an_assignment_keeps_what_it_rests_on(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"), a_profile("ben", capacity=2))
    await bench.hear(a_ticket())
    await bench.dispatch()

    [entry] = await bench.history(TICKET)

    assert 2 == entry.explanation["candidates"]
    assert bench.policy.digest == entry.explanation["workflow"]
    assert {"rule", "required_skills", "skill_fit", "load_ratio"} <= entry.explanation.keys()


async def test_an_escalation_moves_an_assigned_ticket_to_the_next_level(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana"), a_profile("tom", level="tier_2", team="specialists"))
    await bench.hear(a_ticket())
    await bench.dispatch()
    await bench.hear(raised())
    await bench.dispatch()

    assert ["queued", "assigned", "unassigned", "queued", "assigned"] == (
        await bench.said_about_tickets()
    )
    assert "tom" == (await bench.item(TICKET)).agent_id
    assert [0, UNIT] == [(await bench.agent(who)).load for who in ("ana", "tom")]


async def test_H9_the_whole_life_in_one_batch_and_an_escalation_before_the_opening(
    bench: RouterBench,
) -> None:
    paused = TicketPaused(ticket_id=TICKET, reason=PauseReason.WAITING_ON_CUSTOMER, by=AGENT)
    resumed = TicketResumed(ticket_id=TICKET, reason="answered", by=CUSTOMER)
    reopened = TicketReopened(ticket_id=TICKET, by=CUSTOMER, reopened_count=1, recent_reopened=1)

    await bench.hear(raised(), a_ticket(), paused, resumed, RESOLVED, reopened)

    item = await bench.item(TICKET)
    assert item.place is not None
    assert (WorkStatus.WAITING, "tier_2") == (item.status, item.place.level)
    assert ["queued", "queued"] == await bench.said_about_tickets()


async def test_what_says_nothing_about_work_leaves_no_trace(bench: RouterBench) -> None:
    message = TicketMessageAdded(
        ticket_id=TICKET, message_id=MESSAGE, author=CUSTOMER, public=True, at=MONDAY_10
    )

    await bench.hear(message)

    assert [] == await bench.rows("SELECT 1 FROM work_item")


async def test_a_repeat_after_a_restored_database_says_the_same_ids(bench: RouterBench) -> None:
    """The ids of what follows depend on the cause alone."""
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    await bench.dispatch()
    first = {e.id for e in await bench.said() if e.topic == "support.assignments"}
    async with bench.engine.begin() as tx:
        await tx.exec_driver_sql("DELETE FROM outbox")
        await tx.exec_driver_sql("DELETE FROM work_item")
        await tx.exec_driver_sql("DELETE FROM assignment")
        await tx.exec_driver_sql("UPDATE agent SET load = 0")
    bench._sequence = 0
    await bench.hear(a_ticket())
    await bench.dispatch()

    assert first == {e.id for e in await bench.said() if e.topic == "support.assignments"}


async def test_every_change_of_an_agent_is_said_once_a_transaction(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(*(a_ticket(ticket_id(n)) for n in (1, 2, 3)))
    await bench.dispatch()

    updates = [event.payload for event in await bench.said() if event.topic == "support.agents"]

    assert [0, 3] == [getattr(update, "load", None) for update in updates]


async def test_H6_the_table_refuses_a_load_above_the_capacity(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))

    with pytest.raises(IntegrityError, match="agent_load_within_capacity"):
        async with bench.engine.begin() as tx:
            await tx.exec_driver_sql("UPDATE agent SET load = capacity + 1")


async def test_H15_the_table_refuses_a_second_assignee(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    await bench.dispatch()

    with pytest.raises(IntegrityError, match="assignment_one_a_ticket"):
        async with bench.engine.begin() as tx:
            await tx.exec_driver_sql(
                "INSERT INTO assignment SELECT gen_random_uuid(), ticket_id, 'ben', assigned_at,"
                " reason, explanation FROM assignment"
            )


async def test_an_unknown_agent_of_the_roster_is_met_offline(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana", presence=None))

    assert Presence.OFFLINE == (await bench.agent("ana")).presence


async def test_a_ticket_never_opened_here_is_remembered_but_does_not_wait(
    bench: RouterBench,
) -> None:
    await bench.hear(raised())

    item: WorkItem = await bench.item(TICKET)

    assert WorkStatus.UNOPENED == item.status
    assert [] == await bench.said_about_tickets()


def wish(assignee: str) -> TicketAssignmentRequested:
    return TicketAssignmentRequested(ticket_id=TICKET, assignee=assignee, by=AGENT)


def refusals(bench: RouterBench, reason: str) -> float | None:
    return bench.catalogue.registry.get_sample_value(
        "tierline_assignment_requests_refused_total", {"service": "router", "reason": reason}
    )


async def test_who_took_the_ticket_in_its_channel_has_it_here(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket(), wish("ana"))

    [assignment] = await bench.history(TICKET)

    assert ["queued", "assigned"] == await bench.said_about_tickets()
    assert ("ana", "manual", "ana") == (
        assignment.agent_id,
        assignment.reason,
        assignment.explanation["by"],
    )
    assert UNIT == (await bench.agent("ana")).load


async def test_a_wish_for_nobody_we_know_leaves_the_ticket_waiting_and_is_counted(
    bench: RouterBench,
) -> None:
    await bench.hear(a_ticket(), wish("zoe"))

    assert WorkStatus.WAITING == (await bench.item(TICKET)).status
    assert 1 == refusals(bench, "Unknown agent")


async def test_G6_a_wish_beyond_the_capacity_leaves_the_ticket_waiting_and_is_counted(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana", capacity=1))
    await bench.hear(a_ticket(ticket_id(2)))
    await bench.dispatch()
    await bench.hear(a_ticket(), wish("ana"))

    assert WorkStatus.WAITING == (await bench.item(TICKET)).status
    assert 1 == refusals(bench, "Beyond capacity")


async def test_two_wishes_in_one_batch_are_two_assignments_of_which_one_is_over(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana"), a_profile("ben"))
    await bench.hear(a_ticket(), wish("ana"), wish("ben"))

    ended = {one.agent_id: one.end_reason for one in await bench.history(TICKET)}

    assert {"ana": "manual", "ben": None} == ended
    assert (0, UNIT) == ((await bench.agent("ana")).load, (await bench.agent("ben")).load)


async def test_M4_an_unmerged_ticket_waits_for_somebody_again(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    await bench.dispatch()
    await bench.hear(TicketMerged(ticket_id=TICKET, into_ticket_id=ticket_id(2)))
    load = (await bench.agent("ana")).load
    await bench.hear(TicketUnmerged(ticket_id=TICKET, from_ticket_id=ticket_id(2)))
    await bench.dispatch()

    assert (0, UNIT) == (load, (await bench.agent("ana")).load)

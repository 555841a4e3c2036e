"""Who takes a ticket from a page gets it, if they are an agent and the rules of a claim allow it (semantics G6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.domain.work import UNIT, WorkStatus
from shared.contracts import (
    NotificationAnswered,
    TicketAssigned,
    TicketAssignmentRefused,
    TicketResolved,
)
from shared.contracts.vocabulary import Answer
from tests.support.builders import AGENT, TICKET, a
from tests.support.desks import a_ticket, ticket_id
from tests.support.router_bench import RouterBench, a_profile

pytestmark = pytest.mark.postgres


@pytest.fixture
def bench(engine_for: Callable[[str], AsyncEngine]) -> RouterBench:
    return RouterBench(engine_for("router"))


def taking(by: str, answer: Answer = Answer.TAKE) -> NotificationAnswered:
    return a(NotificationAnswered, ticket_id=TICKET, recipient_id=by, answer=answer, until=None)


async def said(bench: RouterBench, kind: type[Any]) -> list[Any]:
    return [e.payload for e in await bench.said() if isinstance(e.payload, kind)]


async def test_an_agent_who_takes_a_waiting_ticket_has_it_as_by_a_claim(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    await bench.hear(taking("ana"))

    [given] = await said(bench, TicketAssigned)
    assert ("ana", True) == (given.agent_id, given.claimed)
    assert UNIT == (await bench.agent("ana")).load


async def test_taking_it_twice_assigns_it_once(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    await bench.hear(taking("ana"))
    await bench.hear(taking("ana"))

    assert 1 == len(await said(bench, TicketAssigned))
    assert [] == await said(bench, TicketAssignmentRefused)


async def test_who_comes_second_is_told_that_somebody_has_it(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"), a_profile("ben"))
    await bench.hear(a_ticket())
    await bench.hear(taking("ana"), taking("ben"))

    [refused] = await said(bench, TicketAssignmentRefused)
    assert ("ben", "somebody_has_it") == (refused.agent_id, refused.reason)
    assert "ana" == (await bench.item(TICKET)).agent_id


async def test_G6_nobody_takes_more_than_their_capacity_and_that_is_said(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana", capacity=1))
    await bench.hear(a_ticket(ticket_id(2)))
    await bench.dispatch()
    await bench.hear(a_ticket())
    await bench.hear(taking("ana"))

    [refused] = await said(bench, TicketAssignmentRefused)
    assert "beyond_capacity" == refused.reason
    assert WorkStatus.WAITING == (await bench.item(TICKET)).status


async def test_a_manager_who_takes_it_is_no_agent_and_nothing_is_refused(
    bench: RouterBench,
) -> None:
    await bench.hear(a_ticket())
    await bench.hear(taking("mara"))

    assert [] == await said(bench, TicketAssignmentRefused)
    assert WorkStatus.WAITING == (await bench.item(TICKET)).status


async def test_a_ticket_that_is_solved_by_now_is_not_taken(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket(), TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=True))
    await bench.hear(taking("ana"))

    assert ["ticket_is_not_open"] == [r.reason for r in await said(bench, TicketAssignmentRefused)]


@pytest.mark.parametrize("answer", [Answer.SNOOZE, Answer.ESCALATE])
async def test_other_answers_move_no_ticket(bench: RouterBench, answer: Answer) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    await bench.hear(taking("ana", answer))

    assert WorkStatus.WAITING == (await bench.item(TICKET)).status

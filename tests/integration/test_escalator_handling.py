"""The escalator's handler, timers and tables: what a batch and what time leave behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from services.escalator import store
from services.escalator.domain.case import Case
from shared.contracts import (
    Change,
    EscalationRaised,
    NotificationAcknowledged,
    SlaBreached,
    SlaWarning,
    TicketAssigned,
    TicketClosed,
    TicketEscalationRequested,
    TicketOpened,
    TicketRated,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
)
from shared.contracts.vocabulary import CloseReason
from shared.ids import derived_id
from tests.support.builders import AGENT, CUSTOMER, MONDAY_10, SYSTEM, TICKET, a
from tests.support.cases import at, message, opened
from tests.support.escalator_bench import PARTITION, EscalatorBench

pytestmark = pytest.mark.postgres

ESCALATION = derived_id(TICKET, "escalation:0")


@pytest.fixture
def bench(engine_for: Callable[[str], AsyncEngine]) -> EscalatorBench:
    return EscalatorBench(engine_for("escalator"))


def numbered(number: int) -> TicketOpened:
    return msgspec.structs.replace(opened("critical", "enterprise"), ticket_id=UUID(int=number))


async def test_a_stored_case_comes_back_as_it_was(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"))
    await bench.pass_to(at("10:12"))
    case = await bench.case(TICKET)

    async with bench.engine.begin() as tx:
        await store.save(tx, [case], {TICKET: None})

    assert case == await bench.case(TICKET)
    assert case.open_escalation is not None


async def test_a_batch_takes_the_same_few_statements_whatever_its_size(
    bench: EscalatorBench,
) -> None:
    counts = []
    for size in (1, 50):
        statements: list[str] = []

        def count(
            _c: object, _k: object, sql: str, *_: object, into: list[str] = statements
        ) -> None:
            into.append(sql)

        event.listen(bench.engine.sync_engine, "before_cursor_execute", count)
        await bench.hear(*(numbered(100 * size + n) for n in range(size)))
        event.remove(bench.engine.sync_engine, "before_cursor_execute", count)
        counts.append(sum("sla_case" in sql or "escalation" in sql for sql in statements))

    assert [3, 3] == counts


async def test_a_ticket_starts_its_clocks_and_knows_when_it_is_due(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"))

    assert ["sla.started", "sla.started"] == await bench.names()
    assert [(PARTITION, "open", "tier_1", at("10:07:30"))] == await bench.rows(
        "SELECT partition, status, level, next_due_at FROM sla_case"
    )


async def test_what_falls_due_is_said_once_with_its_own_time(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"))

    await bench.pass_to(at("10:12:00.200"))

    assert [
        "sla.started",
        "sla.started",
        "sla.warning",
        "sla.warning",
        "sla.warning",
        "escalation.raised",
    ] == await bench.names()
    said = await bench.said()
    assert [at("10:07:30"), at("10:11:15"), at("10:12"), at("10:12")] == [e.time for e in said[2:]]
    await bench.fire()
    assert len(said) == len(await bench.said())


async def test_an_escalation_has_a_row_while_it_lives_and_after(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"))
    await bench.pass_to(at("10:12"))
    assert [("open", "tier_2", "sla_at_risk", at("10:13:30"))] == await bench.rows(
        "SELECT status, level, reason, acknowledge_by FROM escalation"
    )

    await bench.hear(
        TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False), at=at("10:12:30")
    )

    assert [("resolved", "tier_2", None, "ticket_resolved")] == await bench.rows(
        "SELECT status, level, acknowledge_by, outcome FROM escalation"
    )


async def test_one_escalation_may_end_and_another_begin_in_one_batch(
    bench: EscalatorBench,
) -> None:
    await bench.hear(opened("critical", "enterprise"))
    await bench.pass_to(at("10:12"))

    await bench.hear(
        TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False),
        a(TicketOpened, ticket_id=UUID(int=5), signals=["legal"]),
    )

    assert [("resolved",), ("open",)] == await bench.rows(
        "SELECT status FROM escalation ORDER BY status DESC"
    )


async def test_a_ticket_may_be_raised_solved_reopened_and_raised_in_one_batch(
    bench: EscalatorBench,
) -> None:
    await bench.hear(
        opened("critical", "enterprise", signals=["legal"]),
        TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False),
        TicketReopened(ticket_id=TICKET, by=CUSTOMER, reopened_count=1, recent_reopened=3),
        TicketEscalationRequested(ticket_id=TICKET, by=AGENT, reason="manager_requested"),
        TicketRated(ticket_id=TICKET, score=1, comment_given=False),
    )

    statuses = await bench.rows("SELECT status, count(*) FROM escalation GROUP BY status")
    assert {"resolved": 1, "open": 1} == dict(statuses)


async def test_T3_L10_a_late_fact_may_end_an_escalation_and_begin_another_in_one_breath(
    bench: EscalatorBench,
) -> None:
    """At 10:48 the first response was at risk. That it was critical since 10:40, and so late already, takes
    that back.
    """
    await bench.hear(opened("high", "enterprise"))
    await bench.pass_to(at("10:50"))
    dearer = {"priority": Change(from_="high", to="critical")}
    await bench.hear(
        TicketReclassified(ticket_id=TICKET, changes=dearer, reason="x", by=AGENT), at=at("10:40")
    )

    assert [("resolved", "cancelled"), ("open", None)] == await bench.rows(
        "SELECT status, outcome FROM escalation ORDER BY status DESC"
    )
    said = await bench.names()
    assert said.index("escalation.resolved") < max(
        place for place, name in enumerate(said) if name == "escalation.raised"
    )


async def test_L4_an_acknowledgement_arrives_as_an_event(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"))
    await bench.pass_to(at("10:12"))
    await bench.clock.move_to(at("10:12:30"))

    await bench.hear(a(NotificationAcknowledged, ticket_id=TICKET, escalation_id=ESCALATION))

    assert "escalation.acknowledged" == (await bench.names())[-1]
    assert [("acknowledged", "maria", at("10:12:30"))] == await bench.rows(
        "SELECT status, acknowledged_by, acknowledged_at FROM escalation"
    )


async def test_a_lagging_log_never_reports_a_false_breach(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"))
    bench.log.behind, bench.log.heard_to = True, at("10:14")

    await bench.pass_to(at("10:15:30"))
    await bench.hear(message(1, AGENT), at=at("10:14:30"))
    bench.log.behind = False
    await bench.fire()

    assert not [e for e in await bench.said() if isinstance(e.payload, SlaBreached)]


async def test_ruling_1_a_case_held_too_long_fires_by_the_clock(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"))
    bench.log.behind, bench.log.owned = True, frozenset()

    await bench.pass_to(at("10:16:59"))
    assert not [e for e in await bench.said() if isinstance(e.payload, SlaBreached)]
    await bench.pass_to(at("10:17:00"))

    [breach] = [e for e in await bench.said() if isinstance(e.payload, SlaBreached)]
    assert isinstance(breach.payload, SlaBreached)
    assert (at("10:15"), True) == (breach.time, breach.payload.provisional)


async def test_cases_of_partitions_somebody_else_owns_are_left_alone(
    bench: EscalatorBench,
) -> None:
    await bench.hear(opened("critical", "enterprise"))
    bench.log.owned = frozenset({PARTITION + 1})

    await bench.pass_to(at("10:12"))

    assert ["sla.started", "sla.started"] == await bench.names()


async def test_a_case_that_somebody_else_holds_is_not_waited_for(
    bench: EscalatorBench, engine_for: Callable[[str], AsyncEngine]
) -> None:
    await bench.hear(numbered(1), numbered(2))
    await bench.clock.move_to(at("10:07:30"))

    async with engine_for("escalator").begin() as tx:
        assert await store.lock(tx, UUID(int=1)) is not None
        await bench.fire()

    warned = [e.payload for e in await bench.said() if isinstance(e.payload, SlaWarning)]
    assert [UUID(int=2)] == [payload.ticket_id for payload in warned]


async def test_more_than_one_batch_of_cases_may_be_due(bench: EscalatorBench) -> None:
    await bench.hear(*(numbered(n) for n in range(1, 251)))

    await bench.pass_to(at("10:07:30"))

    assert 250 == (await bench.names()).count("sla.warning")


async def test_a_case_that_cannot_be_worked_on_does_not_hold_up_the_others(
    bench: EscalatorBench,
) -> None:
    await bench.hear(numbered(1), numbered(2))
    case = await bench.case(UUID(int=1))
    broken = msgspec.structs.replace(
        case.timeline.clocks[0], running_since=at("10:00").replace(tzinfo=None)
    )
    timeline = msgspec.structs.replace(case.timeline, clocks=(broken,))
    async with bench.engine.begin() as tx:
        damaged: Case = msgspec.structs.replace(case, timeline=timeline)
        await store.save(tx, [damaged], {UUID(int=1): MONDAY_10})

    await bench.pass_to(at("10:07:30"))

    assert 1 == (await bench.names()).count("sla.warning")
    assert [(at("10:08:30"),)] == await bench.rows(
        "SELECT next_due_at FROM sla_case WHERE ticket_id = '00000000-0000-0000-0000-000000000001'"
    )


async def test_H9_an_assignment_may_come_before_its_ticket(bench: EscalatorBench) -> None:
    await bench.hear(a(TicketAssigned, ticket_id=TICKET))
    assert [("unopened", None)] == await bench.rows("SELECT status, next_due_at FROM sla_case")

    await bench.hear(opened("critical", "enterprise"))

    assert ["sla.started", "sla.started"] == await bench.names()
    assert "ana" == (await bench.case(TICKET)).ticket.assignee


async def test_T3_a_fact_beyond_retention_is_counted_and_changes_nothing(
    bench: EscalatorBench,
) -> None:
    await bench.hear(opened("critical", "enterprise"), message(1, AGENT))
    await bench.hear(TicketClosed(ticket_id=TICKET, by=SYSTEM, reason=CloseReason.CONFIRMED))
    await bench.pass_to(MONDAY_10 + timedelta(days=7))
    before = await bench.names()

    await bench.hear(message(2, AGENT), at=MONDAY_10 - timedelta(minutes=1))

    assert before == await bench.names()
    assert 1 == bench.metrics.late_facts.one._value.get()


async def test_X9_a_raise_hands_over_what_must_be_known(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"))
    await bench.pass_to(at("10:12"))

    [raised] = [e.payload for e in await bench.said() if isinstance(e.payload, EscalationRaised)]

    assert ["opened", "sla.started", "sla.started"] == [
        entry.kind for entry in raised.handoff.timeline
    ][:3]
    assert ["answer_customer", "resolve"] == raised.handoff.next_steps
    assert "critical account ticket of an enterprise customer" in raised.handoff.summary
    assert "first_response by 2026-06-01T10:15:00Z" == raised.handoff.expectation

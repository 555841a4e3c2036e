"""Repeats, gaps, late and truncated streams: every event of a ticket once, in order (reliability 2.6)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import FakeClock
from shared.contracts import ESCALATIONS, TICKETS
from shared.db import dead_letters
from shared.db.dead_letters import Reason
from shared.kafka.memory import MemoryBroker
from tests.support.toy import Toy, a_message, a_ticket, an_ending, publish, said


async def reasons(toy: Toy) -> list[Reason]:
    async with toy.engine.begin() as tx:
        return [parked.reason for parked in await dead_letters.list_parked(tx)]


async def test_events_are_applied_in_order_and_answered(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(ticket, n) for n in (1, 2, 3) for ticket in (1, 2)])
    toy = Toy(engine, broker, clock)
    await toy.settle()

    assert [1, 2, 3] == await toy.applied(1)
    assert [1, 2, 3] == await toy.applied(2)
    assert [1, 2, 3] == [event.sequence for event in said(broker)[str(a_ticket(1))]]
    assert {6} == {len(batch.events) for batch in toy.batches}


async def test_ruling_2_a_repeat_is_applied_once(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1), a_message(1, 1), a_message(1, 2))
    toy = Toy(engine, broker, clock)
    await toy.settle()
    publish(broker, a_message(1, 1), a_message(1, 2), a_message(1, 3))
    await toy.settle()

    assert [1, 2, 3] == await toy.applied(1)
    assert toy.metric("inbox_duplicates_total") == 3
    assert [] == await reasons(toy)


async def test_ruling_2_a_gap_is_counted_and_parks_what_stands_behind_it(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1), a_message(1, 3), a_message(1, 4), a_message(2, 1))
    toy = Toy(engine, broker, clock)
    await toy.settle()

    assert [1] == await toy.applied(1)
    assert [1] == await toy.applied(2)
    assert [Reason.GAP, Reason.STALLED] == await reasons(toy)
    assert toy.metric("sequence_gaps_total", topic=TICKETS) == 1


async def test_ruling_2_the_missing_event_releases_what_waited_in_order(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    publish(broker, a_message(1, 1), a_message(1, 3), a_message(1, 4))
    await toy.settle()
    publish(broker, a_message(1, 2))
    await toy.settle()
    publish(broker, a_message(1, 5))
    await toy.settle()

    assert [1, 2, 3, 4, 5] == await toy.applied(1)
    assert [] == await reasons(toy)
    assert 5 == len(said(broker)[str(a_ticket(1))])


async def test_ruling_2_several_gaps_close_in_any_order(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    for sequence in (1, 4, 7, 3, 6, 2, 5):
        publish(broker, a_message(1, sequence))
        await toy.settle()

    assert [1, 2, 3, 4, 5, 6, 7] == await toy.applied(1)
    assert [] == await reasons(toy)


async def test_a_gap_on_one_topic_holds_the_tickets_other_topic_too(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    publish(broker, a_message(1, 1), a_message(1, 3))
    await toy.settle()
    publish(broker, an_ending(1, 1))
    await toy.settle()
    assert [] == await toy.applied(1, ESCALATIONS)
    publish(broker, a_message(1, 2))
    await toy.settle()

    assert [1, 2, 3] == await toy.applied(1)
    assert [1] == await toy.applied(1, ESCALATIONS)


async def test_a_ticket_first_met_above_one_is_truncated_not_a_gap(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 5), a_message(1, 6))
    toy = Toy(engine, broker, clock)
    await toy.settle()

    assert [5, 6] == await toy.applied(1)
    assert toy.metric("sequence_truncated_total", topic=TICKETS) == 1
    assert toy.metric("sequence_gaps_total", topic=TICKETS) == 0


async def test_an_unknown_event_behind_the_last_applied_is_parked_as_late(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 5))
    toy = Toy(engine, broker, clock)
    await toy.settle()
    publish(broker, a_message(1, 4))
    await toy.settle()

    assert [5] == await toy.applied(1)
    assert [Reason.LATE] == await reasons(toy)
    assert toy.metric("sequence_late_total", topic=TICKETS) == 1


async def test_an_operator_may_accept_a_gap(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    publish(broker, a_message(1, 1), a_message(1, 3), a_message(1, 4))
    await toy.settle()
    async with engine.begin() as tx:
        await dead_letters.request_release(tx, clock.now(), key=str(a_ticket(1)))
    await clock.advance(timedelta(seconds=1))
    await toy.settle()

    assert [1, 3, 4] == await toy.applied(1)
    assert [] == await reasons(toy)

"""Poison: found, parked with its traceback, stalls its own ticket only, can be released (reliability 2.12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import FakeClock
from shared.contracts import TICKETS, FollowUp, encode
from shared.db import dead_letters
from shared.db.dead_letters import Parked, Reason
from shared.db.engine import Transaction
from shared.kafka.memory import MemoryBroker
from shared.runtime.batch import Batch
from shared.runtime.errors import HaltedError
from shared.settings import DeadLetterSettings, ServiceSettings
from tests.support.toy import Toy, a_message, a_ticket, publish, said


def poisonous(*poisoned: tuple[int, int]) -> Callable[[Batch], None]:
    """A check that raises for these (ticket, sequence)."""
    bad = {(str(a_ticket(ticket)), sequence) for ticket, sequence in poisoned}

    def check(batch: Batch) -> None:
        for event in batch.events:
            if (event.subject, event.sequence) in bad:
                raise ZeroDivisionError(f"sequence {event.sequence} is bad")

    return check


async def parked(toy: Toy) -> list[Parked]:
    async with toy.engine.begin() as tx:
        return await dead_letters.list_parked(tx)


async def release(toy: Toy, ticket: int) -> None:
    async with toy.engine.begin() as tx:
        await dead_letters.request_release(tx, toy.clock.now(), key=str(a_ticket(ticket)))
    await toy.clock.advance(timedelta(seconds=1))
    await toy.settle()


async def test_a_poisonous_event_stalls_its_own_ticket_only(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(ticket, n) for n in (1, 2, 3) for ticket in range(1, 9)])
    toy = Toy(engine, broker, clock, before=poisonous((5, 2)))
    await toy.settle()

    assert [1] == await toy.applied(5)
    for ticket in (1, 2, 3, 4, 6, 7, 8):
        assert [1, 2, 3] == await toy.applied(ticket)
        assert [1, 2, 3] == [event.sequence for event in said(broker)[str(a_ticket(ticket))]]
    assert [Reason.POISON, Reason.STALLED] == [one.reason for one in await parked(toy)]


async def test_a_parked_event_keeps_its_traceback(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1))
    toy = Toy(engine, broker, clock, before=poisonous((1, 1)))
    await toy.settle()
    (letter,) = await parked(toy)

    assert "ZeroDivisionError: sequence 1 is bad" in letter.error
    assert "in check" in letter.error
    assert encode(a_message(1, 1)) == letter.raw


async def test_released_events_follow_in_order_through_the_same_handler(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(1, n) for n in (1, 2, 3)])
    toy = Toy(engine, broker, clock, before=poisonous((1, 1)))
    await toy.settle()
    toy.before = lambda _: None
    await release(toy, 1)

    assert [1, 2, 3] == await toy.applied(1)
    assert [1, 2, 3] == [event.sequence for event in said(broker)[str(a_ticket(1))]]
    assert [] == await parked(toy)


async def test_a_release_that_fails_again_waits_with_the_new_error(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(1, n) for n in (1, 2, 3)])
    toy = Toy(engine, broker, clock, before=poisonous((1, 1)))
    await toy.settle()
    toy.before = poisonous((1, 2))
    await release(toy, 1)
    letters = await parked(toy)

    assert [1] == await toy.applied(1)
    assert [Reason.POISON, Reason.STALLED] == [letter.reason for letter in letters]
    assert "sequence 2 is bad" in letters[0].error


async def test_bytes_that_are_no_event_are_parked_and_stall_their_key_only(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    broker.append(TICKETS, str(a_ticket(1)), b"\x00\xff no event")
    broker.append(TICKETS, None, b"{}")
    publish(broker, a_message(1, 1), a_message(2, 1))
    toy = Toy(engine, broker, clock)
    await toy.settle()

    assert [] == await toy.applied(1)
    assert [1] == await toy.applied(2)
    assert {Reason.UNDECODABLE, Reason.STALLED} == {letter.reason for letter in await parked(toy)}


async def test_an_unknown_version_is_parked_and_never_dropped(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    newer = encode(a_message(1, 1)).replace(b"message_added.v1", b"message_added.v9")
    broker.append(TICKETS, str(a_ticket(1)), newer)
    toy = Toy(engine, broker, clock)
    await toy.settle()
    (letter,) = await parked(toy)

    assert Reason.UNDECODABLE is letter.reason
    assert newer == letter.raw


class NulToy(Toy):
    """Writes a text about ticket 1 that PostgreSQL refuses."""

    async def handle(self, tx: Transaction, batch: Batch) -> Sequence[FollowUp]:
        if str(a_ticket(1)) in batch.subjects:
            await tx.exec_driver_sql("INSERT INTO toy (topic) VALUES ($1)", ("a\0b",))
        return await super().handle(tx, batch)


async def test_a_nul_that_only_postgresql_refuses_is_found_as_poison(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1), a_message(2, 1))
    toy = NulToy(engine, broker, clock)
    await toy.settle()

    assert [1] == await toy.applied(2)
    assert [Reason.POISON] == [letter.reason for letter in await parked(toy)]


async def test_a_batch_that_is_all_poison_halts_and_drains_nothing(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(ticket, 1) for ticket in range(1, 8)])
    poison = poisonous(*[(ticket, 1) for ticket in range(1, 8)])
    toy = Toy(engine, broker, clock, before=poison)
    with pytest.raises(HaltedError, match="in a row"):
        await toy.settle()
    assert [] == await parked(toy)
    mended = Toy(engine, broker, clock)
    broker.expel()
    await mended.settle()

    for ticket in range(1, 8):
        assert [1] == await mended.applied(ticket)


async def test_the_limit_can_be_raised_to_park_them_all(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(ticket, 1) for ticket in range(1, 8)])
    limits = DeadLetterSettings(max_in_a_row=100, max_ratio=1)
    toy = Toy(
        engine,
        broker,
        clock,
        settings=ServiceSettings(dead_letters=limits),
        before=poisonous(*[(ticket, 1) for ticket in range(1, 8)]),
    )
    await toy.settle()

    assert 7 == len(await parked(toy))

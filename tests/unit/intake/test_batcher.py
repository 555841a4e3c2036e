"""Group commit: who shares a transaction, and what a failing neighbour costs (ADR 0002)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from services.intake import batcher
from services.intake.batcher import QUEUE, Batcher, UnavailableError
from services.intake.domain.delivery import Answer, Delivery, Disposition, Outcome

DONE = Answer((Outcome(outcome=Disposition.ACCEPTED),))
PARKED = Answer((Outcome(outcome=Disposition.PARKED),))


@dataclass
class Database:
    """Stores groups when let; fails for whom it is told to fail."""

    groups: list[list[str]] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    poison: frozenset[str] = frozenset()
    error: Exception | None = None
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def store(self, deliveries: Sequence[Delivery]) -> list[Answer]:
        keys = [delivery.dedupe_key for delivery in deliveries]
        self.groups.append(keys)
        await self.open.wait()
        if self.error:
            raise self.error
        if bad := self.poison.intersection(keys):
            raise ValueError(min(bad))
        self.stored += keys
        return [DONE] * len(keys)

    async def park(self, delivery: Delivery, error: Exception) -> Answer:
        self.parked.append(f"{delivery.dedupe_key}: {error}")
        return PARKED


@pytest.fixture
def database() -> Database:
    return Database()


def make(database: Database, *, lanes: int = 1) -> Batcher:
    return Batcher(database.store, database.park, lanes=lanes, on_group=lambda _size: None)


def a_delivery(key: str, *, is_api: bool = False) -> Delivery:
    return Delivery(source="test", dedupe_key=key, raw=b"", is_api=is_api)


async def settled(*waiting: asyncio.Task[Answer]) -> list[Answer | BaseException]:
    async with asyncio.timeout(5):
        return list(await asyncio.gather(*waiting, return_exceptions=True))


async def crowd(made: Batcher, keys: str, *, is_api: bool = False) -> list[asyncio.Task[Answer]]:
    async def alone(key: str) -> Answer:
        [answer] = await made.submit([a_delivery(key, is_api=is_api)])
        return answer

    tasks = [asyncio.create_task(alone(key)) for key in keys]
    await asyncio.sleep(0)
    return tasks


async def test_a_lone_request_does_not_wait_for_others(database: Database) -> None:
    database.open.set()

    assert await make(database).submit([a_delivery("a")]) == [DONE]
    assert database.groups == [["a"]]


async def test_who_comes_as_soon_as_a_lane_is_through_is_not_forgotten(database: Database) -> None:
    made = make(database)
    database.open.set()

    async with asyncio.timeout(5):
        for key in "abc":
            await made.submit([a_delivery(key)])

    assert database.groups == [["a"], ["b"], ["c"]]


async def test_who_comes_while_a_lane_is_busy_shares_the_next_commit(database: Database) -> None:
    made = make(database)
    first = await crowd(made, "a")
    await asyncio.sleep(0)
    rest = await crowd(made, "bcd")
    database.open.set()

    assert await settled(*first, *rest) == [DONE] * 4
    assert database.groups == [["a"], ["b", "c", "d"]]


async def test_a_second_lane_works_for_a_queue_while_the_first_is_busy(database: Database) -> None:
    made = make(database, lanes=2)
    tasks = await crowd(made, "a")
    await asyncio.sleep(0)
    tasks += await crowd(made, "b" * (QUEUE - 1))
    before = len(database.groups)
    tasks += await crowd(made, "b")
    await asyncio.sleep(0)

    assert (before, len(database.groups)) == (1, 2)
    database.open.set()
    assert await settled(*tasks) == [DONE] * (QUEUE + 1)


async def test_a_failing_group_is_halved_until_the_culprit_stands_alone(database: Database) -> None:
    database.poison = frozenset("d")
    made = make(database)
    tasks = await crowd(made, "abcdef")
    database.open.set()

    answers = await settled(*tasks)

    assert answers == [DONE, DONE, DONE, PARKED, DONE, DONE]
    assert sorted(database.stored) == ["a", "b", "c", "e", "f"]
    assert database.parked == ["d: d"]


async def test_our_own_apis_culprit_is_told_its_error(database: Database) -> None:
    database.poison = frozenset("a")
    database.open.set()
    [task] = await crowd(make(database), "a", is_api=True)

    [answer] = await settled(task)

    assert isinstance(answer, ValueError)
    assert database.parked == []


async def test_a_database_that_is_away_promises_nothing_and_is_not_asked_again(
    database: Database,
) -> None:
    database.error = ConnectionRefusedError()
    database.open.set()
    tasks = await crowd(make(database), "ab")

    answers = await settled(*tasks)

    assert [type(answer) for answer in answers] == [UnavailableError, UnavailableError]
    assert database.groups == [["a", "b"]]


async def test_a_caller_who_has_gone_does_not_disturb_the_others(database: Database) -> None:
    made = make(database)
    gone, stays = await crowd(made, "ab")
    await asyncio.sleep(0)
    gone.cancel()
    database.open.set()

    [_, answer] = await settled(gone, stays)

    assert answer == DONE
    assert database.stored == ["a", "b"]


async def test_more_than_may_wait_are_turned_away(database: Database) -> None:
    made = make(database)
    in_hand = await crowd(made, "a")
    await asyncio.sleep(0)
    waiting = await crowd(made, "b" * batcher.MOST_WAITING)

    with pytest.raises(UnavailableError):
        await made.submit([a_delivery("one too many")])

    database.open.set()
    assert await settled(*in_hand, *waiting) == [DONE] * (1 + batcher.MOST_WAITING)


async def test_large_bodies_do_not_share_a_commit(database: Database) -> None:
    made = make(database)
    first = await crowd(made, "a")
    await asyncio.sleep(0)
    half = bytes(batcher.GROUP_BYTES // 2)
    large = [Delivery(source="test", dedupe_key=key, raw=half) for key in "bcd"]
    waiting = [asyncio.create_task(made.submit([one])) for one in large]
    await asyncio.sleep(0)
    database.open.set()
    await settled(*first)
    await asyncio.gather(*waiting)

    assert database.groups == [["a"], ["b", "c"], ["d"]]


@dataclass
class SlowDatabase(Database):
    """Takes a while for every group."""

    async def store(self, deliveries: Sequence[Delivery]) -> list[Answer]:
        await asyncio.sleep(0.2)
        return [DONE] * len(deliveries)


async def test_who_would_wait_too_long_is_turned_away_at_the_door() -> None:
    slow = make(SlowDatabase())
    await slow.submit(
        [a_delivery("a")]
    )  # five a second: in a second and a half there is no room for many
    full = await crowd(slow, "b" * (batcher.LEAST_ROOM + 1))

    assert slow.is_full
    await settled(*full)
    assert not slow.is_full


async def test_a_fast_database_has_room_for_many(database: Database) -> None:
    database.open.set()
    fast = make(database)
    await settled(*await crowd(fast, "a" * 200))
    many = await crowd(fast, "b" * 400)
    await asyncio.sleep(0)

    assert not fast.is_full
    await settled(*many)

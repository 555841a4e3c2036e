"""A crowd at the door takes turns with what is in hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from shared.runtime.turnstile import LEAST_SECONDS, Turnstile


@dataclass
class Door:
    """Three go through in the time of a turn."""

    now: float = 0.0
    taken: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.turnstile = Turnstile(lambda: self.now)

    def enter(self, *people: int) -> None:
        for person in people:
            self.turnstile.enter(self._take, b"%d" % person)

    def _take(self, data: bytes) -> None:
        self.taken.append(int(data))
        self.now += LEAST_SECONDS * 0.35


@pytest.fixture
def door() -> Door:
    return Door()


async def test_a_few_go_through_at_once(door: Door) -> None:
    door.enter(1, 2, 3)

    assert door.taken == [1, 2, 3]


async def test_a_crowd_goes_through_in_order_some_at_every_turn(door: Door) -> None:
    sizes = []
    door.enter(*range(8))
    for _ in range(3):
        sizes.append(len(door.taken))
        await asyncio.sleep(0)

    assert sizes == [3, 6, 8]
    assert door.taken == list(range(8))


async def test_who_comes_later_waits_behind_those_who_wait(door: Door) -> None:
    door.enter(1, 2, 3, 4, 5, 6, 7)
    await asyncio.sleep(0)
    door.enter(8)
    for _ in range(3):
        await asyncio.sleep(0)

    assert door.taken == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_it_rests_when_nobody_comes(door: Door) -> None:
    door.enter(1)
    for _ in range(3):
        await asyncio.sleep(0)
    door.enter(2, 3, 4)

    assert door.taken == [1, 2, 3, 4]


async def test_after_a_long_turn_half_of_its_time_is_given_to_those_who_wait(door: Door) -> None:
    door.enter(1)
    door.now += LEAST_SECONDS * 6
    door.enter(*range(2, 20))
    await asyncio.sleep(0)

    assert door.taken == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]

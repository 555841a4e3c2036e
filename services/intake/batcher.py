"""Group commit: waiting requests share one transaction (ADR 0002).

A lane takes whoever waits as soon as it is free, never by a timer: a lone request pays one commit and no
delay, a crowd shares one. A group that fails is halved until the culprit stands alone; its neighbours are
stored.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from shared.runtime.errors import is_transient

from .domain.delivery import Answer, Delivery

#: The most commands that one transaction carries.
GROUP_COMMANDS: Final = 512

#: The most bytes of bodies that one transaction carries, unless a single one is larger.
GROUP_BYTES: Final = 8 * 1024 * 1024

#: Requests that may wait; the next one is turned away unread by the database (reliability 2.13). What
#: their bodies take together is bounded at the door, where they were read (`BodyLimit`).
MOST_WAITING: Final = 2048

#: From so many requests in hand on, stored or waiting, the front door is crowded.
CROWD: Final = 16

#: From so many on one lane is too slow for them.
QUEUE: Final = 64

#: Seconds that a webhook should wait for its answer at most: the strictest provider gives us three.
ANSWER_SECONDS: Final = 1.5

#: So many may always wait: from a few that were slow nothing can be told about many.
LEAST_ROOM: Final = 128

#: How much of what is known of the pace a new group replaces.
_FRESHNESS: Final = 0.3

#: Seconds a group may take, waiting for a connection included.
GROUP_SECONDS: Final = 12.0

#: Stores a group in one transaction and returns its answers once they are committed.
Store: TypeAlias = Callable[[Sequence[Delivery]], Awaitable[Sequence[Answer]]]

#: Keeps a delivery that cannot be stored, with the error.
Park: TypeAlias = Callable[[Delivery, Exception], Awaitable[Answer]]


class UnavailableError(Exception):
    """Nothing was promised: the request may or may not have been stored. The caller tries again."""


@dataclass(slots=True)
class _Waiting:
    """A request that waits for its group."""

    delivery: Delivery
    answered: asyncio.Future[Answer] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def answer(self, answer: Answer) -> None:
        if not self.answered.done():  # its caller may have gone
            self.answered.set_result(answer)

    def fail(self, error: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)


class Batcher:
    """Hands waiting deliveries to `store` in groups, on up to `lanes` lanes at a time.

    A further lane is opened for a crowd only: large groups cost less, and one that hangs stops nobody
    for long.
    """

    def __init__(
        self, store: Store, park: Park, *, lanes: int, on_group: Callable[[int], None]
    ) -> None:
        self._store = store
        self._park = park
        self._lanes = lanes
        self._on_group = on_group
        self._waiting: deque[_Waiting] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._in_hand = 0
        self._pace = 0.0

    @property
    def is_crowded(self) -> bool:
        """Whether so many are in hand that work of lower rank should wait."""
        return self._in_hand >= CROWD

    @property
    def _has_queue(self) -> bool:
        return len(self._waiting) >= QUEUE

    @property
    def is_full(self) -> bool:
        """Whether who comes now would wait for longer than ANSWER_SECONDS, by the pace of late.

        It is for the door to ask, before it reads a body: what `submit` is given, it takes.
        """
        if not self._pace or self._in_hand <= LEAST_ROOM:
            return False
        return self._in_hand > self._busy * self._pace * ANSWER_SECONDS

    async def submit(self, deliveries: Sequence[Delivery]) -> list[Answer]:
        """Store `deliveries`; returns once all are committed, not always together.

        Raises UnavailableError when the database is away or too many wait, and what `store` raises
        for a delivery of our own API that cannot be stored.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise UnavailableError("too many requests wait")
        waiting = [_Waiting(delivery) for delivery in deliveries]
        self._waiting.extend(waiting)
        self._in_hand += len(waiting)
        if waiting and self._busy < (self._lanes if self._has_queue else 1):
            self._busy += 1
            # in a context of its own: it outlives the request that opened it
            lane = asyncio.create_task(self._run_lane(), context=Context())
            self._running.add(lane)
            lane.add_done_callback(self._running.discard)
        if len(waiting) == 1:
            return [await waiting[0].answered]
        return await _all(waiting)

    async def _run_lane(self) -> None:
        try:
            while self._waiting:
                await self._take_group()
        finally:
            self._busy -= 1  # at once: who comes before the task is gone needs another lane

    async def _take_group(self) -> None:
        group = self._next_group()
        self._on_group(len(group))
        began = time.monotonic()
        await self._settle(group)
        self._in_hand -= len(group)
        pace = len(group) / max(time.monotonic() - began, 0.001)
        self._pace += (pace - self._pace) * (_FRESHNESS if self._pace else 1.0)

    def _next_group(self) -> list[_Waiting]:
        """Who waits, up to GROUP_COMMANDS and GROUP_BYTES; always at least one."""
        group = [self._waiting.popleft()]
        room = GROUP_COMMANDS - len(group[0].delivery.commands)
        space = GROUP_BYTES - len(group[0].delivery.raw)
        while self._waiting:
            following = self._waiting[0].delivery
            room -= max(1, len(following.commands))
            space -= len(following.raw)
            if room < 0 or space < 0:
                break
            group.append(self._waiting.popleft())
        return group

    async def _settle(self, group: Sequence[_Waiting]) -> None:
        """Store `group`, or its halves; everyone in it is answered."""
        try:
            async with asyncio.timeout(GROUP_SECONDS):
                answers = await self._store([waiting.delivery for waiting in group])
        except Exception as error:
            await self._after_failure(group, error)
            return
        for waiting, answer in zip(group, answers, strict=True):
            waiting.answer(answer)

    async def _after_failure(self, group: Sequence[_Waiting], error: Exception) -> None:
        if is_transient(error):
            for waiting in group:
                waiting.fail(_unavailable(error))
        elif len(group) > 1:
            half = len(group) // 2
            await self._settle(group[:half])
            await self._settle(group[half:])
        elif group[0].delivery.is_api:
            group[0].fail(error)
        else:
            await self._keep(group[0], error)

    async def _keep(self, culprit: _Waiting, error: Exception) -> None:
        try:
            culprit.answer(await self._park(culprit.delivery, error))
        except Exception as failure:
            culprit.fail(_unavailable(failure))


async def _all(waiting: Sequence[_Waiting]) -> list[Answer]:
    """Everybody's answer; when one failed its error, after all others are settled as well."""
    settled = await asyncio.gather(*(one.answered for one in waiting), return_exceptions=True)
    for result in settled:
        if isinstance(result, BaseException):
            raise result
    return [one.answered.result() for one in waiting]


def _unavailable(error: Exception) -> UnavailableError:
    unavailable = UnavailableError(type(error).__name__)
    unavailable.__cause__ = error
    return unavailable

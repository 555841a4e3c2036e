"""How much at once: slots with a reserve, and the bytes of all bodies in hand (S08, reliability 2.13)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from shared.http.limits import Allowance, BodyLimit, ConcurrencyLimit


@dataclass
class Held:
    """A service whose requests wait until they are let go."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    turned_away: Counter[str] = field(default_factory=Counter)

    async def hold(self, request: Request) -> PlainTextResponse:
        await request.body()
        await self.go.wait()
        return PlainTextResponse("done")

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/{kind}", self.hold, methods=["POST"])],
            middleware=[
                Middleware(
                    ConcurrencyLimit, limit=16, allowance_of=allowance_of, count=self._count
                ),
                Middleware(
                    BodyLimit, allowance_of=allowance_of, most_in_hand=1000, count=self._count
                ),
            ],
        )

    def _count(self, reason: str) -> None:
        self.turned_away[reason] += 1


def allowance_of(path: str) -> Allowance:
    return Allowance(most_bytes=600, from_reserve=path == "/reserved")


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
async def client(held: Held) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=held.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def statuses(
    held: Held, client: httpx2.AsyncClient, *calls: tuple[str, bytes | AsyncIterator[bytes]]
) -> list[int]:
    """Make `calls` in this order, all in hand at once, then let them go."""
    tasks = []
    for path, content in calls:
        tasks.append(asyncio.create_task(client.post(path, content=content)))
        await asyncio.sleep(0.01)
    held.go.set()
    return [(await task).status_code for task in tasks]


async def test_the_last_slots_are_kept_for_those_that_would_not_come_again(
    held: Held, client: httpx2.AsyncClient
) -> None:
    usual, reserved = ("/usual", b""), ("/reserved", b"")
    answered = await statuses(held, client, *[usual] * 15, *[reserved] * 3, usual)

    assert answered == [200] * 14 + [503] + [200] * 2 + [503] * 2
    assert held.turned_away == {"crowded": 3}


async def test_the_bodies_in_hand_are_bounded_together_until_they_are_answered(
    held: Held, client: httpx2.AsyncClient
) -> None:
    body = ("/usual", b"x" * 400)

    assert await statuses(held, client, body, body, body, ("/usual", b"x" * 200)) == [
        200,
        200,
        503,
        200,
    ]
    assert held.turned_away == {"memory": 1}
    assert await statuses(held, client, body, body) == [200, 200]


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b"x" * 100


async def test_a_body_of_unknown_length_is_stopped_where_memory_ends(
    held: Held, client: httpx2.AsyncClient
) -> None:
    calls = [("/usual", pieces(size)) for size in (500, 400, 200)]

    assert await statuses(held, client, *calls) == [200, 200, 503]


async def test_a_body_of_unknown_length_is_stopped_at_its_own_limit(
    held: Held, client: httpx2.AsyncClient
) -> None:
    assert await statuses(held, client, ("/usual", pieces(700))) == [413]
    assert held.turned_away == {"large": 1}

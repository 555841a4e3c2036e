"""People who reach into the routing while it runs: they come and go, take tickets, give them back."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from typing import Final

import httpx2

from .plan import CAPACITY
from .replicas import Replicas

#: Agents a call brings in.
_A_CALL: Final = 500


def name_of(number: int) -> str:
    """The n-th agent."""
    return f"agent-{number:04}"


class People:
    """Calls of a random replica; `answers` counts them by status, "none" where it was killed meanwhile.

    `known` are tickets that somebody had a moment ago.
    """

    def __init__(self, replicas: Replicas, agents: int, chance: random.Random) -> None:
        self.answers: Counter[str] = Counter()
        self.known: deque[str] = deque(maxlen=200)
        self._replicas = replicas
        self._agents = agents
        self._away: set[str] = set()
        self._chance = chance
        headers = {"authorization": f"Bearer {replicas.key}"}
        self._client = httpx2.AsyncClient(headers=headers, trust_env=False, timeout=15.0)

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def arrive(self) -> None:
        """Bring everybody in: two teams, and a part of the second has what integrations ask for."""
        for first in range(1, self._agents + 1, _A_CALL):
            last = min(first + _A_CALL, self._agents + 1)
            body = {"agents": [_described(number) for number in range(first, last)]}
            answer = await self._client.put(f"{self._url}/v1/roster", json=body)
            assert answer.is_success, answer.text

    async def meddle(self, every: float) -> None:
        """Do one thing after the other until cancelled."""
        deeds = (self._come_and_go, self._take, self._give_back)
        while True:
            await asyncio.sleep(every * self._chance.random())
            await self._chance.choice(deeds)()

    async def all_back(self) -> None:
        """Fetch those whose coming back nobody heard, or what they were to do would wait for ever."""
        while self._away:
            await self._come_back(next(iter(self._away)))

    @property
    def _url(self) -> str:
        return self._chance.choice(self._replicas.members).url

    async def _come_and_go(self) -> None:
        name = name_of(self._chance.randint(1, self._agents))
        self._away.add(name)
        await self._call("PUT", f"/v1/agents/{name}/presence", {"presence": "offline"})
        await self._come_back(name)

    async def _come_back(self, name: str) -> None:
        if await self._call("PUT", f"/v1/agents/{name}/presence", {"presence": "online"}):
            self._away.discard(name)
        else:
            await asyncio.sleep(0.2)

    async def _take(self) -> None:
        if self.known:
            agent = name_of(self._chance.randint(1, self._agents))
            path = f"/v1/tickets/{self._chance.choice(self.known)}/assignment"
            await self._call("PUT", path, {"agent_id": agent})

    async def _give_back(self) -> None:
        if self.known:
            await self._call("DELETE", f"/v1/tickets/{self._chance.choice(self.known)}/assignment")

    async def _call(self, method: str, path: str, body: object = None) -> bool:
        try:
            answer = await self._client.request(method, f"{self._url}{path}", json=body)
        except httpx2.TransportError:
            self.answers["none"] += 1
            return False
        self.answers[str(answer.status_code)] += 1
        return answer.is_success


def _described(number: int) -> dict[str, object]:
    """An agent who counts as having accepted what they are given: nobody here presses a button."""
    plain = {
        "agent_id": name_of(number),
        "name": f"Agent {number}",
        "capacity": CAPACITY,
        "presence": "online",
        "auto_accept": True,
    }
    if number % 10 < 7:
        return {**plain, "team": "frontline", "level": "tier_1"}
    skills = {"api_expert": 3 + number % 3}
    return {**plain, "team": "specialists", "level": "tier_2", "skills": skills}

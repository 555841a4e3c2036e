"""The people of the demo: customers who write, agents who answer sooner or later.

They know of Tierline what people know: customers and agents speak through the channel's webhook, an
agent starts when a ticket is assigned. Managers are in `managers.py`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from services.playback.sender import WebhookSender

from .script import Scene
from .watcher import Seen


class Day:
    """Plays the scenes. `accepted` maps each external id to the ticket that intake made of it."""

    def __init__(self, scenes: Sequence[Scene], sender: WebhookSender, seen: Seen) -> None:
        self._scenes = scenes
        self._sender = sender
        self._seen = seen
        self._answering: set[asyncio.Task[None]] = set()
        self._scene_of: dict[str, Scene] = {}
        self._known: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._written = False
        self.accepted: dict[str, str] = {}

    async def customers_write(self) -> None:
        """Open every ticket at its moment; returns when intake has taken the last one."""
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for scene in self._scenes:
                now = asyncio.get_running_loop().time() - began
                await asyncio.sleep(max(0.0, scene.at - now))
                group.create_task(self._open(scene))
        self._written = True
        for known in self._known.values():  # what is not known by now is somebody else's ticket
            known.set()

    async def _open(self, scene: Scene) -> None:
        answer = await self._send(scene, scene.opening)
        ticket_id = _ticket_of(answer)
        self.accepted[scene.external_id] = ticket_id
        self._scene_of[ticket_id] = scene
        self._known[ticket_id].set()

    async def agents_answer(self) -> None:
        """Take up every ticket at its first assignment, until cancelled."""
        begun: set[str] = set()
        while True:
            event = await self._seen.assigned.get()
            if event.subject not in begun:
                begun.add(event.subject)
                task = asyncio.create_task(self._work_on(event.subject))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)

    async def finish(self) -> None:
        """Wait until every answer that was begun is given."""
        while self._answering:
            await asyncio.gather(*self._answering)

    async def _work_on(self, ticket_id: str) -> None:
        if not self._written:  # it may be assigned before its sender has an answer
            await self._known[ticket_id].wait()
        scene = self._scene_of.get(ticket_id)
        if scene is None:
            return
        if scene.answered_after is None:
            await self._until_acknowledged(ticket_id)
        else:
            await asyncio.sleep(scene.answered_after)
        agent = {"kind": "agent", "id": self._seen.holder.get(ticket_id, "unknown")}
        await self._message(scene, agent, "Thank you for writing. I am looking into it.")
        if scene.asks_back:
            await self._ask_back(scene, agent)
        await asyncio.sleep(scene.solved_after)
        await self._message(scene, agent, "It is solved; tell me if anything is still open.")
        await self._send(scene, {"type": "ticket.status", "status": "resolved", "by": agent})
        if scene.rating is not None:
            await self._send(scene, {"type": "ticket.rating", "score": scene.rating})

    async def _ask_back(self, scene: Scene, agent: Mapping[str, str]) -> None:
        await self._send(scene, {"type": "ticket.status", "status": "pending", "by": agent})
        await asyncio.sleep(2.0)
        customer = {"kind": "customer", "id": scene.opening["customer"]["id"]}
        await self._message(scene, customer, "Here is what you asked for.")
        await asyncio.sleep(1.0)
        await self._message(scene, agent, "That helps, thank you.")

    async def _until_acknowledged(self, ticket_id: str, patience: float = 25.0) -> None:
        """Nobody answers before a manager has taken responsibility (or patience has ended)."""
        for _ in range(round(patience / 0.25)):
            if ticket_id in self._seen.acknowledged:
                return
            await asyncio.sleep(0.25)

    async def _message(self, scene: Scene, author: Mapping[str, str], body: str) -> None:
        await self._send(scene, {"type": "ticket.message", "author": author, "body": body})

    async def _send(self, scene: Scene, command: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._sender.send([{"external_id": scene.external_id, **command}])


def _ticket_of(answer: Mapping[str, Any]) -> str:
    """The ticket that intake says it made: of one command there is one."""
    return str(answer["ticket_id"])

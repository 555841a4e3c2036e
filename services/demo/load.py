"""The demo's customers and agents on a Tierline that already runs: for looking at it while it works.

Unlike the demo it starts nothing, receives nothing and draws up no account: managers confirm by the
links in their mails, or nobody does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.console import Console

from services.installation import Installation
from services.playback.sender import WebhookSender
from shared.kafka.client import Kafka
from shared.kafka.topics import load as load_topics

from .actors import Day
from .board import show
from .company import accompanied
from .script import Scene, support_day
from .watcher import Seen, watch


def scenes_of(name: str, *, seed: int, tickets: int, seconds: float) -> list[Scene]:
    """The demo's day under ticket ids that begin with `name`, so that another day is none of its repeats."""
    day = support_day(seed=seed, tickets=tickets, seconds=seconds)
    return [replace(scene, external_id=f"{name}-{scene.external_id}") for scene in day]


async def play_on(
    where: Installation, kafka: Kafka, scenes: Sequence[Scene], *, console: Console
) -> Mapping[str, int]:
    """Let every scene happen; returns the figures once all answers are given."""
    assert where.webhook_secret is not None
    seen, sender = Seen(), WebhookSender(where.urls["intake"], where.webhook_secret)
    day = Day(scenes, sender, seen)

    def figures() -> Mapping[str, int]:
        return {"accepted": len(day.accepted), **seen.board()}

    company = [
        asyncio.create_task(watch(kafka, list(load_topics()), seen)),
        asyncio.create_task(show(figures, title="A support day", console=console)),
        asyncio.create_task(day.agents_answer()),
    ]
    try:
        await accompanied(day.customers_write(), company)
        await accompanied(day.finish(), company)
    finally:
        for task in company:
            task.cancel()
        await asyncio.gather(*company, return_exceptions=True)
        await sender.close()
    return figures()

"""The demo's managers, who open the link of the message that arrived and confirm."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import httpx2

from .capture import Inbox


async def managers_confirm(inbox: Inbox, *, seed: int) -> None:
    """Open the acknowledgement link of most messages that have one, after a moment, until cancelled."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=5.0) as browser,
        asyncio.TaskGroup() as all_,
    ):
        while True:
            message = await inbox.arrived.get()
            if message.acknowledge_link and chance.random() < 0.7:
                pause = chance.uniform(0.5, 2.5)
                all_.create_task(_confirm(browser, message.acknowledge_link, pause))


async def _confirm(browser: httpx2.AsyncClient, link: str, pause: float) -> None:
    await asyncio.sleep(pause)
    with suppress(httpx2.TransportError):  # a page that does not load is closed again
        page = await browser.get(link)
        if page.is_success:
            await browser.post(link)

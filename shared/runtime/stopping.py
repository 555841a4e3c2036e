"""How the parts of a service are waited for when it stops."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence


async def ended(tasks: Sequence[asyncio.Task[None]], seconds: float) -> None:
    """Wait for `tasks`, and cancel those that take longer than `seconds`."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()


def on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM and on SIGINT."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)

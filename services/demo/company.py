"""Those who go on beside an act: nobody of them fails unnoticed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any


async def accompanied(
    act: Coroutine[Any, Any, None], company: Sequence[asyncio.Task[None]]
) -> None:
    """Wait for `act`; whoever of the company fails, fails it at once."""
    acting = asyncio.ensure_future(act)
    done, _ = await asyncio.wait({acting, *company}, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    await acting

"""One service in a process of its own: as any process, or as process 1 of its own world as in a container."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from services.fleet import free_ports

from .running import ROOT, until, untouched

#: The new process is number 1 of a world of its own, and ends with the one that made it.
AS_PROCESS_1: Final = (
    "unshare",
    *(() if os.geteuid() == 0 else ("--user", "--map-root-user")),
    *("--pid", "--fork", "--kill-child"),
)


@dataclass(frozen=True, slots=True)
class OneService:
    """A running service, seen from outside."""

    process: asyncio.subprocess.Process
    url: str
    pid: int

    async def ready(self) -> bool:
        """Whether a load balancer would send somebody there."""
        return await self.reasons() == []

    async def reasons(self) -> list[str] | None:
        """Why it is not ready; None while it does not answer yet. AssertionError once it has ended."""
        assert self.process.returncode is None, f"ended with status {self.process.returncode}"
        async with httpx2.AsyncClient(trust_env=False, timeout=5.0) as client:
            try:
                found: list[str] = (await client.get(f"{self.url}/readyz")).json()["reasons"]
            except httpx2.TransportError:
                return None
        return found

    def tell_to_stop(self) -> None:
        """SIGTERM, to the service itself."""
        os.kill(self.pid, signal.SIGTERM)

    async def status(self, *, seconds: float) -> int:
        """Its exit status. Raises TimeoutError when it has none within `seconds`."""
        async with asyncio.timeout(seconds):
            return await self.process.wait()


@asynccontextmanager
async def serving(
    service: str, environment: Mapping[str, str], *, world: Sequence[str] = ()
) -> AsyncIterator[OneService]:
    """`tierline run SERVICE`, in a `world` such as AS_PROCESS_1; killed unless it ends by itself."""
    [port] = free_ports([service]).values()
    process = await asyncio.create_subprocess_exec(
        *(*world, sys.executable, "-m", "services.cli", "run", service),
        cwd=ROOT,
        env={**untouched(), **environment, "TIERLINE_HTTP__PORT": str(port)},
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        pid = await _only_child(process.pid) if world else process.pid
        yield OneService(process, f"http://127.0.0.1:{port}", pid)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _only_child(pid: int) -> int:
    """The process that `pid` has started, as soon as it has."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    await until(lambda: bool(_words(children)), "the service has been started", seconds=10)
    return int(_words(children)[0])


def _words(file: Path) -> list[str]:
    return file.read_text(encoding="ascii").split()

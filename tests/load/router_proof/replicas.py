"""Several of a service at once, each a process, killed now and then and always started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx2

from services.fleet import FleetError, Member, free_ports
from shared.http.auth import SCOPES, fingerprint, new_key
from tests.support.running import until


class Replicas:
    """`async with Replicas(...)`: so many run inside, and none after it. `command`: see `Member`."""

    def __init__(
        self,
        count: int,
        environment: Mapping[str, str],
        folder: Path,
        *,
        service: str = "router",
        command: Sequence[str] | None = None,
    ) -> None:
        names = [f"{service}-{number}" for number in range(1, count + 1)]
        self.key, _ = new_key()
        caller = {"sha256": fingerprint(self.key), "scopes": sorted(SCOPES)}
        known = {name: v for name, v in os.environ.items() if not name.startswith("TIERLINE_")}
        told = {**known, **environment, "TIERLINE_API_KEYS": json.dumps({"proof": caller})}
        told["TIERLINE_LOG__LEVEL"] = "WARNING"
        self.members = [
            Member(
                service,
                port,
                {**told, "TIERLINE_HTTP__PORT": str(port)},
                folder / f"{name}.log",
                command=command,
            )
            for name, port in free_ports(names).items()
        ]
        self.kills = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def own_ends(self) -> int:
        """How often a replica has ended without being killed by us."""
        return sum(member.restarts for member in self.members) - self.kills

    async def __aenter__(self) -> Self:
        """Start them all, and return once all are ready."""
        self._tasks = [asyncio.create_task(m.keep_running(_nobody)) for m in self.members]
        try:
            await self.ready()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drain them all."""
        await asyncio.gather(*(member.stop() for member in self.members))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ready(self, seconds: float = 60.0) -> None:
        """Return when every replica gets traffic. Raises AssertionError, or FleetError."""
        for member in self.members:
            await until(lambda m=member: self._is_ready(m), f"{member.log.stem}", seconds=seconds)  # type: ignore[misc]

    def kill(self, number: int, how: int = signal.SIGKILL) -> None:
        """`kill -9` of one that runs, or a gentler end; it is started again."""
        if self.members[number].pid is not None:
            self.members[number].kill(how)
            self.kills += 1

    async def suspend(self, number: int, seconds: float) -> None:
        """Let one sleep in the middle of whatever it does, and go on as if nothing had happened."""
        if (pid := self.members[number].pid) is not None:
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(seconds)
            finally:
                os.kill(pid, signal.SIGCONT)

    async def kill_now_and_then(self, every: float, chance: random.Random) -> None:
        """Kill one of them about every so many seconds, until cancelled."""
        while True:
            await asyncio.sleep(every * chance.uniform(0.6, 1.4))
            self.kill(chance.randrange(len(self.members)))

    async def _is_ready(self, member: Member) -> bool:
        broken = [task for task in self._tasks if task.done()]
        if broken:
            raise FleetError(f"{member.log.stem} cannot run:\n{member.last_lines()}")
        async with httpx2.AsyncClient(trust_env=False, timeout=2.0) as client:
            with contextlib.suppress(httpx2.HTTPError):
                return (await client.get(f"{member.url}/readyz")).is_success
        return False


def _nobody(_: str) -> None:
    """That one was killed and is started again is no news here."""

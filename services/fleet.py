"""The four services as processes: started, watched, restarted when they die, drained at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import httpx2

from .installation import PORTS

#: A service that is told to stop has its own 25 s; then it is killed.
STOP_SECONDS: Final = 27.0

#: Pause before a service that died is started again, doubled up to the last one.
RESTART_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)

#: Exit statuses of a service that cannot run as configured: starting it again would not help.
MISCONFIGURED: Final = (2, 3)

#: Where ports are looked for that nobody has named.
PORT_RANGE: Final = range(20_000, 30_000)


class FleetError(Exception):
    """A service did not come up; the message has the end of its log."""


class Member:
    """One service process and its place in the fleet."""

    def __init__(
        self,
        name: str,
        port: int,
        environment: Mapping[str, str],
        log: Path,
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        """`command`: what Python is to run in place of `tierline run NAME`."""
        # the pipe of --until-eof ends with us, and the service with the pipe
        self._command = command or ("-m", "services.cli", "run", name, "--until-eof")
        self.name = name
        self.port = port
        self.log = log
        self.restarts = 0
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def keep_running(self, tell: Callable[[str], None]) -> None:
        """Run the process, and run it again whenever it dies, until `stop`."""
        while not self._stopping:
            status = await self._run_once()
            if self._stopping:
                return
            if status in MISCONFIGURED:
                raise FleetError(f"{self.name} cannot run:\n{self.last_lines()}")
            pause = RESTART_SECONDS[min(self.restarts, len(RESTART_SECONDS) - 1)]
            tell(f"{self.name} ended with status {status}; starting it again in {pause:g} s")
            self.restarts += 1
            await asyncio.sleep(pause)

    async def _run_once(self) -> int:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._command,
                env=dict(self._environment),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return await self._process.wait()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; a killed member is started again by `keep_running`."""
        if self.pid is not None:
            os.kill(self.pid, number)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL after STOP_SECONDS."""
        self._stopping = True
        if self.pid is None or self._process is None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def last_lines(self, count: int = 8) -> str:
        """The end of its log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


class Fleet:
    """All four services, as an async context manager that ends with every process gone."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        log_dir: Path,
        ports: Mapping[str, int] = PORTS,
        tell: Callable[[str], None] = print,
    ) -> None:
        self._tell = tell
        self._tasks: list[asyncio.Task[None]] = []
        self.members = {
            name: Member(
                name,
                port,
                {**os.environ, **environment, "TIERLINE_HTTP__PORT": str(port)},
                log_dir / f"{name}.log",
            )
            for name, port in ports.items()
        }

    async def __aenter__(self) -> Self:
        """Start every service; does not wait until they are ready."""
        self._tasks = [
            asyncio.create_task(member.keep_running(self._tell), name=member.name)
            for member in self.members.values()
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drain every service at once, then make sure that none is left."""
        await asyncio.gather(*(member.stop() for member in self.members.values()))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ready(self, seconds: float = 60.0) -> None:
        """Return when every service says that it is ready. Raises FleetError after `seconds`."""
        async with httpx2.AsyncClient(trust_env=False, timeout=2.0) as client:
            deadline = asyncio.get_running_loop().time() + seconds
            for member in self.members.values():
                while not await _is_ready(client, member.url):
                    self._raise_if_broken()
                    if asyncio.get_running_loop().time() > deadline:
                        raise FleetError(
                            f"{member.name} is not ready after {seconds:g} s:\n{member.last_lines()}"
                        )
                    await asyncio.sleep(0.05)

    async def until_broken(self) -> None:
        """Wait until a service cannot run at all, and raise its FleetError."""
        await asyncio.gather(*self._tasks)

    def _raise_if_broken(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()


async def _is_ready(client: httpx2.AsyncClient, url: str) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return (await client.get(f"{url}/readyz")).status_code == httpx2.codes.OK
    return False


def free_ports(names: Sequence[str]) -> dict[str, int]:
    """A free loopback port for each name. They are free when this returns, not for ever.

    Below those that systems give to outgoing connections: a service that is started again finds its
    port as it left it.
    """
    with contextlib.ExitStack() as held:
        return {name: _bind_one(held) for name in names}


def _bind_one(held: contextlib.ExitStack) -> int:
    candidates = random.sample(PORT_RANGE, 100)
    for port in candidates:
        bound = held.enter_context(socket.socket())
        with contextlib.suppress(OSError):
            bound.bind(("127.0.0.1", port))
            return port
    raise FleetError(f"no free port among {candidates}")

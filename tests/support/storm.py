"""A webhook storm against a whole running Tierline, and what it must have withstood."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg

from services.demo.watcher import Seen, watch
from services.standalone import Standalone
from shared.contracts import TICKETS
from shared.kafka.aio import AioKafka
from tests.load.gale import Post

ROOT: Final = Path(__file__).parents[2]
MEBIBYTE: Final = 1024 * 1024

#: A probe that is answered as fast as this is fast, whatever the calm was like.
FAST_SECONDS: Final = 0.25

#: What senders need to start and to connect; the storm ends by so much later.
START_SECONDS: Final = 1.0

#: So many probes in a row say that it is calm again.
CALM_PROBES: Final = 10


@dataclass(frozen=True)
class Force:
    """How strong and how long: `times` the capacity, which `measured` seconds find out."""

    measured: float
    seconds: float
    times: float = 20.0
    connections: int = 64
    storm_connections: int = 2000
    processes: int = 2
    patience: float = 120.0


@dataclass
class Verdict:
    """What happened; counts are of requests, times in seconds, memory in MiB."""

    capacity: float = 0.0
    offered: float = 0.0
    held_back: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    unexplained: int = 0
    unanswered: int = 0
    goodput: float = 0.0
    accepted_p99: float = 0.0
    calm_p99: float = 0.0
    recovery: float = 0.0
    accepted: int = 0
    stored: int = 0
    published: int = 0
    routed: int = 0
    memory_before: float = 0.0
    memory_most: float = 0.0

    @property
    def refused_otherwise(self) -> int:
        """Requests that were neither accepted nor told to come again."""
        fine = {200, 202, 429, 503}
        return sum(n for status, n in self.statuses.items() if status not in fine)


async def storm(tierline: Standalone, force: Force, tell: Callable[[str], None]) -> Verdict:
    """Measure the capacity, blow, wait until all is calm and everything accepted has been worked on."""
    found = Verdict()
    intake = tierline.fleet.members["intake"]
    assert intake.pid is not None
    seen = Seen()
    kafka = AioKafka(tierline.kafka_settings, client_id="tierline-storm")
    watching = asyncio.create_task(watch(kafka, [TICKETS], seen))
    probe = Probe(tierline)
    memory = Memory(intake.pid)
    try:
        await probe.ask(5)  # the first ones are slow
        calm = sorted(await probe.ask(40))
        found.calm_p99 = calm[-1]
        measured = await gales(tierline, force, "capacity", rate=0.0, seconds=force.measured)
        found.capacity = accepted_in(measured) / force.measured
        tell(f"capacity {found.capacity:.0f}/s; calm probe {found.calm_p99 * 1000:.0f} ms")
        found.memory_before = memory.now()
        sampling = asyncio.create_task(memory.watch())
        rate = force.times * found.capacity
        tell(f"storm: {rate:.0f}/s for {force.seconds:g} s")
        fast = max(FAST_SECONDS, 2 * found.calm_p99)
        blown, found.recovery = await asyncio.gather(
            gales(tierline, force, "storm", rate=rate, seconds=force.seconds),
            probe.until_calm(fast, after=force.seconds + START_SECONDS, patience=force.patience),
        )
        tell(f"calm again after {found.recovery:.1f} s; waiting for the rest to be worked on")
        _judge(found, force, measured, blown, probe.accepted)
        await _settled(tierline, seen, found, force)
        sampling.cancel()
        found.memory_most = memory.most
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return found


def accepted_in(tallies: list[dict[str, Any]]) -> int:
    """Requests that were answered 200 or 202."""
    return sum(one["statuses"].get(code, 0) for one in tallies for code in ("200", "202"))


def _judge(
    found: Verdict,
    force: Force,
    measured: list[dict[str, Any]],
    blown: list[dict[str, Any]],
    probes: int,
) -> None:
    found.offered = sum(one["sent"] for one in blown) / force.seconds
    found.held_back = sum(one["held_back"] for one in blown) / force.seconds
    found.goodput = accepted_in(blown) / force.seconds
    found.accepted_p99 = max(one["p99"] for one in blown)
    found.accepted = accepted_in(measured) + accepted_in(blown) + probes
    for one in (*measured, *blown):
        found.statuses.update({int(code): number for code, number in one["statuses"].items()})
        found.unexplained += one["unexplained"]
        found.unanswered += one["unanswered"]


async def gales(
    tierline: Standalone, force: Force, name: str, *, rate: float, seconds: float
) -> list[dict[str, Any]]:
    """Several senders at once, each a process; what each of them tells at its end."""
    port = tierline.fleet.members["intake"].port
    lines = (force.storm_connections if rate else force.connections) // force.processes
    secret = tierline.installation.webhook_secret
    assert secret is not None
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.load.gale", str(port)),
            *(str(rate / force.processes), str(seconds), str(lines), f"{name}-{number}"),
            cwd=ROOT,
            env={**os.environ, "STORM_SECRET": secret},
            stdout=asyncio.subprocess.PIPE,
        )
        for number in range(force.processes)
    ]
    try:
        async with asyncio.timeout(seconds + 90):
            said = await asyncio.gather(*(process.communicate() for process in processes))
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
    return [json.loads(out) for out, _ in said]


class Probe:
    """One customer who writes now and then, before the storm and after it."""

    def __init__(self, tierline: Standalone) -> None:
        secret = tierline.installation.webhook_secret
        assert secret is not None
        self._post = Post("probe", secret)
        self._port = tierline.fleet.members["intake"].port
        self.accepted = 0

    async def ask(self, times: int) -> list[float]:
        """The seconds of so many answers, all of them 2xx, ten a second."""
        waits = []
        for _ in range(times):
            status, seconds = await self._once()
            assert status == 202, status
            waits.append(seconds)
            await asyncio.sleep(0.1)
        return waits

    async def until_calm(self, fast: float, *, after: float, patience: float) -> float:
        """Seconds, from `after` on, until the first of CALM_PROBES in a row that are accepted and `fast`."""
        await asyncio.sleep(after)
        began = time.monotonic()
        since, in_a_row = began, 0
        while in_a_row < CALM_PROBES:
            if time.monotonic() > began + patience:
                return patience
            asked_at = time.monotonic()
            status, seconds = await self._once()
            if status == 202 and seconds <= fast:
                since = since if in_a_row else asked_at
                in_a_row += 1
            else:
                in_a_row = 0
            await asyncio.sleep(0.1)
        return since - began

    async def _once(self) -> tuple[int, float]:
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(self._post.next().content)
        status = int((await reader.readline()).split()[1])
        writer.close()
        self.accepted += status == 202
        return status, time.perf_counter() - began


class Memory:
    """The resident memory of a process."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self.most = 0.0

    def now(self) -> float:
        """In MiB."""
        lines = self._status.read_text().splitlines()
        [line] = [line for line in lines if line.startswith("VmRSS:")]
        return int(line.split()[1]) / 1024

    async def watch(self) -> None:
        """Keep the most of it."""
        while True:
            self.most = max(self.most, self.now())
            await asyncio.sleep(0.25)


async def _settled(tierline: Standalone, seen: Seen, found: Verdict, force: Force) -> None:
    """Count what is stored, published and routed, once that is all, or patience is over."""
    limit = time.monotonic() + force.patience
    database = await asyncpg.connect(tierline.installation.database_url)
    try:
        while time.monotonic() < limit:
            found.stored = await database.fetchval("SELECT count(*) FROM intake.ticket")
            found.published = seen.counts["ticket.opened"]
            found.routed = await database.fetchval("SELECT count(*) FROM router.work_item")
            if found.accepted <= found.stored == found.published == found.routed:
                return
            await asyncio.sleep(0.5)
    finally:
        await database.close()

"""`make bench`: webhook → assigned through four real processes, open loop, on the embedded pair.

    python -m tests.load.end_to_end --rate 100 --seconds 20

Every webhook is sent at its own instant, whether earlier ones are answered or not. Latency counts from
that instant: to intake's answer, and to the recording of `ticket.assigned`. Load generator, services,
database and broker share this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from services.demo.watcher import Seen, watch
from services.fleet import free_ports
from services.installation import PORTS, Installation
from services.playback.sender import WebhookSender
from services.standalone import Standalone
from shared.contracts import ASSIGNMENTS, TicketAssigned
from shared.kafka.aio import AioKafka

AGENTS = 200
PATIENCE_SECONDS = 60.0


def opening(number: int) -> dict[str, object]:
    """A webhook of about 900 bytes."""
    return {
        "type": "ticket.open",
        "external_id": f"bench-{number}",
        "customer": {"id": f"customer-{number % 997}", "tier": "standard"},
        "subject": f"The export {number} ends in the middle",  # two alike of one customer are one
        "body": "It stops after the first thousand rows, every time. " * 14,
        "impact": "medium",
        "urgency": "medium",
    }


async def hire(where: Installation, tickets: int) -> None:
    """Agents enough that nobody waits for room, who take all they are given: nobody is there to say so."""
    capacity = tickets // AGENTS + 10
    level = {"team": "frontline", "level": "tier_1", "capacity": capacity, "presence": "online"}
    there = {**level, "auto_accept": True}
    agents = [{"agent_id": f"a{n}", "name": f"Agent {n}", **there} for n in range(AGENTS)]
    headers = {"authorization": f"Bearer {where.api_key}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as client:
        answer = await client.put(f"{where.urls['router']}/v1/roster", json={"agents": agents})
        answer.raise_for_status()


async def offer(
    sender: WebhookSender, rate: float, seconds: float, first: int
) -> tuple[dict[str, datetime], list[float]]:
    """Send at `rate` a second; returns each ticket's due instant, and the answers' seconds."""
    due_at: dict[str, datetime] = {}
    waits: list[float] = []
    began, epoch = time.perf_counter(), datetime.now(UTC)

    async def one(number: int) -> None:
        offset = number / rate
        answer = await sender.send([opening(first + number)])
        waits.append(time.perf_counter() - began - offset)
        due_at[str(answer["ticket_id"])] = epoch + timedelta(seconds=offset)

    async with asyncio.TaskGroup() as group:
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            group.create_task(one(number))
    return due_at, waits


async def assigned(seen: Seen, due_at: dict[str, datetime]) -> list[float]:
    """Seconds from each due instant to the recorded assignment, once all are there."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while not due_at.keys() <= seen.ever_assigned and time.monotonic() < limit:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return [
        (event.recorded_time - due_at[event.subject]).total_seconds()
        for event in seen.events.values()
        if isinstance(event.payload, TicketAssigned) and event.subject in due_at
    ]


def told(name: str, values: Sequence[float]) -> str:
    """p50, p95 and p99 in milliseconds."""
    ordered = sorted(values)
    parts = (
        ordered[min(len(ordered) - 1, int(len(ordered) * p))] * 1000 for p in (0.5, 0.95, 0.99)
    )
    return f"{name} p50/p95/p99 " + "/".join(f"{value:.0f}" for value in parts) + " ms"


async def bench(folder: str, rates: Sequence[float], seconds: float) -> None:
    """One round a rate, after a warm-up."""
    async with Standalone(Path(folder), ports=free_ports(list(PORTS))) as tierline:
        where = tierline.installation
        await hire(where, round(sum(rates) * seconds * 2))
        seen = Seen()
        kafka = AioKafka(tierline.kafka_settings, client_id="tierline-bench")
        watching = asyncio.create_task(watch(kafka, [ASSIGNMENTS], seen))
        assert where.webhook_secret is not None
        sender = WebhookSender(where.urls["intake"], where.webhook_secret)
        first = 0
        for number, rate in enumerate([min(rates), *rates]):
            length = 5.0 if number == 0 else seconds
            due_at, waits = await offer(sender, rate, length, first)
            latencies = await assigned(seen, due_at)
            first += len(due_at) + 1
            if number:
                print(
                    f"{rate:.0f}/s for {length:.0f} s: {len(latencies)} of {len(due_at)} assigned; "
                    f"{told('answered', waits)}; {told('assigned', latencies)}",
                    flush=True,
                )
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await sender.close()


def main() -> None:
    """Read the rates and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, action="append", help="webhooks a second; repeatable")
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="tierline-") as folder:
        Path(folder).chmod(
            0o755
        )  # PostgreSQL, started as another user by root, must be able to pass
        asyncio.run(bench(folder, options.rate or [50.0, 100.0, 200.0], options.seconds))


if __name__ == "__main__":
    main()

"""`make bench-intake`: durable intake against a handler that stores nothing, and against the usual way.

    python -m tests.load.intake --rounds 5 --requests 6000

Three servers of one process each, on the embedded pair, one after the other in every round, in changing
order: intake itself (delivery row, triage, ticket, message, evidence and outbox in one group commit, relay
running); `bare` and `usual` of `intake_peers.py`. 64 keep-alive connections send ready-made signed requests of
about 900 bytes as fast as they are answered; a round ends when every accepted ticket is on the broker. The
rate is accepted requests ÷ that time. Client, server, PostgreSQL and broker share this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import asyncpg
import httpx2

from services.fleet import free_ports
from services.local import EmbeddedBroker, EmbeddedPostgres
from shared.db import migrate
from shared.kafka import topics
from shared.kafka.aio import AioKafka
from shared.settings import KafkaSettings
from tests.load.intake_stages import stages
from tests.load.raw_client import pack
from tests.load.signed_request import SECRET, request
from tests.support.cpu import cpu_seconds, family
from tests.support.figures import Figure, over_rounds, publish

CONNECTIONS: Final = 64
WARM_UP: Final = 500
PATIENCE_SECONDS: Final = 60.0
COMMANDS: Final = {
    "intake": ["-m", "services.intake"],
    "bare": ["-m", "tests.load.intake_peers", "bare"],
    "usual": ["-m", "tests.load.intake_peers", "usual"],
}
#: The slow side has enough to do with one request in so many of the others'.
SLOW: Final = {"usual": 8}

#: What stands between two rounds, so that each begins on clean ground.
CLEAN: Final = (
    "TRUNCATE delivery, external_ref, ticket, message, evidence, customer, outbox, stream, "
    "buffered_command, ticket_text, suggestion, customer_address, attachment"
)
OWED: Final = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
UNREAD: Final = "SELECT count(*) FROM message WHERE analysed_at IS NULL"


@dataclass(frozen=True, slots=True)
class Round:
    """What one side did in one round; CPU in seconds, by who used it."""

    accepted: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu: Mapping[str, float]
    unread: int

    @property
    def rate(self) -> float:
        """Tickets a second, until all were on the broker."""
        return self.accepted / self.seconds


class Bench:
    """The servers every side uses, and one round of one side."""

    def __init__(self, folder: Path, *, requests: int) -> None:
        self._folder = folder
        self._requests = requests
        self._postgres = EmbeddedPostgres(folder, options={"shared_buffers": "512MB"})
        self._port = 0

    async def __aenter__(self) -> Self:
        """Start PostgreSQL and make intake's tables."""
        self._postgres.start()
        admin = await asyncpg.connect(self._postgres.url())
        await admin.execute("CREATE DATABASE tierline")
        await admin.close()
        await migrate.upgrade(self._url)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop PostgreSQL."""
        self._postgres.stop()

    @property
    def _url(self) -> str:
        return self._postgres.url("tierline")

    async def round(self, side: str) -> Round:
        """One side on clean ground: fresh broker, fresh process, empty tables."""
        broker = EmbeddedBroker(self._folder / f"broker-{uuid4().hex[:8]}")
        broker.start()
        sql = await asyncpg.connect(self._url, server_settings={"search_path": "intake"})
        try:
            await sql.execute(CLEAN)
            await sql.execute("VACUUM ANALYZE")
            await sql.execute("CHECKPOINT")
            traits = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, idempotence=False)
            await topics.apply(AioKafka(traits, client_id="tierline-bench"))
            async with self._server(side, broker.bootstrap_servers) as server:
                await self._offer(WARM_UP)
                await self._drained(sql)
                return await self._measured(side, server, broker, sql)
        finally:
            await sql.close()
            broker.stop()

    async def _measured(
        self,
        side: str,
        server: asyncio.subprocess.Process,
        broker: EmbeddedBroker,
        sql: asyncpg.Connection,
    ) -> Round:
        pids = {
            "server": [server.pid],
            "PostgreSQL": family(self._postmaster),
            "broker": [broker.pid or 0],
        }
        before = {name: cpu_seconds(them) for name, them in pids.items()}
        began = time.perf_counter()
        requests = self._requests // SLOW.get(side, 1)
        told = await self._offer(requests)
        offered = time.perf_counter() - began - told["seconds"]  # the client's own start
        await self._drained(sql)
        seconds = time.perf_counter() - began - max(0.0, offered)
        pids["PostgreSQL"] = family(self._postmaster)
        cpu = {name: cpu_seconds(them) - before[name] for name, them in pids.items()}
        accepted = int(told["statuses"].get("202", 0))
        if accepted != requests:
            raise SystemExit(f"{side} did not accept everything: {told['statuses']}")
        rows = await sql.fetchval("SELECT count(*) FROM ticket")
        if side != "bare" and rows != requests + WARM_UP:
            raise SystemExit(f"{side} answered {requests + WARM_UP} and stored {rows}")
        unread = await sql.fetchval(UNREAD) if side == "intake" else 0
        return Round(accepted, seconds, told["p50"], told["p99"], cpu, unread)

    @property
    def _postmaster(self) -> int:
        return int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0])

    async def _drained(self, sql: asyncpg.Connection) -> None:
        """Wait until nothing is owed to the topic. What still is after a minute spoils the round."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while owed := await sql.fetchval(OWED):
            if time.monotonic() > limit:
                raise SystemExit(f"{owed} events were still unpublished after {PATIENCE_SECONDS} s")
            await asyncio.sleep(0.01)

    async def _offer(self, count: int) -> dict[str, Any]:
        path = self._folder / "requests"
        at = datetime.now(UTC)
        path.write_bytes(pack([request(number, at) for number in range(count)]))
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.load.raw_client",
            str(self._port), str(CONNECTIONS), str(path),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await client.communicate()
        told: dict[str, Any] = json.loads(out)
        return told

    @asynccontextmanager
    async def _server(self, side: str, broker: str) -> AsyncIterator[asyncio.subprocess.Process]:
        self._port = free_ports(["intake"])["intake"]
        environment = {
            **os.environ,
            "TIERLINE_DATABASE__URL": self._url,
            "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": broker,
            "TIERLINE_KAFKA__IDEMPOTENCE": "false",
            "TIERLINE_HTTP__PORT": str(self._port),
            "TIERLINE_LOG__LEVEL": "WARNING",
            "TIERLINE_INTAKE__SOURCES": json.dumps({"generic": {"secrets": [SECRET]}}),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, *COMMANDS[side], env=environment
        )
        try:
            await self._answers()
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()

    async def _answers(self) -> None:
        limit = time.monotonic() + PATIENCE_SECONDS
        async with httpx2.AsyncClient(trust_env=False) as client:
            while time.monotonic() < limit:
                try:
                    await client.get(f"http://127.0.0.1:{self._port}/healthz")
                except httpx2.TransportError:
                    await asyncio.sleep(0.1)
                else:
                    return
        raise SystemExit("the server did not start")


def figures(rounds: Mapping[str, Sequence[Round]]) -> list[Figure]:
    """Ratios first, then each side's rate, latency and CPU a ticket."""
    intake, bare, usual = rounds["intake"], rounds["bare"], rounds["usual"]
    found = [
        over_rounds(
            "intake ÷ bare handler with one broker send",
            [mine.rate / theirs.rate for mine, theirs in zip(intake, bare, strict=True)],
            "ratio",
            at_least=0.9,
        ),
        over_rounds(
            "intake ÷ one transaction a request",
            [mine.rate / theirs.rate for mine, theirs in zip(intake, usual, strict=True)],
            "ratio",
            at_least=3,
        ),
    ]
    for side, done in rounds.items():
        found.append(over_rounds(f"{side}: tickets a second", [r.rate for r in done], "1/s"))
        found.append(over_rounds(f"{side}: answered p50", [r.p50_ms for r in done], "ms"))
        found.append(over_rounds(f"{side}: answered p99", [r.p99_ms for r in done], "ms"))
        by_name = defaultdict(list)
        for one in done:
            for name, seconds in one.cpu.items():
                by_name[name].append(seconds / one.accepted * 1e6)
        found += [over_rounds(f"{side}: CPU, {n}", v, "µs/ticket") for n, v in by_name.items()]
    unread = [one.unread for one in intake]
    return [*found, over_rounds("intake: texts still to be analysed at the end", unread, "texts")]


async def bench(folder: Path, *, rounds: int, requests: int) -> list[Figure]:
    """All rounds; the first of each side is thrown away."""
    done: dict[str, list[Round]] = {side: [] for side in COMMANDS}
    async with Bench(folder, requests=requests) as servers:
        for number in range(rounds + 1):
            sides = list(COMMANDS) if number % 2 else list(reversed(COMMANDS))
            for side in sides:
                one = await servers.round(side)
                print(
                    f"round {number} of {rounds}, {side}: {one.rate:.0f}/s, "
                    f"p50/p99 {one.p50_ms:.0f}/{one.p99_ms:.0f} ms"
                    + ("" if number else " (warm-up, thrown away)"),
                    flush=True,
                )
                if number:
                    done[side].append(one)
    return figures(done)


def main() -> None:
    """Read the options, run, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=6000, help="a round of a fast side")
    options = parser.parse_args()
    print(
        f"Intake, a bare handler and the usual way, {options.rounds} rounds of {options.requests} "
        f"requests each, in turns: about {(options.rounds + 1) * (15 + options.requests // 200)} s.\n"
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}; the broker is the embedded one, not Apache Kafka.",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="tierline-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL, started as another user by root, must pass
        found = asyncio.run(bench(Path(folder), rounds=options.rounds, requests=options.requests))
    print("written to", publish("bench", "intake", [*found, *stages()]))


if __name__ == "__main__":
    main()

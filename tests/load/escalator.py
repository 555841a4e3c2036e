"""`make bench-escalator`: what a deadline costs, how late it is told, and how others do the same work.

    python -m tests.load.escalator --parts abc --armed 10000000 --rounds 3

(a) `escalator_scale.py`: a fire and a re-arm with few and with very many armed cases, every one a real case
that could be fired. (b) `escalator_lateness.py`: 2,000 due every second for a minute, two escalators. (c)
`escalator_peers.py`: django-helpdesk's `escalate_tickets` and APScheduler's SQL job store. Everything runs
on the embedded PostgreSQL with fsync and autovacuum, the sides in turns and in changing order; the first
round of each is thrown away. CPU counts PostgreSQL in.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeVar

from services.local import EmbeddedPostgres
from shared.db import migrate
from shared.runtime.process import spare_the_collector
from tests.load import escalator_lateness, escalator_peers, escalator_scale
from tests.load.escalator_armed import Armed, database, fill, workflow
from tests.load.escalator_peers import Done
from tests.load.escalator_scale import Costs, Side
from tests.support.figures import Figure, publish, published

_FEW: Final = 100_000
_SETTINGS: Final = {"shared_buffers": "1GB", "max_wal_size": "512MB", "max_connections": "40"}

#: Rows filled a second, and their size on disk with what belongs to them.
_FILLED_A_SECOND: Final = 9000
_BYTES_A_ROW: Final = 3600

T = TypeVar("T")


class Bench:
    """The server of a run, and how its rounds are played."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        """`found` holds what was measured so far."""
        self.found: list[Figure] = []
        self._options = options
        self._folder = folder
        self._postgres = EmbeddedPostgres(folder, options=_SETTINGS)
        self._policy = workflow()

    async def run(self) -> None:
        """The parts asked for."""
        self._postgres.start()
        try:
            if "a" in self._options.parts:
                self.found += await self._scale()
            if "b" in self._options.parts:
                self.found += await self._lateness()
            if "c" in self._options.parts:
                self.found += await self._peers()
        finally:
            self._postgres.stop()

    @property
    def _postmaster(self) -> int:
        return int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0])

    async def _scale(self) -> list[Figure]:
        rows = [min(_FEW, self._options.armed // 2), self._options.armed]
        filled = [await self._filled(count) for count in rows]
        sides = [side for side, _ in filled]
        costs = [Costs() for _ in sides]
        for number, place in self._turns(range(len(sides))):
            fired = await sides[place].fire(number)
            rearmed = await sides[place].rearm(self._options.fires // 4)
            _tell(number, f"(a) {rows[place]:,} armed", f"{fired.cpu:.0f} µs a fire")
            if number:
                costs[place].fires.append(fired)
                costs[place].rearms.append(rearmed)
        for side in sides:
            await side.close()
        return escalator_scale.figures(rows, costs, [size for _, size in filled])

    async def _lateness(self) -> list[Figure]:
        rate, seconds = self._options.rate, self._options.seconds
        url = self._postgres.url("late")
        await database(self._postgres.url(), url)
        done = []
        for number in range(self._options.rounds):
            one = await escalator_lateness.round_of(url, self._policy, rate, seconds)
            _tell(number + 1, f"(b) {rate:,} due/s", f"p99 {one.at(0.99):.3f} s")
            done.append(one)
        return escalator_lateness.figures(done, rate, seconds)

    async def _peers(self) -> list[Figure]:
        due, rounds = self._options.due, self._options.rounds
        armed = min(_FEW, self._options.armed // 2)
        side, _ = await self._filled(armed)
        desk_url, jobs_url = self._postgres.url("desk"), self._postgres.url("jobs")
        await database(self._postgres.url(), desk_url)
        await migrate.upgrade(desk_url, ["notifier"])
        for name in ("helpdesk", "jobs"):
            await database(self._postgres.url(), self._postgres.url(name))
        dsn = {"NAME": "helpdesk", "USER": "postgres", "HOST": str(self._postgres.socket_folder)}
        desk = escalator_peers.Desk(desk_url)
        await desk.prepare()
        done: dict[str, list[Done]] = {"Tierline": [], "django-helpdesk": []}
        fires, jobs = [], []
        alchemy = jobs_url.replace("postgresql://", "postgresql+psycopg://")
        async with (
            escalator_peers.peer(
                "tests.load.escalator_helpdesk", json.dumps(dsn), str(self._options.open)
            ) as helpdesk,
            escalator_peers.peer(
                "tests.load.escalator_apscheduler", alchemy, str(armed)
            ) as scheduler,
        ):
            for number in range(rounds + 1):
                ours, theirs = await desk.round(due), await helpdesk.round(due)
                fired, ran = await side.fire(number), await scheduler.round(due)
                rates = (ours.rate, theirs.rate, fired.count / fired.seconds, ran.rate)
                told = "{:.0f} against {:.0f}/s, {:.0f} against {:.0f}/s".format(*rates)
                _tell(number, "(c)", told)
                if number:
                    done["Tierline"].append(ours)
                    done["django-helpdesk"].append(theirs)
                    fires.append(fired.count / fired.seconds)
                    jobs.append(ran)
        await desk.close()
        await side.close()
        return escalator_peers.figures(done, fires, jobs)

    async def _filled(self, rows: int) -> tuple[Side, int]:
        """A side over a table with so many armed cases, and the size of its database."""
        url = self._postgres.url(f"armed_{rows}")
        await database(self._postgres.url(), url)
        armed = Armed(url, rows, self._options.fires, self._options.rounds + 1)

        def tell(done: int) -> None:
            if done == rows or not done % 1_000_000:
                print(f"{done:,} of {rows:,} cases armed", flush=True)

        size = await fill(armed, self._policy, tell)
        return Side(armed, self._postmaster, self._policy), size

    def _turns(self, sides: Sequence[T]) -> Iterable[tuple[int, T]]:
        """Round and side, in changing order; round 0 is thrown away."""
        for number in range(self._options.rounds + 1):
            yield from ((number, side) for side in (sides if number % 2 else sides[::-1]))


def _publish(found: Sequence[Figure]) -> None:
    """Write what was measured, and what was before of the parts that were not measured now."""
    measured = {figure.name[:3] for figure in found}
    kept = [f for f in published("bench", "escalator") if f.name[:3] not in measured]
    figures = sorted([*kept, *found], key=lambda figure: figure.name[:3])
    print("written to", publish("bench", "escalator", figures))


def _tell(number: int, side: str, what: str) -> None:
    aside = "" if number else " (warm-up, thrown away)"
    print(f"round {number}{aside}, {side}: {what}", flush=True)


def main() -> None:
    """Read the options, run, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="abc", help="which of a, b, c")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--armed", type=int, default=750_000, help="the big table, (a)")
    parser.add_argument("--fires", type=int, default=10_000, help="a round, (a)")
    parser.add_argument("--rate", type=int, default=2000, help="due a second, (b)")
    parser.add_argument("--seconds", type=int, default=60, help="a round, (b)")
    parser.add_argument("--open", type=int, default=10_000, help="tickets in django-helpdesk, (c)")
    parser.add_argument("--due", type=int, default=1000, help="a round, (c)")
    options = parser.parse_args()
    minutes = (options.armed + _FEW) / _FILLED_A_SECOND / 60 + options.rounds * 4
    print(
        f"Deadlines: {options.armed:,} armed against {min(_FEW, options.armed // 2):,}, "
        f"{options.rate:,} due/s for {options.seconds} s, {options.due:,} due tickets against "
        f"django-helpdesk {version('django-helpdesk')} and APScheduler {version('apscheduler')}; "
        f"{options.rounds} rounds, about {minutes:.0f} minutes and "
        f"{(options.armed + 2 * _FEW) * _BYTES_A_ROW / 1e9:.0f} GB of disk until the end. "
        "Ten million armed: ARGS='--armed 10000000', half an hour and 40 GB.\n"
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}; fsync, synchronous_commit and autovacuum on.",
        flush=True,
    )
    spare_the_collector()
    with tempfile.TemporaryDirectory(prefix="tierline-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL, started as another user by root, must pass
        bench = Bench(Path(folder), options)
        try:
            asyncio.run(bench.run())
        finally:
            _publish(bench.found)


if __name__ == "__main__":
    main()

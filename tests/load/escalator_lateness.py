"""(b) of `make bench-escalator`: how late deadlines are told while so many fall due every second.

Two escalators share the partitions, as everywhere where one may be restarted: each a process with the
escalator's own `Timers` under its own `Worker`. Late is what has not been committed: an event counts from its
instant to the commit of its transaction, not to the instant written in it.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import Final

import asyncpg

from services.escalator.main import IDLE_SECONDS
from services.escalator.metrics import EscalatorMetrics
from services.escalator.state import encoded
from services.escalator.timers import GROUPS, PARTITIONS, Timers
from shared.clock import SystemClock
from shared.contracts import decode
from shared.contracts.sla import ClockPayload
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowPolicy
from shared.runtime.process import spare_the_collector
from shared.runtime.watermark import Reading
from shared.runtime.worker import Worker
from shared.runtime.writer import Writer
from tests.load.escalator_armed import (
    PRESENT,
    connect,
    engine_for,
    met,
    opening,
    until_due,
    workflow,
)
from tests.support.builders import TICKET
from tests.support.figures import Figure, over_rounds

P99_TARGET: Final = 1.0

ESCALATORS: Final = 2

#: A clock shows milliseconds: so many cases share one where more than a thousand a second fall due.
_MILLISECONDS: Final = 1000

#: Seconds until the first case falls due, and after the last one at most: what is too much for the machine waits.
_BEFORE: Final = 1.0
_PATIENCE: Final = 120

# materialised: PostgreSQL remembers a subquery's rows by its parameters, new ids or not
_FILL: Final = f"""
WITH each_one AS MATERIALIZED (
    SELECT gen_random_uuid() AS id, m.* FROM public.moment m, generate_series(1, m.copies))
INSERT INTO sla_case (ticket_id, partition, status, level, next_due_at, state)
SELECT id, (hashtext(id::text) & 2147483647) % {len(PARTITIONS)}, status, level, due,
    replace(state, '{TICKET}', id::text)
FROM each_one
"""
_TO_FIRE: Final = "SELECT count(*) FROM sla_case WHERE next_due_at <= $1"
_SAID: Final = """
SELECT o.key, o.value, o.created_at, c.partition FROM outbox o
JOIN sla_case c ON c.ticket_id = o.key::uuid ORDER BY o.seq
"""
_CLEAN: Final = """
CREATE TABLE IF NOT EXISTS public.moment (
    due timestamptz, status text, level text, state text, copies int);
TRUNCATE public.moment, sla_case, outbox, stream
"""


class ShiftedClock(SystemClock):
    """The machine's clock, moved so that `PRESENT` is when it showed `real`."""

    def __init__(self, real: datetime) -> None:
        self._offset = PRESENT - real

    def now(self) -> datetime:
        """The machine's time on another day."""
        return super().now() + self._offset


class Commits:
    """Stands where the relay would, and notes when it is woken: just after a commit."""

    def __init__(self, clock: ShiftedClock) -> None:
        self.instants: list[datetime] = []
        self._clock = clock

    def wake(self) -> None:
        """Something was committed."""
        self.instants.append(self._clock.now())


class Heard:
    """A log of some partitions that has been heard up to now."""

    def __init__(self, clock: ShiftedClock, owned: frozenset[int]) -> None:
        self._clock = clock
        self._owned = owned

    def reading(self) -> Reading:
        """What the watermark would say."""
        now = self._clock.now()
        return Reading(now=now, as_of=now, owned=self._owned, waiting_since=PRESENT)


@dataclass(frozen=True, slots=True)
class Late:
    """The lateness of a round, in seconds, sorted."""

    seconds: Sequence[float]

    def at(self, share: float) -> float:
        """The value that this share does not exceed."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


async def round_of(url: str, policy: WorkflowPolicy, rate: int, seconds: int) -> Late:
    """Let `rate` cases a second fall due for so long. Raises SystemExit when not all of them fired."""
    sql = await connect(url)
    try:
        await _arm(sql, policy, rate, seconds)
        with ProcessPoolExecutor(ESCALATORS, mp_context=get_context("spawn")) as pool:
            # both have started, and imported what they need, before the first case falls due
            list(pool.map(_begin, range(ESCALATORS)))
            real = SystemClock().now()
            firing = [
                asyncio.wrap_future(pool.submit(_fire, url, real, owned, seconds))
                for owned in _shares()
            ]
            commits = dict(zip(_shares(), await asyncio.gather(*firing), strict=True))
        return await _lateness(sql, commits, rate * seconds)
    finally:
        await sql.close()


def figures(done: Sequence[Late], rate: int, seconds: int) -> list[Figure]:
    """Median, 99th percentile and maximum over the rounds."""
    named = f"(b) lateness at {rate:,} due/s for {seconds} s, {ESCALATORS} escalators"
    return [
        over_rounds(f"{named}: p50", [one.at(0.5) for one in done], "s"),
        over_rounds(f"{named}: p99", [one.at(0.99) for one in done], "s", at_most=P99_TARGET),
        over_rounds(f"{named}: max", [one.seconds[-1] for one in done], "s"),
        over_rounds(
            f"{named}: fired",
            [len(one.seconds) / (seconds + one.seconds[-1]) for one in done],
            "cases/s",
        ),
    ]


def _shares() -> list[frozenset[int]]:
    """The partitions of each escalator, next to one another as the broker gives them."""
    ordered, each = sorted(PARTITIONS), len(PARTITIONS) // ESCALATORS
    return [frozenset(ordered[n * each : (n + 1) * each]) for n in range(ESCALATORS)]


def _begin(_: int) -> None:
    """As a service does once it is built; a moment long, so that every process gets one."""
    spare_the_collector()
    time.sleep(_BEFORE)


def _fire(url: str, real: datetime, owned: frozenset[int], seconds: int) -> list[datetime]:
    """One escalator, until all that falls due so long is fired; when it committed."""
    return asyncio.run(_firing(url, ShiftedClock(real), owned, seconds))


async def _firing(
    url: str, clock: ShiftedClock, owned: frozenset[int], seconds: int
) -> list[datetime]:
    commits = Commits(clock)
    engine = engine_for(url)
    writer = Writer(engine, clock, source="/escalator", relay=commits)
    metrics = EscalatorMetrics(Catalogue("escalator"))
    timers = Timers(writer, Heard(clock, owned), workflow(), metrics)
    worker = Worker("timers", timers.step, idle_seconds=IDLE_SECONDS)
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(_BEFORE + seconds)
    await _all_fired(url, PRESENT + timedelta(seconds=_BEFORE + seconds))
    worker.stop()
    await running
    await engine.dispose()
    return commits.instants


async def _all_fired(url: str, until: datetime) -> None:
    sql = await connect(url)
    for _ in range(_PATIENCE):
        if not await sql.fetchval(_TO_FIRE, until):
            break
        await asyncio.sleep(1)
    await sql.close()


async def _arm(sql: asyncpg.Connection, policy: WorkflowPolicy, rate: int, seconds: int) -> None:
    """Cases that fall due evenly, from one second after `PRESENT` on."""
    ahead = until_due(policy)
    await sql.execute(_CLEAN)
    forms = []
    for n in range(min(rate, _MILLISECONDS) * seconds):
        at = PRESENT + timedelta(seconds=_BEFORE) + timedelta(seconds=n) / min(rate, _MILLISECONDS)
        due = at.replace(microsecond=at.microsecond // 1000 * 1000)
        case, _ = met(opening(due - ahead), policy)
        copies = max(1, rate // _MILLISECONDS)
        forms.append((due, str(case.timeline.phase), case.level, encoded(case).decode(), copies))
    await sql.copy_records_to_table("moment", schema_name="public", records=forms)
    await sql.execute(_FILL)
    await sql.execute("VACUUM (ANALYZE) sla_case")
    await sql.execute("CHECKPOINT")


async def _lateness(
    sql: asyncpg.Connection, commits: Mapping[frozenset[int], list[datetime]], expected: int
) -> Late:
    """From each case's first announcement to the commit of the transaction that wrote it.

    Of the transactions that run side by side in an escalator the last one counts: nobody's commit is taken
    for another's.
    """
    of_partition = {p: instants for owned, instants in commits.items() for p in owned}
    first: dict[str, float] = {}
    async with sql.transaction():
        async for row in sql.cursor(_SAID):
            event, instants = decode(row["value"]), of_partition[row["partition"]]
            if row["key"] not in first and isinstance(event.payload, ClockPayload):
                after = bisect_left(instants, row["created_at"]) + GROUPS - 1
                commit = instants[min(after, len(instants) - 1)]
                first[row["key"]] = (commit - event.time).total_seconds()
    if len(first) != expected:
        raise SystemExit(f"{len(first)} of {expected} due cases were fired")
    return Late(sorted(first.values()))

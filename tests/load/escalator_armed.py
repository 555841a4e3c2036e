"""Tables full of armed cases for `make bench-escalator`: filled by PostgreSQL from real, encoded states.

A state is what the escalator itself makes of `ticket.opened`, with the ticket's id put in its place; no
row is a dummy, any of them can be fired, paused or priced anew. Cases lie in the table in no order of
being due, and their streams are met, as they would be after years.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import count
from typing import Final
from uuid import UUID

import asyncpg
from msgspec.structs import replace
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.escalator.domain.case import Case
from services.escalator.domain.decide import next_due, respond
from services.escalator.state import encoded
from services.escalator.timers import PARTITIONS
from shared.contracts import SLA, Event
from shared.db import migrate
from shared.db.engine import create_engine
from shared.policy import WorkflowPolicy, parse_workflow
from shared.settings import DatabaseSettings
from tests.support.builders import TICKET, an_event
from tests.support.cases import opened

#: When the first cohort falls due: as the timers see it, now.
PRESENT: Final = datetime(2026, 6, 1, 10, tzinfo=UTC)

#: Different instants at which the cases that only wait will be due.
_SPREAD: Final = 1000

#: Rows a statement, and how many statements at a time.
_CHUNK: Final = 100_000
_FILLING: Final = 2

_MARGIN: Final = timedelta(minutes=1)

_MAKE_FORMS: Final = """
CREATE TABLE public.form (
    number int PRIMARY KEY, due timestamptz, status text, level text, state text)
"""
_FILL: Final = f"""
INSERT INTO sla_case (ticket_id, partition, status, level, next_due_at, state)
SELECT md5(n::text)::uuid, (hashint4(n) & 2147483647) % {len(PARTITIONS)}, status, level, due,
    replace(state, '{TICKET}', md5(n::text)::uuid::text)
FROM generate_series($1::int, $2::int) AS n JOIN public.form
ON number = CASE WHEN n % $3 < $4 THEN n % $3 ELSE $4 + (n / $3) % {_SPREAD} END
"""
_MEET_STREAMS: Final = f"""
INSERT INTO stream (topic, key, sequence)
SELECT '{SLA}', md5(n::text)::uuid::text, $3 FROM generate_series($1::int, $2::int) AS n
"""


@dataclass(frozen=True, slots=True)
class Armed:
    """`rows` armed cases in the database of `url`; cohort r of `fires` cases is due at `due(r)`."""

    url: str
    rows: int
    fires: int
    cohorts: int

    @property
    def stride(self) -> int:
        """Every so many rows one belongs to each cohort."""
        return self.rows // self.fires

    def due(self, cohort: int) -> datetime:
        """When a cohort falls due."""
        return PRESENT + timedelta(seconds=cohort)

    def ticket(self, number: int) -> UUID:
        """The id in row `number`."""
        return UUID(md5(str(number).encode(), usedforsecurity=False).hexdigest())


def workflow() -> WorkflowPolicy:
    """The packaged workflow, with every hour a working hour and a first warning that falls due alone."""
    return parse_workflow(
        "version: 1\nbusiness_hours: always\nsla: {thresholds: [25, 50, 75, 80, 90, 100]}\n"
    )


def engine_for(url: str) -> AsyncEngine:
    """An escalator's connections."""
    settings = DatabaseSettings(url=SecretStr(url), pool_size=4)
    return create_engine(settings, service="escalator", application="tierline/bench")


async def connect(url: str) -> asyncpg.Connection:
    """One connection to the escalator's schema."""
    return await asyncpg.connect(url, server_settings={"search_path": "escalator"})


async def database(admin_url: str, url: str) -> None:
    """A new database with the escalator's tables, at `url`."""
    admin = await asyncpg.connect(admin_url)
    name = url.partition("?")[0].rpartition("/")[2]
    await admin.execute(f"DROP DATABASE IF EXISTS {name}")
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    await migrate.upgrade(url, ["escalator"])


def opening(at: datetime, ticket: UUID = TICKET) -> Event:
    """`ticket.opened` of an ordinary ticket."""
    return an_event(replace(opened("medium", "standard"), ticket_id=ticket, opened_at=at), at=at)


def met(event: Event, policy: WorkflowPolicy) -> tuple[Case, int]:
    """The case of a ticket just opened, and how much was said of it."""
    case, said = respond(
        Case(ticket_id=UUID(event.subject)), event, policy=policy, now=event.recorded_time
    )
    return case, len(said)


def until_due(policy: WorkflowPolicy) -> timedelta:
    """From a ticket's opening to the first thing time has to say about it."""
    case, _ = met(opening(PRESENT), policy)
    first = next_due(case, policy)
    assert first is not None
    return first - PRESENT


async def fill(armed: Armed, policy: WorkflowPolicy, tell: Callable[[int], None]) -> int:
    """Fill an empty escalator database; returns its size in bytes. `tell` hears of rows written."""
    sql = await connect(armed.url)
    try:
        await sql.execute(_MAKE_FORMS)
        forms = _forms(armed, policy)
        await sql.copy_records_to_table("form", schema_name="public", records=forms)
        await _write_pages_whole(sql, "off")
        chunks = iter(range(0, armed.rows, _CHUNK))
        _, said = met(opening(PRESENT), policy)
        done = count(_CHUNK, _CHUNK)

        async def some() -> None:
            own = await connect(armed.url)
            for first in chunks:
                last = min(first + _CHUNK, armed.rows) - 1
                await own.execute(_FILL, first, last, armed.stride, armed.cohorts)
                await own.execute(_MEET_STREAMS, first, last, said)
                tell(min(next(done), armed.rows))
            await own.close()

        await asyncio.gather(*(some() for _ in range(_FILLING)))
        await _write_pages_whole(sql, "on")
        await sql.execute("VACUUM (ANALYZE) sla_case, stream")
        await sql.execute("CHECKPOINT")
        return int(await sql.fetchval("SELECT pg_database_size(current_database())"))
    finally:
        await sql.close()


async def _write_pages_whole(sql: asyncpg.Connection, how: str) -> None:
    """Nobody needs what a crash would leave of a table that is being filled; what is measured is as usual."""
    await sql.execute(f"ALTER SYSTEM SET full_page_writes = {how}")
    await sql.execute("SELECT pg_reload_conf()")


def _forms(
    armed: Armed, policy: WorkflowPolicy
) -> list[tuple[int, datetime | None, str, str, str]]:
    """What a row of each cohort looks like, and the rows that wait: due later than any cohort."""
    ahead = until_due(policy)
    openings = [armed.due(cohort) - ahead for cohort in range(armed.cohorts)]
    earliest, latest = PRESENT + _MARGIN - ahead, PRESENT - _MARGIN
    openings += [earliest + (latest - earliest) * n / _SPREAD for n in range(_SPREAD)]
    found = []
    for number, at in enumerate(openings):
        whole = at.replace(microsecond=at.microsecond // 1000 * 1000)
        case, _ = met(opening(whole), policy)
        due, state = next_due(case, policy), encoded(case).decode()
        found.append((number, due, str(case.timeline.phase), case.level, state))
    return found

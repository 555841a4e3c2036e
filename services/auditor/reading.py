"""Where the auditor reads: the public topics, and intake's log of accepted deliveries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts import Event, TicketOpened, UndecodableError, decode
from shared.contracts.topics import CALENDARS, SLA, TICKETS
from shared.db.engine import create_migration_engine, fetch
from shared.kafka.aio_reader import AioReader, Progress

TOPICS: Final = (CALENDARS, TICKETS, SLA)

#: The log of deliveries is the one table of a service that the auditor may read (and only read).
_ACCEPTED: Final = """
SELECT DISTINCT (outcome->>'ticket_id')::uuid
FROM intake.delivery, jsonb_array_elements(answer) AS outcome
WHERE received_at > $1 AND received_at <= $2 AND outcome->>'outcome' = 'accepted'
"""


async def catch_up(reader: AioReader, progress: Progress | None = None) -> list[Event]:
    """The events that are new on the topics. What is no event of ours is nobody's deadline."""
    return [
        event
        async for record in reader.catch_up(progress)
        if (event := _event(record.value)) is not None
    ]


async def accepted(database_url: str, since: datetime, until: datetime) -> set[UUID]:
    """The tickets that deliveries accepted in `(since, until]` are about."""
    engine = create_migration_engine(database_url)
    try:
        async with engine.connect() as tx:
            await tx.exec_driver_sql("SET TRANSACTION READ ONLY")
            return {ticket for (ticket,) in await fetch(tx, _ACCEPTED, (since, until)) if ticket}
    finally:
        await engine.dispose()


def unopened(tickets: Collection[UUID], events: Iterable[Event]) -> int:
    """How many of `tickets` are not on the topic."""
    opened = {
        event.payload.ticket_id for event in events if isinstance(event.payload, TicketOpened)
    }
    return len(set(tickets) - opened)


def _event(document: bytes) -> Event | None:
    try:
        return decode(document)
    except UndecodableError:
        return None

"""What is in Tierline's schemas at one instant: rows, revisions, what the outboxes have said."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.operator import look_into
from shared.db import migrate
from shared.db.engine import fetch

from .manifest import Said

#: Every table of some schemas but the days of an outbox, which are its parts, with the statement that
#: counts its rows.
_TABLES: Final = """
SELECT n.nspname || '.' || c.relname, format('SELECT count(*) FROM %I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""

_SAID: Final = """
SELECT topic, count(*), count(*) FILTER (WHERE published_at IS NULL), max(seq)
FROM outbox GROUP BY topic ORDER BY topic
"""

_SCHEMAS: Final = "SELECT nspname FROM pg_namespace WHERE nspname = ANY ($1::text[]) ORDER BY 1"

#: What migrations themselves put into a schema.
PUT_BY_MIGRATIONS: Final = frozenset({"alembic_version", "relay"})


async def rows(tx: AsyncConnection) -> dict[str, int]:
    """How many rows each table of Tierline has, by `schema.table`."""
    tables = await fetch(tx, _TABLES, (migrate.services_with_migrations(),))
    return {name: (await fetch(tx, statement))[0][0] for name, statement in tables}


async def said(tx: AsyncConnection) -> dict[str, dict[str, Said]]:
    """What each service's outbox holds of each topic."""
    found = {}
    for service in migrate.services_with_migrations():
        await look_into(tx, service)
        found[service] = {topic: Said(*counts) for topic, *counts in await fetch(tx, _SAID)}
    return found


async def schemas(tx: AsyncConnection) -> list[str]:
    """Those of Tierline's schemas that are there."""
    return [name for (name,) in await fetch(tx, _SCHEMAS, (migrate.services_with_migrations(),))]


def filled(counted: dict[str, int]) -> dict[str, int]:
    """Those tables that hold something which migrations did not put there."""
    return {
        name: count
        for name, count in counted.items()
        if count and name.partition(".")[2] not in PUT_BY_MIGRATIONS
    }

"""The operator's look into the database: every schema, with the login's own rights.

For commands and accounts of what happened; services never use it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.engine import create_migration_engine


@asynccontextmanager
async def operator(url: str) -> AsyncIterator[AsyncConnection]:
    """One transaction with the operator's own rights, committed at the end."""
    engine = create_migration_engine(url)
    try:
        async with engine.begin() as tx:
            yield tx
    finally:
        await engine.dispose()


async def look_into(tx: AsyncConnection, service: str) -> None:
    """From here on, table names mean those of `service`."""
    await tx.exec_driver_sql(f"SET LOCAL search_path = {service}")

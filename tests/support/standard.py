"""A service that has nothing but the standard tables."""

from __future__ import annotations

from typing import Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import migrate
from shared.db.engine import create_engine, create_migration_engine
from shared.db.standard_ddl import create_standard_tables
from shared.settings import DatabaseSettings

#: Its name: one of the services', so that no role is made that the run would leave behind.
SERVICE: Final = "router"


async def make_standard_tables(url: str) -> None:
    """Make role, schema and standard tables of `SERVICE` in the database of `url`."""
    engine = create_migration_engine(url)
    try:
        async with engine.connect() as connection:
            await migrate.make_schema(connection, SERVICE)
            await connection.run_sync(_create)
            await connection.commit()
    finally:
        await engine.dispose()


def standard_engine(url: str) -> AsyncEngine:
    """The engine `SERVICE` would have."""
    settings = DatabaseSettings(url=SecretStr(url))
    return create_engine(settings, service=SERVICE, application="test")


def _create(connection: Connection) -> None:
    create_standard_tables(Operations(MigrationContext.configure(connection)), SERVICE)

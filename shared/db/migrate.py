"""Migrations: one environment for all services, a version table in each schema.

A service's migrations are the files in `services/<service>/migrations/versions`; a service without
that folder is passed over. `standard.py` shows how the first one looks.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from .engine import create_migration_engine, role_of
from .migrate_trouble import gave_up, is_patience, turn_denied

_ENVIRONMENT: Final = Path(__file__).parent / "environment"

#: Nobody waits for another migration longer than this, nor for a lock on a table.
TURN_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.2
_LOCKS: Final = "SET lock_timeout = '2s'"

#: How long one statement of a migration may work, in minutes.
STATEMENT_MINUTES: Final = 15
_STATEMENTS: Final = "SET statement_timeout = '{minutes}min'"

#: One migration run a database at a time.
_TAKE_TURN: Final = "SELECT pg_try_advisory_lock(hashtext('tierline.migrate'))"
_END_TURN: Final = "SELECT pg_advisory_unlock(hashtext('tierline.migrate'))"

# Roles belong to the whole cluster, so the turn above does not serialise their making.
_ROLE: Final = """DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$"""

# The migrating login must be able to act as the service's role. A login that may not grant that to
# itself is granted it by its operator, once (deploy/postgres/roles.sql).
_MEMBERSHIP: Final = """DO $$ BEGIN
    SET LOCAL ROLE {role};
    RESET ROLE;
EXCEPTION WHEN insufficient_privilege THEN
    GRANT {role} TO CURRENT_USER;
END $$"""

_SCHEMA: Final = (
    "CREATE SCHEMA IF NOT EXISTS {schema}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    """ALTER DEFAULT PRIVILEGES IN SCHEMA {schema}
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}""",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)


def services_with_migrations() -> list[str]:
    """The services of this distribution that have migrations, by name."""
    return sorted(folder.parent.parent.name for folder in _root().glob("*/migrations/versions"))


async def upgrade(
    url: str,
    services: Iterable[str] | None = None,
    *,
    statement_minutes: int = STATEMENT_MINUTES,
) -> None:
    """Bring the schemas of `services` (default: all that have migrations) to their newest form.

    Makes role and schema where they are missing. Concurrent calls wait for each other. Raises
    MigrationGaveUpError when a lock was not got in 2 s or a statement took too long, and what the database
    says otherwise; a revision that failed has left nothing behind.
    """
    engine = create_migration_engine(url)
    try:
        async with engine.connect() as connection, turn(connection):
            await connection.exec_driver_sql(_STATEMENTS.format(minutes=statement_minutes))
            await connection.commit()
            for service in services or services_with_migrations():
                await _upgrade_one(connection, service)
    finally:
        await engine.dispose()


async def _upgrade_one(connection: AsyncConnection, service: str) -> None:
    try:
        await make_schema(connection, service)
        await connection.run_sync(_upgrade_service, service)
        await connection.commit()
    except DBAPIError as error:
        if not is_patience(error):
            raise
        await connection.rollback()
        raise await gave_up(connection, service, error) from error


async def pending(url: str, service: str) -> list[str]:
    """The revisions `service` has and the database has not, oldest first; empty when up to date."""
    engine = create_migration_engine(url)
    try:
        return await pending_on(engine, service)
    finally:
        await engine.dispose()


async def pending_on(engine: AsyncEngine, service: str) -> list[str]:
    """As `pending`, on an engine at hand: what a service's readiness asks."""
    async with engine.connect() as connection:
        current = await connection.run_sync(_current_revision, service)
    script = ScriptDirectory.from_config(_config(service))
    newest_first = script.iterate_revisions("heads", current or "base")
    return [revision.revision for revision in newest_first][::-1]


async def heads_on(connection: AsyncConnection) -> dict[str, str | None]:
    """The revision each service's schema is at; None where there is no schema of it."""
    return {
        service: await connection.run_sync(_current_revision, service)
        for service in services_with_migrations()
    }


def revisions(service: str) -> list[str]:
    """The revisions this program has of `service`, oldest first."""
    script = ScriptDirectory.from_config(_config(service))
    return [revision.revision for revision in script.walk_revisions()][::-1]


def written_out(service: str) -> dict[str, str]:
    """The SQL of each revision of `service`, oldest first, for reading and linting; asks no database."""
    told: dict[str, str] = {}
    before, limits = "base", f"{_LOCKS};\n{_STATEMENTS.format(minutes=STATEMENT_MINUTES)};\n"
    for revision in revisions(service):
        config = _config(service)
        config.output_buffer = out = io.StringIO()
        config.attributes.update(schema=service)
        command.upgrade(config, f"{before}:{revision}", sql=True)
        told[revision], before = limits + out.getvalue(), revision
    return told


def _root() -> Path:
    spec = importlib.util.find_spec("services")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the package `services` is not installed")
    return Path(spec.origin).parent


def _config(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(_root() / service / "migrations" / "versions"))
    return config


@asynccontextmanager
async def turn(
    connection: AsyncConnection, *, seconds: float = TURN_SECONDS
) -> AsyncIterator[None]:
    """Be the only one who changes this database's schemas; others wait for at most a minute.

    Raises MigrationGaveUpError when it is us who have waited that long. Nobody waits inside a transaction:
    an index that is made concurrently waits for the end of every one.
    """
    for _ in range(round(seconds / _LOOK_SECONDS) + 1):
        taken = (await connection.exec_driver_sql(_TAKE_TURN)).scalar_one()
        await connection.commit()
        if taken:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    else:
        raise turn_denied()
    await connection.exec_driver_sql(_LOCKS)
    await connection.commit()
    try:
        yield
    finally:
        await connection.rollback()
        await connection.exec_driver_sql(_END_TURN)
        await connection.commit()


async def make_role(connection: AsyncConnection, service: str) -> None:
    """Make the role of `service` where it is missing, and commit."""
    for statement in (_ROLE, _MEMBERSHIP):
        await connection.exec_driver_sql(statement.format(role=role_of(service)))
    await connection.commit()


async def make_schema(connection: AsyncConnection, service: str) -> None:
    """Make role and schema of `service` where they are missing, and commit."""
    await make_role(connection, service)
    for statement in _SCHEMA:
        await connection.exec_driver_sql(statement.format(schema=service, role=role_of(service)))
    await connection.commit()


def _upgrade_service(connection: Connection, service: str) -> None:
    config = _config(service)
    config.attributes.update(connection=connection, schema=service)
    command.upgrade(config, "head")


def _current_revision(connection: Connection, service: str) -> str | None:
    found = connection.execute(
        text("SELECT to_regclass(:name) IS NOT NULL"), {"name": f"{service}.alembic_version"}
    ).scalar_one()
    if not found:
        return None
    context = MigrationContext.configure(connection, opts={"version_table_schema": service})
    return context.get_current_revision()

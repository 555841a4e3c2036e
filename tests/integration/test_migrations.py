"""Migrations: one schema and one role a service, repeatable, concurrent, and what the code describes."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Column, Connection, MetaData, Text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import engine as db
from shared.db import migrate, outbox
from shared.db.engine import SessionSettingsError, create_engine, create_migration_engine
from shared.db.standard import standard_tables
from shared.settings import DatabaseSettings
from tests.support.databases import drop, say, url_of
from tests.support.standard import SERVICE, make_standard_tables

pytestmark = pytest.mark.postgres

SERVICES = migrate.services_with_migrations()

ROLES = (Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sql").read_text()


def differences(connection: Connection, metadata: MetaData) -> list[str]:
    """What Alembic would change to make the database what `metadata` says; [] when nothing."""

    def of_ours(name: str | None, kind: str, _: object) -> bool:
        if kind == "schema":
            return name == metadata.schema
        return not (
            kind == "table" and name and (name == "alembic_version" or name[-8:].isdecimal())
        )

    options = {"include_schemas": True, "include_name": of_ours, "compare_type": True}
    context = MigrationContext.configure(connection, opts=options)
    return [str(change) for change in compare_metadata(context, metadata)]


def service_engine(url: str, service: str) -> AsyncEngine:
    settings = DatabaseSettings(url=SecretStr(url), pool_size=2)
    return create_engine(settings, service=service, application="test")


async def test_the_standard_tables_are_what_the_code_describes(standard_url: str) -> None:
    metadata = MetaData(schema=SERVICE)
    standard_tables(metadata)
    engine = create_migration_engine(standard_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences, metadata)
    await engine.dispose()

    assert [] == found


async def test_a_column_nobody_has_made_is_seen(standard_url: str) -> None:
    """The comparison above is not blind."""
    metadata = MetaData(schema=SERVICE)
    standard_tables(metadata)
    metadata.tables[f"{SERVICE}.inbox"].append_column(Column("forgotten", Text))
    engine = create_migration_engine(standard_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences, metadata)
    await engine.dispose()

    assert ["add_column"] == [change.split("'")[1] for change in found]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_services_tables_are_what_its_code_describes(
    database_url: str, service: str
) -> None:
    assert importlib.util.find_spec(f"services.{service}.tables") is not None
    metadata = importlib.import_module(f"services.{service}.tables").metadata
    engine = create_migration_engine(database_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences, metadata)
    await engine.dispose()

    assert [] == found


async def test_nothing_is_pending_after_the_upgrade(
    empty_database_url: str,
) -> None:
    before = {name: await migrate.pending(empty_database_url, name) for name in SERVICES}
    await migrate.upgrade(empty_database_url)
    after = {name: await migrate.pending(empty_database_url, name) for name in SERVICES}

    assert all(before.values())
    assert not any(after.values())


async def test_an_upgrade_can_be_repeated_and_run_twice_at_once(empty_database_url: str) -> None:
    await asyncio.gather(migrate.upgrade(empty_database_url), migrate.upgrade(empty_database_url))
    await migrate.upgrade(empty_database_url)

    assert [] == [n for n in SERVICES if await migrate.pending(empty_database_url, n)]


async def test_one_service_can_be_upgraded_alone(empty_database_url: str) -> None:
    for service in SERVICES[:1]:
        await migrate.upgrade(empty_database_url, [service])
    left = [name for name in SERVICES if await migrate.pending(empty_database_url, name)]

    assert SERVICES[1:] == left


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_can_ask_itself_what_is_pending(database_url: str, service: str) -> None:
    engine = service_engine(database_url, service)

    assert [] == await migrate.pending_on(engine, service)

    await engine.dispose()


async def test_a_session_has_its_role_schema_and_limits(standard_url: str) -> None:
    """Ruling 8, reliability 2.8."""
    engine = service_engine(standard_url, SERVICE)

    await db.check(engine, service=SERVICE)

    await engine.dispose()


async def test_a_session_that_is_somebody_else_is_refused(standard_url: str) -> None:
    engine = create_migration_engine(standard_url)

    with pytest.raises(SessionSettingsError, match=r"role is .*; schema is .*lock_timeout"):
        await db.check(engine, service=SERVICE)

    await engine.dispose()


async def test_a_service_sees_nothing_of_another(standard_url: str) -> None:
    engine = create_migration_engine(standard_url)
    async with engine.connect() as connection:
        await migrate.make_schema(connection, "notifier")
    await engine.dispose()
    other = service_engine(standard_url, "notifier")

    with pytest.raises(DBAPIError, match=f"permission denied for schema {SERVICE}"):
        async with other.begin() as tx:
            await tx.exec_driver_sql(f"SELECT * FROM {SERVICE}.inbox")

    await other.dispose()


async def test_an_idle_transaction_is_ended_by_the_server(standard_url: str) -> None:
    """A stopped worker must not hold its rows (reliability 2.8); here the limit is 0.1 s."""
    engine = service_engine(standard_url, SERVICE)
    async with engine.connect() as tx:
        await tx.exec_driver_sql("SET idle_in_transaction_session_timeout = '100ms'")
        await asyncio.sleep(0.4)

        with pytest.raises(DBAPIError) as caught:
            await tx.exec_driver_sql("SELECT 1")
        assert caught.value.connection_invalidated

    await engine.dispose()


async def test_a_broken_migration_leaves_nothing_behind(empty_database_url: str) -> None:
    """Making the standard tables twice fails the second time, and the first ones stay as they are."""
    await make_standard_tables(empty_database_url)
    engine = create_migration_engine(empty_database_url)
    with pytest.raises(DBAPIError, match="already exists"):
        await make_standard_tables(empty_database_url)

    async with engine.connect() as connection:
        rows = await connection.exec_driver_sql(f"SELECT count(*) FROM {SERVICE}.relay")
        assert 1 == rows.scalar_one()
    await engine.dispose()


async def test_an_ordinary_login_may_migrate_and_serve(
    database_url: str, postgres_server: str
) -> None:
    """No superuser is needed: a login that may make roles and databases, and is granted the roles."""
    login = f"tierline_test_{uuid4().hex[:8]}"
    roles = ", ".join(db.role_of(service) for service in SERVICES)
    await say(postgres_server, f"CREATE ROLE {login} LOGIN CREATEDB CREATEROLE PASSWORD 'secret'")
    await say(postgres_server, f"GRANT {roles} TO {login}")
    name = f"{login}_db"
    await say(postgres_server, f"CREATE DATABASE {name} OWNER {login}")

    try:
        url = as_login(url_of(database_url, name), login)
        await migrate.upgrade(url)
        engine = service_engine(url, SERVICES[0])
        await db.check(engine, service=SERVICES[0])
        await engine.dispose()
    finally:
        await drop(postgres_server, name)
        await say(postgres_server, f"DROP ROLE {login}")


@pytest.fixture
async def locked_down_url(empty_database_url: str, postgres_server: str) -> AsyncIterator[str]:
    """A database prepared by `deploy/postgres/roles.sql`; its logins are gone after the test."""
    await say(empty_database_url, ROLES)
    await say(empty_database_url, ROLES)
    logins = ["tierline_migrator", *(f"tierline_{service}_login" for service in SERVICES)]
    for login in logins:
        await say(postgres_server, f"ALTER ROLE {login} PASSWORD 'secret'")
    yield empty_database_url
    await drop(postgres_server, url_name(empty_database_url))
    for login in logins:
        await say(postgres_server, f"DROP ROLE {login}")


async def test_each_login_of_the_role_script_can_do_its_work_and_no_more(
    locked_down_url: str,
) -> None:
    """Security S33: a separate migrator, one role a service, no superuser, nobody in public."""
    await migrate.upgrade(as_login(locked_down_url, "tierline_migrator"))
    for service in SERVICES:
        own = as_login(locked_down_url, f"tierline_{service}_login")
        engine = service_engine(own, service)
        await db.check(engine, service=service)
        async with engine.begin() as tx:
            assert 1 == await outbox.add_days(tx, ahead=8)
        await engine.dispose()
        foreign = service_engine(own, next(other for other in SERVICES if other != service))
        with pytest.raises(DBAPIError, match="permission denied to set role"):
            await foreign.connect()
        await foreign.dispose()


def as_login(url: str, login: str) -> str:
    place = urlsplit(url)
    return place._replace(netloc=f"{login}:secret@{place.netloc.rpartition('@')[2]}").geturl()


def url_name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")

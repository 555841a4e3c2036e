"""Connections to PostgreSQL: who we are, which schema we see, and how long anything may take.

The limits are reliability 2.8 and belong to services; migrations have their own (`migrate.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.settings import DatabaseSettings

#: One unit of work: begun and committed by the runtime or by a test, never by service code.
Transaction = AsyncConnection

#: What a service's session must have, as PostgreSQL shows it (reliability 2.8, ruling 8).
SESSION_LIMITS: Final = {
    "idle_in_transaction_session_timeout": "5s",
    "statement_timeout": "10s",
    "lock_timeout": "2s",
    "TimeZone": "UTC",
}

#: A half-open connection is noticed within seconds. Without effect on Unix sockets.
_KEEPALIVES: Final = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}

#: A statement's answer is waited for a little longer than the server may work on it.
_ANSWER_SECONDS: Final = 15.0
_CONNECT_SECONDS: Final = 5.0
_POOL_WAIT_SECONDS: Final = 5.0

#: Names of the session, its role and its schema in one row.
_SESSION = "SELECT current_user, current_schema()"


async def fetch(
    tx: Transaction, statement: str, parameters: tuple[Any, ...] = ()
) -> Sequence[tuple[Any, ...]]:
    """Run `statement` (asyncpg's `$n` parameters, arrays as lists) and return its rows as tuples."""
    found = await tx.exec_driver_sql(statement, parameters or None)
    return [tuple(row) for row in found]


class SessionSettingsError(RuntimeError):
    """A session does not have the role, schema or limits a service needs."""


def role_of(service: str) -> str:
    """The PostgreSQL role that owns nothing and may use the schema `service`."""
    return f"tierline_{service}"


def create_engine(settings: DatabaseSettings, *, service: str, application: str) -> AsyncEngine:
    """A pool for `service`: its role, its schema, the session limits, all set as a session starts.

    `application` is what `pg_stat_activity` shows (service and worker). The URL is libpq style; the
    login in it must be a member of the service's role (`migrate.upgrade` sees to that for its own).
    Nothing connects before the first use.
    """
    session = {
        "role": role_of(service),
        "search_path": service,
        "application_name": application,
        **SESSION_LIMITS,
        **_KEEPALIVES,
    }
    return _engine(
        settings.url.get_secret_value(),
        session=session,
        pool_size=settings.pool_size,
        read_json=str,  # stores get json as the text it is, and decode it into their types
    )


def create_migration_engine(url: str) -> AsyncEngine:
    """A pool of one for migrations and reports: the URL's own login, no statement limit.

    Unlike on a service's engine, json arrives decoded: Alembic's reflection needs that.
    """
    session = {"application_name": "tierline/migrate", "TimeZone": "UTC", "statement_timeout": "0"}
    return _engine(url, session=session, pool_size=1, answer_seconds=None)


def _engine(
    url: str,
    *,
    session: dict[str, str],
    pool_size: int,
    answer_seconds: float | None = _ANSWER_SECONDS,
    read_json: Callable[[str], object] | None = None,
) -> AsyncEngine:
    async def connect() -> asyncpg.Connection:
        # asyncpg reads the URL itself: socket folders, several hosts and sslmode work as in libpq
        return await asyncpg.connect(
            url, server_settings=session, timeout=_CONNECT_SECONDS, command_timeout=answer_seconds
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_POOL_WAIT_SECONDS,
        pool_pre_ping=False,
        json_deserializer=read_json,
    )


async def check(engine: AsyncEngine, *, service: str) -> None:
    """Assert that a session of `engine` has its role, schema and limits.

    Called as a service starts: a proxy between us and the server may have dropped what we asked
    for. Raises SessionSettingsError with what differs.
    """
    async with engine.connect() as connection:
        [(role, schema)] = await fetch(connection, _SESSION)
        found = {"role": role, "schema": schema}
        for name in SESSION_LIMITS:
            found[name] = (await connection.exec_driver_sql(f"SHOW {name}")).scalar_one()
    wanted = {"role": role_of(service), "schema": service, **SESSION_LIMITS}
    different = [
        f"{name} is {found[name]!r}, not {value!r}"
        for name, value in wanted.items()
        if found[name] != value
    ]
    if different:
        raise SessionSettingsError("; ".join(different))

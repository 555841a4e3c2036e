"""Why a migration gave up, in words an operator can act on."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from .engine import fetch
from .trouble import sqlstate

_LOCK_NOT_AVAILABLE: Final = "55P03"
_CANCELLED: Final = "57014"

#: Who else has a lock on tables of a schema, the oldest transaction first.
_HOLDERS: Final = """
SELECT DISTINCT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed'), a.state,
    extract(epoch FROM clock_timestamp() - a.xact_start)::int AS seconds
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE n.nspname = $1 AND l.granted AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY seconds DESC NULLS LAST LIMIT 3
"""


class MigrationGaveUpError(RuntimeError):
    """A migration waited or worked as long as it may, and left nothing behind; the message says what to do."""


def is_patience(error: DBAPIError) -> bool:
    """Whether a limit of our own ended the statement, rather than a mistake in it."""
    return sqlstate(error) in {_LOCK_NOT_AVAILABLE, _CANCELLED}


async def gave_up(
    connection: AsyncConnection, service: str, error: DBAPIError
) -> MigrationGaveUpError:
    """What to tell of `error`, which `is_patience`; asks who holds locks in the schema of `service`."""
    if sqlstate(error) == _CANCELLED:
        return MigrationGaveUpError(
            f"Migrating {service} stopped: a statement took longer than it may. Its revision was rolled "
            "back, and the ones before it stay. Run `tierline migrate --statement-minutes N` with more "
            "minutes, in a quiet hour."
        )
    holders = [
        f"process {pid} ({name}, {state}"
        + (f", in a transaction for {seconds} s)" if seconds is not None else ")")
        for pid, name, state, seconds in await fetch(connection, _HOLDERS, (service,))
    ]
    now = f" Now locks are held by {'; '.join(holders)}." if holders else " They are free now."
    return MigrationGaveUpError(
        f"Migrating {service} stopped: another session holds a lock on one of its tables. A migration "
        "waits for 2 s only, because everybody else would queue behind it. Its revision was rolled back, "
        f"and the ones before it stay.{now} Run `tierline migrate` again, when the load is low or that "
        "session has ended (SELECT pg_terminate_backend(PROCESS) ends it)."
    )


def turn_denied() -> MigrationGaveUpError:
    """Another migration run has had the database for too long."""
    return MigrationGaveUpError(
        "Another `tierline migrate` (or a restore) is at work in this database and has not ended for 60 s. "
        "Nothing was changed: run it again when that one is done."
    )

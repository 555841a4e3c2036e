"""Trouble of the database that says nothing about what was asked of it: the same may succeed later."""

from __future__ import annotations

from typing import Final

import asyncpg.exceptions
import sqlalchemy.exc

#: SQLSTATE classes and codes after which the same statements may succeed.
TRANSIENT_CLASSES: Final = ("08", "53", "58")
TRANSIENT_STATES: Final = frozenset(
    {
        "25006",  # read-only: a standby that is being promoted
        "25P03",  # cut off while idle in a transaction
        "40001",  # serialization failure
        "40P01",  # deadlock
        "55P03",  # lock not available in time
        "57014",  # cancelled by statement_timeout
        "57P01",  # ended by an administrator
        "57P02",  # crash of another backend
        "57P03",  # starting up
        "57P05",  # idle session time-out
    }
)


#: The errors that trouble comes as; not every one of them is trouble.
KINDS: Final = (
    sqlalchemy.exc.DBAPIError,
    sqlalchemy.exc.TimeoutError,
    asyncpg.exceptions.PostgresError,
    asyncpg.exceptions.InterfaceError,
    asyncpg.exceptions.InternalClientError,
    OSError,
    TimeoutError,
)


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code for `error`, if it came from there."""
    origin = getattr(error, "orig", None) or error
    state = getattr(origin, "sqlstate", None)
    return state if isinstance(state, str) else None


def is_database_trouble(error: BaseException) -> bool:
    """The database is away, cuts off or is too busy; nothing is wrong with what was asked of it.

    Sockets that break are counted in: without a database there is no answer but theirs.
    """
    if isinstance(error, sqlalchemy.exc.DBAPIError) and error.connection_invalidated:
        return True
    state = sqlstate(error)
    if state is not None:
        return state in TRANSIENT_STATES or state.startswith(TRANSIENT_CLASSES)
    if isinstance(error, ValueError):  # asyncpg's DataError is also an InterfaceError
        return False
    return isinstance(
        error,
        (
            OSError,
            TimeoutError,
            sqlalchemy.exc.TimeoutError,
            asyncpg.exceptions.InterfaceError,
            asyncpg.exceptions.InternalClientError,
        ),
    )

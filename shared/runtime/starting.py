"""What a service waits for before it works: a database that answers and has its migrations."""

from __future__ import annotations

import asyncio
import logging
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from .errors import is_transient
from .housekeeping import prepare

log = logging.getLogger(__name__)

#: Seconds between two looks at a database that does not answer.
RETRY_SECONDS: Final = 1.0


async def wait_for_database(engine: AsyncEngine, service: str, stop: asyncio.Event) -> bool:
    """Return True once the database is ready for `service`, False when it lacks migrations.

    A database that does not answer is waited for, until `stop`; then the answer is True as well, and
    nothing will work anyway. Raises what is wrong with it for good.
    """
    told: str | None = None
    while not stop.is_set():
        try:
            pending = await prepare(engine, service)
        except Exception as error:
            if not is_transient(error):
                raise
            told = _tell(error, told)
            await pause(stop, RETRY_SECONDS)
            continue
        if pending:
            log.error(
                "The database lacks migrations of %s (%s): run `tierline migrate`",
                service,
                ", ".join(pending),
                extra={"action": "migrations_pending"},
            )
        return not pending
    return True


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, or return at once when `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _tell(error: Exception, told: str | None) -> str:
    """Log the trouble when it begins or changes."""
    seen = type(error).__name__
    if seen != told:
        log.warning(
            "The database does not answer yet: %s",
            error,
            extra={"action": "database_awaited", "reason": seen},
        )
    return seen


def program_version() -> str:
    """The version of this program as it was installed."""
    try:
        return version("tierline")
    except PackageNotFoundError:
        return "unpackaged"

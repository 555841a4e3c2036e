"""PostgreSQL: there, new enough, migrated, on time, with room; and what Tierline itself owes in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.operator import look_into, operator
from shared.clock import Clock
from shared.db import dead_letters, migrate, outbox
from shared.db.engine import fetch, role_of
from shared.runtime.clock_guard import TOLERANCE_SECONDS

from .finding import Finding, fail, ok, warn

OLDEST_SERVER: Final = 15

#: Seconds: an event not yet published is late; nobody publishes; a transaction is forgotten.
_LATE: Final = 60
_STUCK: Final = 600
_LONG: Final = 300

_SERVER: Final = """
SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'),
    pg_is_in_recovery(), clock_timestamp(), current_setting('max_connections')::int,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""

#: Settings that must not be off, because what was acknowledged would be lost.
_DURABLE: Final = """
SELECT name FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY 1
"""

_ROLES: Final = """
SELECT name FROM unnest($1::text[]) AS name LEFT JOIN pg_roles r ON r.rolname = name
WHERE r.oid IS NULL OR NOT pg_has_role(current_user, r.oid, 'MEMBER') ORDER BY 1
"""

_LONG_ONES: Final = """
SELECT pid, coalesce(nullif(application_name, ''), 'unnamed'),
    extract(epoch FROM clock_timestamp() - xact_start)::int
FROM pg_stat_activity
WHERE datname = current_database() AND xact_start < clock_timestamp() - make_interval(secs => $1)
ORDER BY xact_start LIMIT 1
"""


async def database(url: str, clock: Clock) -> list[Finding]:
    """Everything about the database of `url`; one finding when it cannot be reached."""
    try:
        async with operator(url) as tx:
            found = [finding async for finding in _server(tx, clock)]
            pending = [finding async for finding in _migrations(tx)]
            found += pending
            if all(finding.verdict == "ok" for finding in pending):
                found += [finding async for finding in _owed(tx, clock)]
            return found
    except OSError as error:
        todo = "Is it running, and does TIERLINE_DATABASE__URL name its host and port?"
        return [
            fail("postgresql", f"cannot be reached: {str(error) or type(error).__name__}", todo)
        ]
    except Exception as error:
        cause = getattr(error, "orig", None) or error
        todo = "Look at the login and the database in TIERLINE_DATABASE__URL."
        return [fail("postgresql", f"refused: {str(cause).splitlines()[0]}", todo)]


async def _server(tx: AsyncConnection, clock: Clock) -> AsyncIterator[Finding]:
    [(major, version, standby, its_clock, most, used)] = await fetch(tx, _SERVER)
    if major < OLDEST_SERVER:
        todo = f"Use PostgreSQL {OLDEST_SERVER} or newer."
        yield fail("postgresql", f"PostgreSQL {version} is too old", todo)
    elif standby:
        yield fail("postgresql", "this is a standby: it takes no writes", "Name the primary.")
    else:
        yield ok("postgresql", f"PostgreSQL {version}")
    offset = (clock.now() - its_clock).total_seconds()
    if abs(offset) > TOLERANCE_SECONDS:
        said = f"this clock is {offset:+.1f} s off PostgreSQL's"
        yield fail("clocks", said, "Deadlines are held: synchronise both machines (NTP).")
    elif abs(offset) > 1:
        yield warn("clocks", f"this clock is {offset:+.1f} s off PostgreSQL's", "Look at NTP.")
    else:
        yield ok("clocks", f"{abs(offset) * 1000:.0f} ms between this clock and PostgreSQL's")
    if used > most * 0.8:
        yield warn("connections", f"{used} of {most} are used", "Raise max_connections.")
    else:
        yield ok("connections", f"{used} of {most} are used")
    if off := [name for (name,) in await fetch(tx, _DURABLE)]:
        said = f"{', '.join(off)} off: a crash loses what was acknowledged"
        yield fail("durability", said, "Switch it on in postgresql.conf.")
    for pid, name, seconds in await fetch(tx, _LONG_ONES, (_LONG,)):
        said = f"process {pid} ({name}) is in a transaction for {seconds} s"
        yield warn("transactions", said, f"If it is forgotten: SELECT pg_terminate_backend({pid})")


async def _migrations(tx: AsyncConnection) -> AsyncIterator[Finding]:
    services = migrate.services_with_migrations()
    roles = [role_of(service) for service in services]
    if missing := [name for (name,) in await fetch(tx, _ROLES, (roles,))]:
        said = f"this login may not become {', '.join(missing)}"
        yield warn("roles", said, "Run `tierline migrate`, or use the login of each service.")
    else:
        yield ok("roles", "the login may become every service's role")
    heads = await migrate.heads_on(tx)
    for service in services:
        known = migrate.revisions(service)
        if heads[service] == known[-1]:
            continue
        if heads[service] is not None and heads[service] not in known:
            said = f"{service} is at revision {heads[service]}, which this version does not know"
            yield fail("migrations", said, "The database is newer than this Tierline: update it.")
        else:
            said = f"{service} is at {heads[service] or 'nothing'}, and should be at {known[-1]}"
            yield fail("migrations", said, "Run `tierline migrate`.")
    if all(heads[service] == migrate.revisions(service)[-1] for service in services):
        yield ok("migrations", "every schema is in its newest form")


async def _owed(tx: AsyncConnection, clock: Clock) -> AsyncIterator[Finding]:
    parked: dict[str, int] = {}
    for service in migrate.services_with_migrations():
        await look_into(tx, service)
        owed, oldest = await outbox.owed(tx)
        age = (clock.now() - oldest).total_seconds() if oldest else 0
        if age > _LATE:
            said = f"{service} has {owed} events unpublished, the oldest for {age:.0f} s"
            verdict = fail if age > _STUCK else warn
            yield verdict("outbox", said, "Is the service running, and the broker there?")
        if letters := sum((await dead_letters.counts(tx)).values()):
            parked[service] = letters
    if parked:
        said = ", ".join(f"{service} has {count}" for service, count in parked.items())
        yield warn("dead letters", f"{said} waiting for somebody", "tierline dead-letters list")
    else:
        yield ok("dead letters", "none")

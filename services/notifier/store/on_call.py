"""Who is on call: stored rotations, overrides and imported shifts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.notifier.domain.on_call import Duties, Override
from shared.db.engine import Transaction, fetch
from shared.policy import Rotation

_ROTATIONS: Final = "SELECT team, members, zone, days, weekday, minute FROM rotation"

_COLUMNS: Final = "override_id, team, recipient_id, since, until, made_at, imported"

#: What holds at some time between two instants.
_OVERRIDES: Final = f"""
SELECT {_COLUMNS} FROM on_call_override WHERE since <= $2 AND until > $1
ORDER BY since, override_id
"""

_PUT: Final = """
INSERT INTO rotation (team, members, zone, days, weekday, minute)
VALUES ($1, $2::text[], $3, $4, $5, $6)
ON CONFLICT (team) DO UPDATE SET members = excluded.members, zone = excluded.zone,
    days = excluded.days, weekday = excluded.weekday, minute = excluded.minute
"""

_DELETE: Final = "DELETE FROM rotation WHERE team = $1"

#: The id follows from the content: what is there already is only made anew, so that it is the latest.
_ADD: Final = f"""
INSERT INTO on_call_override ({_COLUMNS})
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
    $6::timestamptz[], $7::boolean[])
ON CONFLICT (override_id) DO UPDATE SET made_at = excluded.made_at
"""

_REMOVE: Final = "DELETE FROM on_call_override WHERE team = $1 AND override_id = $2"

_REMOVE_IMPORTED: Final = "DELETE FROM on_call_override WHERE team = $1 AND imported AND until > $2"


async def duties(tx: Transaction, first: datetime, last: datetime) -> Duties:
    """The duties of all teams, as they are between two instants. Two statements."""
    stored = {row[0]: _rotation(row) for row in await fetch(tx, _ROTATIONS)}
    overrides = [_override(row) for row in await fetch(tx, _OVERRIDES, (first, last))]
    return Duties.of(stored, overrides)


async def put_rotation(tx: Transaction, team: str, rotation: Rotation) -> None:
    """Add or replace a team's rotation."""
    values = (rotation.zone.key, rotation.days, rotation.weekday, rotation.minute)
    await tx.exec_driver_sql(_PUT, (team, list(rotation.members), *values))


async def delete_rotation(tx: Transaction, team: str) -> bool:
    """Forget a team's rotation; False when it has none."""
    return (await tx.exec_driver_sql(_DELETE, (team,))).rowcount > 0


async def add_overrides(tx: Transaction, overrides: Iterable[Override]) -> None:
    """Add overrides. One statement."""
    given = list(overrides)
    await tx.exec_driver_sql(
        _ADD,
        (
            [one.override_id for one in given],
            [one.team for one in given],
            [one.recipient_id for one in given],
            [one.since for one in given],
            [one.until for one in given],
            [one.made_at for one in given],
            [one.imported for one in given],
        ),
    )


async def remove_override(tx: Transaction, team: str, override_id: UUID) -> bool:
    """Forget one override of a team; False when it has no such one."""
    return (await tx.exec_driver_sql(_REMOVE, (team, override_id))).rowcount > 0


async def remove_imported(tx: Transaction, team: str, now: datetime) -> None:
    """Forget the imported shifts of a team that are not over."""
    await tx.exec_driver_sql(_REMOVE_IMPORTED, (team, now))


def _rotation(row: Sequence[Any]) -> Rotation:
    _, members, zone, days, weekday, minute = row
    return Rotation(tuple(members), ZoneInfo(zone), days, weekday, minute)


def _override(row: Sequence[Any]) -> Override:
    override_id, team, recipient_id, since, until, made_at, imported = row
    return Override(
        override_id=override_id,
        team=team,
        recipient_id=recipient_id,
        since=since,
        until=until,
        made_at=made_at,
        imported=imported,
    )

"""Shifts in PostgreSQL, and those at hand: what was read once is read again only when it changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from services.router.domain.attendance import Shift
from services.router.domain.imported import ImportedShift
from services.router.domain.shifts import PatternError, ShiftKind, StoredShift, opened
from shared.db.engine import Transaction, fetch
from shared.ical import NoCalendarError

log = logging.getLogger(__name__)

#: Which version some shifts are in: the transaction that wrote the row.
_VERSIONS: Final = "SELECT name, xmin::text FROM shift WHERE name = ANY ($1::text[])"

_SHIFTS: Final = "SELECT name, kind, source, updated_at FROM shift"
_SOME: Final = f"{_SHIFTS} WHERE name = ANY ($1::text[])"

#: All shifts without what they were made from, which may be long.
_LIST: Final = "SELECT name, kind, '', updated_at FROM shift ORDER BY name"

_SAVE: Final = """
INSERT INTO shift (name, kind, source, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, source = excluded.source,
    updated_at = excluded.updated_at
"""
_DELETE: Final = "DELETE FROM shift WHERE name = $1"


class Shifts:
    """Shifts by name: the stored ones, and behind them the workflow's calendars."""

    def __init__(self, calendars: Mapping[str, Shift]) -> None:
        self.calendars = calendars
        self._read: dict[str, tuple[str, Shift | None]] = {}

    async def named(
        self, tx: Transaction, names: Iterable[str | None], now: datetime
    ) -> dict[str, Shift]:
        """The shifts of these names, ready to be asked about `now`.

        Left out are names nobody knows, and shifts that cannot be used here: who works one of them counts
        as on shift whenever they are present, which the log says.
        """
        wanted = sorted({name for name in names if name is not None})
        if not wanted:
            return {}
        versions: dict[str, str] = dict(await fetch(tx, _VERSIONS, (wanted,)))
        missing = [n for n, v in versions.items() if self._read.get(n, ("", None))[0] != v]
        for stored in await read(tx, missing):
            self._read[stored.name] = (versions[stored.name], await _opened(stored))
        found = {name: self.calendars[name] for name in wanted if name in self.calendars}
        for name in versions:
            shift = self._read[name][1]
            if shift is not None and await _laid_out(name, shift, now):
                found[name] = shift
        return found


async def _opened(stored: StoredShift) -> Shift | None:
    """The shift; None for one that another installation could use, and this one cannot."""
    try:
        return await asyncio.to_thread(opened, stored)
    except (NoCalendarError, PatternError) as error:
        _warn(stored.name, error)
        return None


async def _laid_out(name: str, shift: Shift, now: datetime) -> bool:
    """Lay a calendar out around `now` if need be; whether that went well."""
    if not isinstance(shift, ImportedShift) or shift.knows(now):
        return True
    try:
        await asyncio.to_thread(shift.lay_out, now)
    except NoCalendarError as error:
        _warn(name, error)
        return False
    return True


def _warn(name: str, error: ValueError) -> None:
    log.warning(
        'The shift "%s" cannot be used, and nobody is held to it: %s',
        name,
        error,
        extra={"action": "shift_unusable"},
    )


async def read(tx: Transaction, names: Iterable[str]) -> list[StoredShift]:
    """The stored shifts of these names."""
    wanted = list(names)
    return [_stored(row) for row in await fetch(tx, _SOME, (wanted,))] if wanted else []


async def listed(tx: Transaction) -> list[StoredShift]:
    """All stored shifts by name, without their source."""
    return [_stored(row) for row in await fetch(tx, _LIST)]


async def save(tx: Transaction, shift: StoredShift) -> None:
    """Add or replace a shift."""
    row = (shift.name, shift.kind.value, shift.source, shift.updated_at)
    await tx.exec_driver_sql(_SAVE, row)


async def delete(tx: Transaction, name: str) -> None:
    """Forget a shift."""
    await tx.exec_driver_sql(_DELETE, (name,))


def _stored(row: tuple[str, str, str, datetime]) -> StoredShift:
    name, kind, source, updated_at = row
    return StoredShift(name=name, kind=ShiftKind(kind), source=source, updated_at=updated_at)

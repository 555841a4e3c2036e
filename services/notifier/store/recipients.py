"""The directory: who can be told, and how they are reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from services.notifier.domain.recipient import Away, Quiet, Recipient
from shared.db.engine import Transaction, fetch

_COLUMNS: Final = (
    "recipient_id, name, roles, team, channels::text, muted_until, prefer::text, language, zone, "
    "quiet::text, away::text, no_digests"
)

#: Everyone who can be told.
_ALL: Final = f"SELECT {_COLUMNS} FROM recipient ORDER BY recipient_id"

#: Some of them, by id.
_SOME: Final = f"SELECT {_COLUMNS} FROM recipient WHERE recipient_id = ANY ($1::text[])"

#: Add or replace recipients.
_PUT: Final = """
INSERT INTO recipient (recipient_id, name, roles, team, channels, muted_until, prefer, language, zone,
    quiet, away, no_digests)
SELECT t.recipient_id, t.name, ARRAY(SELECT jsonb_array_elements_text(t.roles)), t.team, t.channels,
    t.muted_until, t.prefer, t.language, t.zone, t.quiet, t.away, t.no_digests
FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::jsonb[], $6::timestamptz[],
    $7::jsonb[], $8::text[], $9::text[], $10::jsonb[], $11::jsonb[],
    $12::boolean[]) AS t (recipient_id, name, roles, team, channels, muted_until, prefer, language, zone,
    quiet, away, no_digests)
ON CONFLICT (recipient_id) DO UPDATE SET name = excluded.name, roles = excluded.roles,
    team = excluded.team, channels = excluded.channels, muted_until = excluded.muted_until,
    prefer = excluded.prefer, language = excluded.language, zone = excluded.zone,
    quiet = excluded.quiet, away = excluded.away, no_digests = excluded.no_digests
"""

#: Whose address on a channel that is.
_AT: Final = "SELECT recipient_id FROM recipient WHERE channels ->> $1 = $2 LIMIT 2"

_DELETE: Final = "DELETE FROM recipient WHERE recipient_id = $1"


async def everyone(tx: Transaction) -> list[Recipient]:
    """All recipients, in id order."""
    return [_recipient(row) for row in await fetch(tx, _ALL)]


async def find(tx: Transaction, recipient_ids: Iterable[str]) -> dict[str, Recipient]:
    """Those of `recipient_ids` who are known, by id. One statement."""
    found = [_recipient(row) for row in await fetch(tx, _SOME, (sorted(set(recipient_ids)),))]
    return {recipient.recipient_id: recipient for recipient in found}


async def at(tx: Transaction, channel: str, address: str) -> str | None:
    """The id of whose address on `channel` that is; None for nobody's, and for that of several."""
    found = await fetch(tx, _AT, (channel, address))
    return str(found[0][0]) if len(found) == 1 else None


async def put(tx: Transaction, recipients: Iterable[Recipient]) -> None:
    """Add `recipients`, each once, or replace them. One statement."""
    known = sorted(recipients, key=lambda r: r.recipient_id)
    await tx.exec_driver_sql(
        _PUT,
        (
            [r.recipient_id for r in known],
            [r.name for r in known],
            [_json(sorted(r.roles)) for r in known],
            [r.team for r in known],
            [_json(dict(r.channels)) for r in known],
            [r.muted_until for r in known],
            [_json(dict(r.prefer)) if r.prefer else None for r in known],
            [r.language for r in known],
            [r.zone.key if r.zone else None for r in known],
            [_json(r.quiet) if r.quiet else None for r in known],
            [_json(r.away) if r.away else None for r in known],
            [r.no_digests for r in known],
        ),
    )


async def delete(tx: Transaction, recipient_id: str) -> bool:
    """Forget a recipient; False when there is none of that id."""
    return (await tx.exec_driver_sql(_DELETE, (recipient_id,))).rowcount > 0


def _recipient(row: Sequence[Any]) -> Recipient:
    return Recipient(
        recipient_id=row[0],
        name=row[1],
        roles=frozenset(row[2]),
        team=row[3],
        channels=msgspec.json.decode(row[4], type=dict[str, str]),
        muted_until=row[5],
        prefer=msgspec.json.decode(row[6], type=dict[str, tuple[str, ...]]) if row[6] else {},
        language=row[7],
        zone=ZoneInfo(row[8]) if row[8] else None,
        quiet=msgspec.json.decode(row[9], type=Quiet) if row[9] else None,
        away=msgspec.json.decode(row[10], type=Away) if row[10] else None,
        no_digests=row[11],
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()

"""Intake's tables in set-based SQL: a fixed number of statements, whatever the size of a group.

Lock order: delivery, customer_address, external_ref, ticket, customer, stream; within each the order of
its key. Wide rows go in and out as JSON whose names are the columns', which costs one parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.db.engine import Transaction, fetch

from .domain.commands import AnyCommand
from .domain.delivery import Outcome
from .domain.evidence import Evidence
from .domain.threads import Named
from .domain.ticket import KeptFile, Message, Ticket

_TICKET_COLUMNS: Final = ", ".join(Ticket.__struct_fields__)
_MESSAGE_COLUMNS: Final = ", ".join(Message.__struct_fields__)
_FILE_COLUMNS: Final = ", ".join(KeptFile.__struct_fields__)

#: Claim deliveries nobody has claimed, with the answer their repeats will get.
_CLAIM: Final = """
INSERT INTO delivery (source, dedupe_key, body_digest, answer, clock_skew, received_at)
SELECT source, dedupe_key, body_digest, answer, clock_skew, $6
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::jsonb[], $5::bool[])
    AS t (source, dedupe_key, body_digest, answer, clock_skew)
ORDER BY source, dedupe_key ON CONFLICT DO NOTHING RETURNING source, dedupe_key
"""

#: What was answered to deliveries claimed before.
_RECALL: Final = """
SELECT source, dedupe_key, body_digest, answer::text FROM delivery
JOIN unnest($1::text[], $2::text[]) AS t (source, dedupe_key) USING (source, dedupe_key)
"""

#: The answer turned out otherwise than expected.
_CORRECT: Final = """
UPDATE delivery d SET answer = t.answer
FROM unnest($1::text[], $2::text[], $3::jsonb[]) AS t (source, dedupe_key, answer)
WHERE d.source = t.source AND d.dedupe_key = t.dedupe_key
"""

#: Forget the oldest deliveries up to a limit.
_FORGET: Final = """
DELETE FROM delivery WHERE ctid = ANY (ARRAY(SELECT ctid FROM delivery WHERE received_at < $1 LIMIT $2))
"""

#: Tickets and those they were merged into, locked in id order.
_LOCK_TICKETS: Final = """
WITH RECURSIVE chain (ticket_id, merged_into) AS (
    SELECT ticket_id, merged_into FROM ticket WHERE ticket_id = ANY ($1::uuid[])
    UNION
    SELECT t.ticket_id, t.merged_into FROM chain c JOIN ticket t ON t.ticket_id = c.merged_into
)
SELECT to_json(t)::text FROM ticket t WHERE ticket_id IN (SELECT ticket_id FROM chain)
ORDER BY ticket_id FOR UPDATE OF t
"""

#: Tickets as they are now: new ones, and changed ones under the lock above; what was written on them, and
#: why. One statement is one way to PostgreSQL and back.
_SAVE: Final = f"""
WITH saved AS (
    INSERT INTO ticket ({_TICKET_COLUMNS})
    SELECT {_TICKET_COLUMNS} FROM json_populate_recordset(NULL::ticket, $1::json)
    ON CONFLICT (ticket_id) DO UPDATE SET ({_TICKET_COLUMNS}) = ROW
        ({", ".join(f"excluded.{name}" for name in Ticket.__struct_fields__)})
), written AS (
    INSERT INTO message ({_MESSAGE_COLUMNS})
    SELECT {_MESSAGE_COLUMNS} FROM json_populate_recordset(NULL::message, $2::json)
)
INSERT INTO evidence (ticket_id, message_id, at, why)
SELECT ticket_id, message_id, at, why FROM json_populate_recordset(NULL::evidence, $3::json)
"""

_ADD_FILES: Final = f"""
INSERT INTO attachment ({_FILE_COLUMNS})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[],
    $7::bytea[], $8::text[])
"""

#: Keep commands about shells.
_BUFFER: Final = """
INSERT INTO buffered_command (ticket_id, command_id, command, at, traceparent)
SELECT ticket_id, command_id, command, at, traceparent
FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::timestamptz[], $5::text[])
WITH ORDINALITY AS t (ticket_id, command_id, command, at, traceparent, n) ORDER BY n
"""

#: Take the commands about tickets that are being opened.
_TAKE_BUFFERED: Final = """
WITH taken AS (
    DELETE FROM buffered_command WHERE ticket_id = ANY ($1::uuid[])
    RETURNING id, ticket_id, command_id, command, at, traceparent
)
SELECT ticket_id, command_id, command::text, at, traceparent FROM taken ORDER BY id
"""

_outcomes = msgspec.json.Decoder(list[Outcome])
_ticket = msgspec.json.Decoder(Ticket)
_command = msgspec.json.Decoder(AnyCommand)
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery about to be claimed, with the answer it will most likely get."""

    name: Named
    digest: bytes
    answer: tuple[Outcome, ...]
    clock_skew: bool


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why some values of a ticket are what they are, and which message showed it. Its fields are columns of
    the table `evidence`.
    """

    ticket_id: UUID
    message_id: UUID | None
    at: datetime
    why: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Buffered:
    """A command about a ticket that has not been opened yet, with its engine time."""

    ticket_id: UUID
    command_id: UUID
    command: AnyCommand
    at: datetime
    traceparent: str | None


async def claim(tx: Transaction, claims: Sequence[Claim], now: datetime) -> set[Named]:
    """Claim deliveries; returns the names nobody had claimed. Waits for whoever is claiming one."""
    columns = (
        [claim.name[0] for claim in claims],
        [claim.name[1] for claim in claims],
        [claim.digest for claim in claims],
        [_json(claim.answer) for claim in claims],
        [claim.clock_skew for claim in claims],
    )
    return {(source, key) for source, key in await fetch(tx, _CLAIM, (*columns, now))}


async def recall(
    tx: Transaction, names: Iterable[Named]
) -> dict[Named, tuple[bytes, tuple[Outcome, ...]]]:
    """The body digest and the answer of deliveries claimed before."""
    rows = await fetch(tx, _RECALL, _two_columns(names))
    return {
        (source, key): (digest, tuple(_outcomes.decode(answer)))
        for source, key, digest, answer in rows
    }


async def correct_answers(tx: Transaction, answers: Mapping[Named, tuple[Outcome, ...]]) -> None:
    """Replace what the repeats of these deliveries are told."""
    if answers:
        columns = (*_two_columns(answers), [_json(answer) for answer in answers.values()])
        await tx.exec_driver_sql(_CORRECT, columns)


async def forget_deliveries(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` deliveries received before `before`; returns how many."""
    return (await tx.exec_driver_sql(_FORGET, (before, limit))).rowcount


async def lock_tickets(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Ticket]:
    """Those of `ids` that have been opened, and those they were merged into, locked.

    One that was merged while we waited for it leads further than we looked: that one is locked, too.
    """
    tickets: dict[UUID, Ticket] = {}
    wanted = set(ids)
    while wanted:
        rows = await fetch(tx, _LOCK_TICKETS, (list(wanted),))
        found = [_ticket.decode(row) for (row,) in rows]
        tickets |= {ticket.ticket_id: ticket for ticket in found}
        wanted = {t.merged_into for t in found if t.merged_into} - tickets.keys()
    return tickets


async def save(
    tx: Transaction,
    *,
    tickets: Collection[Ticket] = (),
    messages: Sequence[Message] = (),
    reasons: Sequence[Reasons] = (),
) -> None:
    """Write tickets as they are, keep texts, and why derived values are what they are."""
    if tickets or messages or reasons:
        await tx.exec_driver_sql(_SAVE, (_json(list(tickets)), _json(messages), _json(reasons)))


async def add_files(tx: Transaction, files: Sequence[KeptFile]) -> None:
    """Keep files."""
    if files:
        columns = zip(*(msgspec.structs.astuple(file) for file in files), strict=True)
        await tx.exec_driver_sql(_ADD_FILES, tuple(list(column) for column in columns))


async def buffer(tx: Transaction, commands: Sequence[Buffered]) -> None:
    """Keep commands until their ticket is opened."""
    if commands:
        columns = (
            [one.ticket_id for one in commands],
            [one.command_id for one in commands],
            [_json(one.command) for one in commands],
            [one.at for one in commands],
            [one.traceparent for one in commands],
        )
        await tx.exec_driver_sql(_BUFFER, columns)


async def take_buffered(tx: Transaction, ids: Collection[UUID]) -> list[Buffered]:
    """Take the commands kept for these tickets, in the order they came."""
    rows = await fetch(tx, _TAKE_BUFFERED, (list(ids),)) if ids else []
    return [
        Buffered(ticket_id, command_id, _command.decode(command), at, traceparent)
        for ticket_id, command_id, command, at, traceparent in rows
    ]


def _two_columns(names: Iterable[Named]) -> tuple[list[str], list[str]]:
    pairs = list(names)
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _json(value: object) -> str:
    return _encoder.encode(value).decode()

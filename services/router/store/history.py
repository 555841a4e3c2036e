"""Who had which ticket, from when to when, and why: the history of assignments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from shared.db.engine import Transaction, fetch

#: End the open assignments of some tickets.
_END: Final = """
UPDATE assignment a SET ended_at = t.at, end_reason = t.reason
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS t (ticket_id, at, reason)
WHERE a.ticket_id = t.ticket_id AND a.ended_at IS NULL
"""

#: Begin assignments; a ticket has at most one open (semantics H15).
_BEGIN: Final = """
INSERT INTO assignment
    (assignment_id, ticket_id, agent_id, queue, assigned_at, reason, explanation, ended_at, end_reason)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
    $7::text[], $8::timestamptz[], $9::text[])
"""

#: A ticket's assignments, newest first.
_OF_TICKET: Final = """
SELECT agent_id, assigned_at, reason, explanation, ended_at, end_reason FROM assignment
WHERE ticket_id = $1 ORDER BY assigned_at DESC, ended_at DESC NULLS FIRST LIMIT 50
"""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket's open assignment ends."""

    ticket_id: UUID
    at: datetime
    reason: str


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """An assignment that begins; its id is that of the `ticket.assigned` event.

    `ended`: one transaction began and ended it.
    """

    assignment_id: UUID
    ticket_id: UUID
    agent_id: str
    queue: str
    at: datetime
    reason: str
    explanation: dict[str, Any]
    ended: Ended | None = None


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """One assignment of a ticket, over or not."""

    agent_id: str
    assigned_at: datetime
    reason: str
    explanation: dict[str, Any]
    ended_at: datetime | None
    end_reason: str | None


async def write(tx: Transaction, ended: Sequence[Ended], begun: Sequence[Begun]) -> None:
    """End assignments, then begin others; at most two statements."""
    if ended:
        columns = ([e.ticket_id for e in ended], [e.at for e in ended], [e.reason for e in ended])
        await tx.exec_driver_sql(_END, columns)
    if begun:
        rows = [_row(one) for one in begun]
        await tx.exec_driver_sql(_BEGIN, tuple(list(c) for c in zip(*rows, strict=True)))


def _row(begun: Begun) -> tuple[object, ...]:
    return (
        begun.assignment_id,
        begun.ticket_id,
        begun.agent_id,
        begun.queue,
        begun.at,
        begun.reason,
        _json(begun.explanation),
        begun.ended.at if begun.ended else None,
        begun.ended.reason if begun.ended else None,
    )


async def of_ticket(tx: Transaction, ticket_id: UUID) -> list[Assignment]:
    """The last 50 assignments of a ticket, newest first."""
    return [
        Assignment(
            agent_id=agent_id,
            assigned_at=assigned_at,
            reason=reason,
            explanation=msgspec.json.decode(explanation),
            ended_at=ended_at,
            end_reason=end_reason,
        )
        for agent_id, assigned_at, reason, explanation, ended_at, end_reason in await fetch(
            tx, _OF_TICKET, (ticket_id,)
        )
    ]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()

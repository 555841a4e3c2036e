"""Cases and escalations in PostgreSQL: load and lock, find what is due, save.

The state of a case is one text (`state.py`); the columns beside it are what SQL looks for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.escalator.domain.case import Case
from services.escalator.domain.escalation import Escalation
from services.escalator.domain.running import overdue, running
from services.escalator.state import decoded, encoded
from shared.db.engine import Transaction, fetch

#: Make a row for every ticket we have not met, so that it can be locked.
_MEET: Final = """
INSERT INTO sla_case (ticket_id, partition, status, level, state)
SELECT t, p, 'unopened', '', '{}' FROM unnest($1::uuid[], $2::smallint[]) AS u (t, p) ORDER BY t
ON CONFLICT DO NOTHING
"""

#: Put cases right that were met through another ticket.
_SETTLE: Final = """
UPDATE sla_case AS c SET partition = t.partition
FROM unnest($1::uuid[], $2::smallint[]) AS t (ticket_id, partition)
WHERE c.ticket_id = t.ticket_id
"""

_NOBODY: Final[Mapping[UUID, int]] = {}

#: Some cases, locked in id order.
_LOCK: Final = """
SELECT ticket_id, partition, state FROM sla_case WHERE ticket_id = ANY ($1::uuid[])
ORDER BY ticket_id FOR UPDATE
"""

#: Some cases as they are.
_READ: Final = """
SELECT ticket_id, partition, state FROM sla_case WHERE ticket_id = ANY ($1::uuid[])
"""

#: The cases due first of each of some partitions, locked; those that somebody else holds are left out.
#: A look into the index for each partition: what is due beyond the limit is neither read nor sorted,
#: however much there is of it after an outage.
_LOCK_DUE: Final = """
SELECT due.ticket_id, due.partition, due.state FROM unnest($1::smallint[]) AS p CROSS JOIN LATERAL (
    SELECT ticket_id, partition, state, next_due_at FROM sla_case
    WHERE partition = p AND next_due_at <= $2
    ORDER BY next_due_at LIMIT $3 FOR UPDATE SKIP LOCKED
) AS due ORDER BY due.next_due_at
"""

#: Write cases.
_SAVE: Final = """
UPDATE sla_case AS c SET status = t.status, level = t.level, next_due_at = t.next_due_at,
    state = t.state, running = t.running, overdue = t.overdue, priority = t.priority
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::smallint[],
    $7::smallint[], $8::text[])
    AS t (ticket_id, status, level, next_due_at, state, running, overdue, priority)
WHERE c.ticket_id = t.ticket_id
"""

#: Put off cases that could not be worked on.
_PUT_OFF: Final = """
UPDATE sla_case SET next_due_at = $2 WHERE ticket_id = ANY ($1::uuid[])
"""

#: Write escalations, those that are over first: a ticket has one open at a time.
_SAVE_ESCALATIONS: Final = """
INSERT INTO escalation AS e (escalation_id, ticket_id, status, level, reason, raised_at,
    acknowledge_by, acknowledged_by, acknowledged_at, resolved_at, outcome)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
    $7::timestamptz[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[])
ON CONFLICT (escalation_id) DO UPDATE SET status = excluded.status, level = excluded.level,
    reason = excluded.reason, acknowledge_by = excluded.acknowledge_by,
    acknowledged_by = excluded.acknowledged_by, acknowledged_at = excluded.acknowledged_at,
    resolved_at = excluded.resolved_at, outcome = excluded.outcome
"""

_ESCALATION_COLUMNS: Final = """
escalation_id, ticket_id, status, level, reason, raised_at, acknowledge_by, acknowledged_by,
acknowledged_at, resolved_at, outcome
"""

#: A page of escalations, oldest first, after a place in that order.
_LIST: Final = f"""
SELECT {_ESCALATION_COLUMNS} FROM escalation
WHERE status = ANY ($1::text[]) AND (raised_at, escalation_id) > ($2, $3)
ORDER BY raised_at, escalation_id LIMIT $4
"""

#: One escalation.
_ONE: Final = f"SELECT {_ESCALATION_COLUMNS} FROM escalation WHERE escalation_id = $1"


@dataclass(frozen=True, slots=True)
class Stored:
    """A case and the partition its ticket's events come from."""

    case: Case
    partition: int


class EscalationRow(msgspec.Struct, frozen=True):
    """An escalation as its row shows it."""

    escalation_id: UUID
    ticket_id: UUID
    status: str
    level: str
    reason: str
    raised_at: datetime
    acknowledge_by: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    outcome: str | None


async def load(
    tx: Transaction, partitions: Mapping[UUID, int], *, guests: Mapping[UUID, int] = _NOBODY
) -> dict[UUID, Stored]:
    """The cases of these tickets, rows locked in id order; an empty one for a ticket not met before.

    `guests` are tickets that the events of others are about: the partition they are met with holds
    only until we hear from them.
    """
    if not partitions:
        return {}
    known = {**guests, **partitions}
    ids = sorted(known)
    await tx.exec_driver_sql(_MEET, (ids, [known[ticket_id] for ticket_id in ids]))
    stored = _stored(await fetch(tx, _LOCK, (ids,)))
    if strayed := [i for i, p in partitions.items() if stored[i].partition != p]:
        await tx.exec_driver_sql(_SETTLE, (strayed, [partitions[i] for i in strayed]))
    return stored


async def lock(tx: Transaction, ticket_id: UUID) -> Stored | None:
    """One case, locked; None for a ticket never met."""
    return _stored(await fetch(tx, _LOCK, ([ticket_id],))).get(ticket_id)


async def read(tx: Transaction, ticket_id: UUID) -> Stored | None:
    """One case as it is, unlocked; None for a ticket never met."""
    return _stored(await fetch(tx, _READ, ([ticket_id],))).get(ticket_id)


async def lock_due(
    tx: Transaction, partitions: Collection[int], until: datetime, *, limit: int
) -> dict[UUID, Stored]:
    """Cases of `partitions` due by `until`, locked: the earliest of each, `limit` of all at most.

    Each partition has an equal share of `limit`, and one case at least.
    """
    share = max(1, limit // max(1, len(partitions)))
    return _stored(await fetch(tx, _LOCK_DUE, (sorted(partitions), until, share)))


async def save(tx: Transaction, cases: Sequence[Case], due: Mapping[UUID, datetime | None]) -> None:
    """Write `cases`; `due` says when each will have something to say by itself."""
    if not cases:
        return
    await tx.exec_driver_sql(
        _SAVE,
        (
            [case.ticket_id for case in cases],
            [str(case.timeline.phase) for case in cases],
            [case.level for case in cases],
            [due[case.ticket_id] for case in cases],
            [encoded(case).decode() for case in cases],
            [running(case.timeline) for case in cases],
            [overdue(case.timeline) for case in cases],
            [str(case.timeline.priority) for case in cases],
        ),
    )


async def put_off(tx: Transaction, ticket_ids: Sequence[UUID], until: datetime) -> None:
    """Look at these cases again at `until` and not before."""
    if ticket_ids:
        await tx.exec_driver_sql(_PUT_OFF, (list(ticket_ids), until))


async def save_escalations(tx: Transaction, changed: Iterable[tuple[UUID, Escalation]]) -> None:
    """Write escalations with the tickets they are about."""
    rows = sorted(changed, key=lambda row: (not row[1].is_over, row[1].escalation_id))
    if not rows:
        return
    values = [
        (
            one.escalation_id,
            ticket_id,
            str(one.status),
            one.level,
            one.reason,
            one.raised_at,
            None if one.is_over else one.acknowledge_by,
            one.acknowledged_by,
            one.acknowledged_at,
            one.resolved_at,
            one.outcome,
        )
        for ticket_id, one in rows
    ]
    columns = tuple(list(column) for column in zip(*values, strict=True))
    await tx.exec_driver_sql(_SAVE_ESCALATIONS, columns)


async def escalation(tx: Transaction, escalation_id: UUID) -> EscalationRow | None:
    """One escalation's row."""
    rows = await fetch(tx, _ONE, (escalation_id,))
    return EscalationRow(*rows[0]) if rows else None


async def escalations(
    tx: Transaction, statuses: Sequence[str], after: tuple[datetime, UUID], *, limit: int
) -> list[EscalationRow]:
    """Escalations of these statuses, oldest first, after that place in the order."""
    rows = await fetch(tx, _LIST, (list(statuses), *after, limit))
    return [EscalationRow(*row) for row in rows]


def _stored(rows: Iterable[Sequence[object]]) -> dict[UUID, Stored]:
    found = {}
    for ticket_id, partition, state in rows:
        assert isinstance(ticket_id, UUID)
        assert isinstance(partition, int)
        assert isinstance(state, str)
        found[ticket_id] = Stored(decoded(ticket_id, state), partition)
    return found

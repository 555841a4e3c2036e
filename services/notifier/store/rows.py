"""How a notification lies in its row, there and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from services.notifier.domain.notification import (
    About,
    Fields,
    Hold,
    Notification,
    Status,
    Urgency,
)
from shared.contracts import Cause
from shared.contracts.vocabulary import SuppressReason
from shared.db.engine import Transaction

#: What `notification_of` reads, in its order.
COLUMNS: Final = (
    "notification_id, ticket_id, recipient_id, role, channel, target, template, plan::text, status, "
    "reason, planned_at, due_at, attempts, unknowns, hold, bundle_id"
)

#: Add notifications that do not exist yet; answers with the ids added.
_INSERT: Final = """
INSERT INTO notification (notification_id, ticket_id, recipient_id, role, channel, target, template,
    plan, status, reason, planned_at, due_at, attempts, unknowns, hold, bundle_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::jsonb[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[],
    $13::int[], $14::int[], $15::text[], $16::uuid[])
ON CONFLICT (notification_id) DO NOTHING RETURNING notification_id
"""

#: Move notifications on in their life.
_UPDATE: Final = """
UPDATE notification n SET status = t.status, reason = t.reason, due_at = t.due_at,
    attempts = t.attempts, unknowns = t.unknowns, hold = t.hold, bundle_id = t.bundle_id
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::int[], $7::text[],
    $8::uuid[]) AS t (notification_id, status, reason, due_at, attempts, unknowns, hold, bundle_id)
WHERE n.notification_id = t.notification_id
"""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What only the core reads of a notification."""

    about: About
    fields: Fields
    cause: Cause
    urgency: Urgency = Urgency.NORMAL
    deferrable: bool = False


def notification_of(row: Sequence[Any]) -> Notification:
    """The notification in a row of COLUMNS."""
    plan = msgspec.json.decode(row[7], type=Plan)
    return Notification(
        notification_id=row[0],
        ticket_id=row[1],
        recipient_id=row[2],
        role=row[3],
        channel=row[4],
        target=row[5],
        template=row[6],
        about=plan.about,
        fields=plan.fields,
        cause=plan.cause,
        status=Status(row[8]),
        reason=SuppressReason(row[9]) if row[9] else None,
        planned_at=row[10],
        due_at=row[11],
        attempts=row[12],
        unknowns=row[13],
        urgency=plan.urgency,
        deferrable=plan.deferrable,
        hold=Hold(row[14]) if row[14] else None,
        bundle_id=row[15],
    )


async def insert(tx: Transaction, notifications: Iterable[Notification]) -> set[Any]:
    """Add `notifications`; those that exist stay as they are. Returns the ids that were added."""
    new = sorted(notifications, key=lambda n: n.notification_id)
    if not new:
        return set()
    found = await tx.exec_driver_sql(
        _INSERT,
        (
            [n.notification_id for n in new],
            [n.ticket_id for n in new],
            [n.recipient_id for n in new],
            [n.role for n in new],
            [n.channel for n in new],
            [n.target for n in new],
            [n.template for n in new],
            [_plan(n) for n in new],
            [n.status.value for n in new],
            [_value(n.reason) for n in new],
            [n.planned_at for n in new],
            [n.due_at for n in new],
            [n.attempts for n in new],
            [n.unknowns for n in new],
            [_value(n.hold) for n in new],
            [n.bundle_id for n in new],
        ),
    )
    return set(found.scalars())


async def update(tx: Transaction, notifications: Iterable[Notification]) -> None:
    """Write how far `notifications`, whose rows are locked, have come."""
    changed = sorted(notifications, key=lambda n: n.notification_id)
    if changed:
        await tx.exec_driver_sql(
            _UPDATE,
            (
                [n.notification_id for n in changed],
                [n.status.value for n in changed],
                [_value(n.reason) for n in changed],
                [n.due_at for n in changed],
                [n.attempts for n in changed],
                [n.unknowns for n in changed],
                [_value(n.hold) for n in changed],
                [n.bundle_id for n in changed],
            ),
        )


def _plan(notification: Notification) -> str:
    plan = Plan(
        about=notification.about,
        fields=notification.fields,
        cause=notification.cause,
        urgency=notification.urgency,
        deferrable=notification.deferrable,
    )
    return msgspec.json.encode(plan).decode()


def _value(word: SuppressReason | Hold | None) -> str | None:
    return word.value if word else None

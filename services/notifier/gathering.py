"""Between what is due and its lease: what waits together becomes one message, and what is beyond the hourly
budget of its recipient waits for the digest (semantics D4, L7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from shared.db.engine import Transaction
from shared.policy import Noise

from .domain.holding import (
    WITHIN,
    is_counted,
    may_wait,
    over_budget,
    undisturbed,
    within_budget,
)
from .domain.notification import Notification
from .domain.parcel import Parcel, parcel_of
from .domain.recipient import Recipient
from .store import deliveries, holds
from .store.holds import Group


@dataclass(frozen=True, slots=True)
class Gathered:
    """What may leave now, a message each, and what waits longer than it was meant to."""

    parcels: tuple[Parcel, ...]
    waiting: tuple[Notification, ...]


async def gathered(tx: Transaction, due: Sequence[Notification], now: datetime) -> list[Parcel]:
    """The messages that `due`, whose rows are locked, make with what waits together with them, locked, too.

    What another process takes of at this moment is left to it.
    """
    careful = [n for n in due if may_wait(n)]
    alone = await holds.alone(tx, {n.recipient_id for n in careful})
    single = [n for n in due if not may_wait(n) or (_goes_alone(n) and n.recipient_id in alone)]
    held = [n for n in careful if not _goes_alone(n) and n.recipient_id in alone]
    groups = list({Group(n.recipient_id, n.channel, n.bundle_id): None for n in held})
    found = await holds.together(tx, groups, now)
    wanted = {one for members in found.values() for one in members}
    locked = {n.notification_id: n for n in held}
    missing = wanted - locked.keys()
    if missing:
        more = await deliveries.take_pending(tx, sorted(missing))
        locked |= {n.notification_id: n for n in more}
    parcels = [parcel_of([n]) for n in single]
    for group, members in found.items():
        taken = [locked[one] for one in members if one in locked]
        # what has left before leaves whole or not at all: its id names all of it
        if taken and (group.bundle_id is None or len(taken) == len(members)):
            parcels.append(parcel_of(taken))
    return parcels


async def affordable(
    tx: Transaction,
    parcels: Sequence[Parcel],
    people: Mapping[str, Recipient],
    noise: Noise,
    now: datetime,
) -> Gathered:
    """What is within the budget of its recipient and disturbs nobody's quiet hours; the rest waits."""
    awake: list[Parcel] = []
    waiting: list[Notification] = []
    for parcel in parcels:
        ready, quiet = undisturbed(parcel, people.get(parcel.head.recipient_id), noise, now)
        awake += [parcel_of(ready)] if ready else []
        waiting += quiet
    counted = {p.head.recipient_id for p in awake if is_counted(p)}
    used = await holds.used(tx, counted, since=now - WITHIN)
    within, beyond = within_budget(awake, used, noise)
    for one in (one for parcel in beyond for one in parcel.members):
        waiting.append(over_budget(one, people.get(one.recipient_id), noise, now))
    return Gathered(tuple(map(_named, within)), tuple(waiting))


async def count(tx: Transaction, parcels: Iterable[Parcel], now: datetime) -> None:
    """Take what leaves from the budgets of its recipients."""
    await holds.count(tx, [p.head.notification_id for p in parcels if is_counted(p)], now)


def _goes_alone(notification: Notification) -> bool:
    """It waits for nobody, or has left by itself before."""
    left_alone = notification.attempts > 0 and notification.bundle_id is None
    return notification.hold is None or left_alone


def _named(parcel: Parcel) -> Parcel:
    """The parcel under the id that names its message from now on."""
    if len(parcel.members) == 1:
        return parcel
    bundle_id: UUID = parcel.message_id
    return Parcel(tuple(msgspec.structs.replace(n, bundle_id=bundle_id) for n in parcel.members))

"""Between what is due and its lease: the rate of every target, its circuit breaker and its waits.

It happens in the lease's own transaction on rows that all replicas share, so several of them send no more
than one would (reliability I20).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from shared.db.engine import Transaction

from .domain.delivery import Outcome, Result
from .domain.notification import Notification, Urgency
from .domain.target import Limits, Target, admit, after, ready_at
from .store import targets


async def admitted(
    tx: Transaction, ready: Sequence[Notification], now: datetime, limits: Limits
) -> list[Notification]:
    """Those of `ready` that may leave now, pages first; the rest waits as it is, without an attempt.

    What leaves as one message goes or waits together, and counts once.
    """
    messages = _messages(ready)
    known = await targets.lock(tx, messages, now)
    changed: list[Target] = []
    admitted: list[Notification] = []
    for name, waiting in messages.items():
        rate = limits.rates.get(_channel(name))
        target, granted = admit(known[name], rate, len(waiting), now, limits=limits)
        changed.append(target)
        admitted += [one for message in waiting[:granted] for one in message]
    await _write(tx, changed, limits)
    return sorted(admitted, key=lambda n: n.notification_id)


async def learn(
    tx: Transaction,
    attempts: Iterable[tuple[Notification, Result]],
    now: datetime,
    limits: Limits,
) -> None:
    """What attempts tell of their targets, in the order in which they ended; those of one message are one."""
    messages = {(n.target, _message_of(n)): r for n, r in attempts if r.of_target}
    told = [(name, result) for (name, _), result in messages.items()]
    failing = [name for name, result in told if result.outcome in {Outcome.RETRY, Outcome.UNKNOWN}]
    known = await targets.lock_troubled(tx, [name for name, _ in told], failing)
    for name, result in told:
        if name in known:
            known[name] = after(known[name], result, now, limits=limits)
    await _write(tx, known.values(), limits)


def _messages(ready: Sequence[Notification]) -> Mapping[str, list[list[Notification]]]:
    """Target → its messages, pages first, then as they fell due; a message is its notifications."""
    bundles: dict[tuple[str, UUID | str], list[Notification]] = defaultdict(list)
    for one in sorted(ready, key=lambda n: (n.due_at, n.notification_id)):
        bundles[one.target, _message_of(one)].append(one)
    found: dict[str, list[list[Notification]]] = defaultdict(list)
    for (target, _), message in bundles.items():
        found[target].append(message)
    for waiting in found.values():
        waiting.sort(key=lambda message: all(n.urgency is not Urgency.PAGE for n in message))
    return found


def _message_of(notification: Notification) -> UUID | str:
    """What tells the messages to one target apart."""
    if notification.bundle_id is None and notification.hold is not None:
        return notification.recipient_id
    return notification.bundle_id or notification.notification_id


async def _write(tx: Transaction, changed: Iterable[Target], limits: Limits) -> None:
    await targets.update(
        tx, [(t, ready_at(t, limits.rates.get(_channel(t.name)))) for t in changed]
    )


def _channel(target: str) -> str:
    return target.partition(":")[0]

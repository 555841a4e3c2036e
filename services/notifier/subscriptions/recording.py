"""The second transaction of a delivery: what came of attempts, and what that says of the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.db.engine import Transaction

from .domain.delivery import Delivery, Outcome, Status, Verdict, decides, settle
from .domain.health import after, why_disable
from .domain.subscription import DisabledBecause
from .store import deliveries, subscriptions
from .store.deliveries import Finished


@dataclass(slots=True)
class Recorded:
    """Deliveries as they are now, by status, and the endpoints that are told nothing any more."""

    settled: list[Delivery] = field(default_factory=list)
    disabled: dict[UUID, DisabledBecause] = field(default_factory=dict)


async def record_lost(
    tx: Transaction, now: datetime, limit: int, jitter: Callable[[], float]
) -> Recorded:
    """Attempts whose lease has run out: their process is gone, or was stopped. They are tried again."""
    lost = Verdict(outcome=Outcome.LOST, detail="no outcome was recorded in time")
    gone = await deliveries.expired(tx, now, limit)
    finished = [Finished(subscription, event, n, lost) for subscription, event, n in gone]
    return await record(tx, finished, now, jitter) if finished else Recorded()


async def record(
    tx: Transaction, finished: Sequence[Finished], now: datetime, jitter: Callable[[], float]
) -> Recorded:
    """Write down what came of `finished`; the attempt's number is the fence.

    Endpoints are locked before deliveries, here and wherever both are.
    """
    known = await deliveries.lock_health(tx, [f.subscription_id for f in finished])
    rows = await deliveries.lock(tx, [(f.subscription_id, f.event_id) for f in finished])
    await deliveries.finish(tx, finished)
    enabled = {i for i, (is_enabled, _) in known.items() if is_enabled}
    health = {i: now_known for i, (_, now_known) in known.items()}
    done = Recorded()
    settled: dict[tuple[UUID, UUID], Delivery] = {}
    for one in finished:
        key, endpoint, outcome = (
            (one.subscription_id, one.event_id),
            one.subscription_id,
            one.verdict.outcome,
        )
        if key not in rows:
            continue
        health[endpoint] = after(health[endpoint], outcome, now)
        because = why_disable(health[endpoint], outcome, now)
        if because and endpoint in enabled:
            enabled.discard(endpoint)
            done.disabled[endpoint] = because
        delivery = settled.get(key, rows[key])
        if decides(delivery, one.n, outcome):
            settled[key] = settle(
                delivery, one.verdict, enabled=endpoint in enabled, now=now, jitter=jitter()
            )
    done.settled = list(settled.values())
    await deliveries.update(tx, done.settled)
    await deliveries.set_health(tx, health)
    for endpoint, because in done.disabled.items():
        await subscriptions.disable(tx, [endpoint], because, now)
    return done


def ended(recorded: Recorded, status: Status) -> int:
    """How many deliveries ended so."""
    return sum(delivery.status is status for delivery in recorded.settled)

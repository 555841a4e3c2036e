"""The worker that looks after what was kept: parked deliveries to be released, old ones to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.contracts import ESCALATIONS, FollowUp
from shared.db import dead_letters
from shared.db.dead_letters import Parked
from shared.db.engine import Transaction
from shared.runtime.errors import is_transient
from shared.runtime.isolation import told
from shared.runtime.writer import Writer

from . import customer_store, store
from .channels import Channel
from .domain.delivery import Delivery
from .domain.triage import IntakePolicy
from .handlers import accept

#: How long a repeat is recognised: longer than any source tries again (webhooks 5), and longer than an
#: escalation counts as a recent one.
DELIVERY_KEEP: Final = timedelta(days=35)

PRUNE_EVERY: Final = timedelta(hours=6)
PRUNE_ROWS: Final = 5000


class Keeper:
    """A worker's step: release one dead letter an operator asked for, or prune old deliveries."""

    def __init__(
        self, writer: Writer, channels: Mapping[str, Channel], policy: IntakePolicy
    ) -> None:
        self._writer = writer
        self._channels = channels
        self._policy = policy
        self._pruned: datetime | None = None

    async def step(self) -> bool:
        """True when there may be more to do at once."""
        return await self._writer.write(self._release_one) or await self._writer.write(self._prune)

    async def _release_one(self, tx: Transaction, now: datetime) -> tuple[bool, Sequence[FollowUp]]:
        """Read a released letter's bytes again and do what they say; what fails again stays parked."""
        heads = await dead_letters.heads(tx, 1, but=[ESCALATIONS])
        if not heads:
            return False, []
        [parked] = heads
        channel = self._channels.get(parked.topic)
        if channel is None:
            await dead_letters.mark_failed(tx, parked.id, f"no source {parked.topic!r} any more")
            return True, []
        delivery = _released(parked, channel)
        if delivery.unreadable:
            await dead_letters.mark_failed(tx, parked.id, delivery.unreadable[0].detail)
            return True, []
        try:
            async with tx.begin_nested():
                _, said = await accept(tx, [delivery], now, policy=self._policy)
                await dead_letters.mark_released(tx, [parked.id], now)
        except Exception as error:
            if is_transient(error):
                raise
            await dead_letters.mark_failed(tx, parked.id, told(error))
            return True, []
        return True, said

    async def _prune(self, tx: Transaction, now: datetime) -> tuple[bool, Sequence[FollowUp]]:
        if self._pruned is not None and now - self._pruned < PRUNE_EVERY:
            return False, []
        old = now - DELIVERY_KEEP
        forgotten = await store.forget_deliveries(tx, before=old, limit=PRUNE_ROWS)
        forgotten += await customer_store.forget_escalations(tx, before=old, limit=PRUNE_ROWS)
        if not forgotten:
            self._pruned = now
        return forgotten > 0, []


def _released(parked: Parked, channel: Channel) -> Delivery:
    """The letter as a delivery of its own: its first one has its answer already."""
    parsed = channel.parse(parked.raw)
    return Delivery(
        source=parked.topic,
        dedupe_key=f"dead-letter/{parked.id}",
        raw=parked.raw,
        commands=parsed.commands,
        unreadable=parsed.unreadable,
    )

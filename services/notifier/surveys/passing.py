"""Brings ratings to intake, which owns them: as the rating any channel would bring (semantics V13)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.metrics import NotifierMetrics
from services.notifier.notes.door import IntakeDoor
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.http.egress import Egress
from shared.runtime.writer import Writer

from . import store
from .store import Due

log = logging.getLogger(__name__)

#: Ratings in hand at once, and how long an attempt may take before somebody else makes it, too.
_AT_ONCE: Final = 8
_LEASE: Final = timedelta(seconds=30)


class RatingBearer:
    """A client of intake's `POST /v1/tickets/{id}/rating`; `backoff` are the waits between attempts."""

    def __init__(
        self,
        writer: Writer,
        egress: Egress,
        metrics: NotifierMetrics,
        *,
        url: str,
        key: str,
        backoff: Sequence[timedelta],
    ) -> None:
        self._writer = writer
        self._intake = IntakeDoor(egress, url=url, key=key)
        self._metrics = metrics
        self._backoff = backoff

    async def step(self) -> bool:
        """Bring what is due. True when there may be more."""

        async def take(tx: Transaction, now: datetime) -> tuple[list[Due], list[FollowUp]]:
            return await store.take(tx, now, now + _LEASE, _AT_ONCE), []

        due = await self._writer.write(take)
        results = await asyncio.gather(*(self._bring(rating) for rating in due))
        for rating, result in zip(due, results, strict=True):
            await self._record(rating, result)
        return len(due) == _AT_ONCE

    async def _bring(self, rating: Due) -> Result:
        body = {"score": rating.score, "occurred_at": rating.given_at.isoformat()}
        path = f"/v1/tickets/{rating.ticket_id}/rating"
        return await self._intake.post(path, body, repeat=f"rating-{rating.notification_id}")

    async def _record(self, rating: Due, result: Result) -> None:
        outcome, wait = result.outcome, self._wait(rating.attempts)
        if outcome is Outcome.RETRY and wait is None:
            outcome = Outcome.DEAD
        status = {Outcome.SENT: "told", Outcome.DEAD: "dead"}.get(outcome, "pending")

        async def settle(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            later = now + (wait or timedelta(0))
            await store.settle(tx, rating, status, later, result.detail)
            return None, []

        await self._writer.write(settle)
        self._metrics.ratings.labels(outcome=outcome.value).inc()
        if status == "dead":
            log.error(
                "A customer's rating did not reach intake: %s",
                result.detail,
                extra={"action": "rating_given_up", "ticket_id": rating.ticket_id},
            )

    def _wait(self, attempts: int) -> timedelta | None:
        """How long until the next attempt; None when there is none."""
        return self._backoff[attempts - 1] if attempts <= len(self._backoff) else None

"""Writes notes through intake's API, tries again as long as a message would be tried, and says when it gave up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.metrics import NotifierMetrics
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.http.egress import Egress
from shared.runtime.writer import Writer

from . import store
from .door import IntakeDoor
from .store import Due

log = logging.getLogger(__name__)

#: Notes in hand at once, and how long an attempt may take before somebody else makes it, too.
_AT_ONCE: Final = 8
_LEASE: Final = timedelta(seconds=30)


class NoteWriter:
    """A client of intake's `POST /v1/tickets/{id}/messages`; `backoff` are the waits between attempts."""

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
        """Write what is due. True when there may be more."""

        async def take(tx: Transaction, now: datetime) -> tuple[list[Due], list[FollowUp]]:
            return await store.take(tx, now, now + _LEASE, _AT_ONCE), []

        due = await self._writer.write(take)
        results = await asyncio.gather(*(self._write(note) for note in due))
        for note, result in zip(due, results, strict=True):
            await self._record(note, result)
        return len(due) == _AT_ONCE

    async def _write(self, note: Due) -> Result:
        body = {"author": {"kind": "system"}, "body": note.body, "public": False, "automatic": True}
        path = f"/v1/tickets/{note.ticket_id}/messages"
        return await self._intake.post(path, body, repeat=f"note-{note.note_id}")

    async def _record(self, note: Due, result: Result) -> None:
        outcome, wait = result.outcome, self._wait(note.attempts)
        if outcome is Outcome.RETRY and wait is None:
            outcome = Outcome.DEAD
        status = {Outcome.SENT: "written", Outcome.DEAD: "dead"}.get(outcome, "pending")

        async def settle(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            later = now + (wait or timedelta(0))
            await store.settle(tx, note, status, later, result.detail)
            return None, []

        await self._writer.write(settle)
        self._metrics.notes.labels(outcome=outcome.value).inc()
        if status == "dead":
            log.error(
                "A note was not written to its ticket: %s",
                result.detail,
                extra={"action": "note_given_up", "ticket_id": note.ticket_id},
            )

    def _wait(self, attempts: int) -> timedelta | None:
        """How long until the next attempt; None when there is none."""
        return self._backoff[attempts - 1] if attempts <= len(self._backoff) else None

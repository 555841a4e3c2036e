"""Writes notes through intake's API, tries again as long as a message would be tried, and says when it gave up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.metrics import NotifierMetrics
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.http.egress import Egress, EgressError, EgressRefused
from shared.runtime.writer import Writer

from . import store
from .store import Due

log = logging.getLogger(__name__)

#: Notes in hand at once, and how long an attempt may take before somebody else makes it, too.
_AT_ONCE: Final = 8
_LEASE: Final = timedelta(seconds=30)
_SECONDS: Final = 10.0

#: These may be put right: a key, a limit, a ticket intake has not met yet.
_PASSING: Final = frozenset({401, 403, 404, 408, 425, 429})


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
        self._egress = egress
        self._metrics = metrics
        self._url = url.rstrip("/")
        self._key = key
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
        try:
            reply = await self._egress.post(
                f"{self._url}/v1/tickets/{note.ticket_id}/messages",
                content=msgspec.json.encode(body),
                headers={
                    "authorization": f"Bearer {self._key}",
                    "content-type": "application/json",
                    # intake answers a repeat with what became of the first
                    "idempotency-key": f"note-{note.note_id}",
                },
                timeout_seconds=_SECONDS,
            )
        except EgressRefused as error:
            return Result(Outcome.DEAD, str(error))
        except EgressError as error:
            return Result(Outcome.RETRY, str(error))
        return classify(reply.status)

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


def classify(status: int) -> Result:
    """2xx is written; what may be put right, or is intake's own trouble, is tried again; the rest is final:
    the ticket is closed, or goes on as another one.
    """
    detail = f"http {status}"
    if 200 <= status < 300:
        return Result(Outcome.SENT, detail)
    if status in _PASSING or status >= 500:
        return Result(Outcome.RETRY, detail)
    return Result(Outcome.DEAD, detail)

"""The worker that reads what customers wrote, behind the front door: mood, language, duplicates, articles.

Claim → read in a thread → lock → decide → save, in one transaction: whoever dies in it has read nothing,
and what was read is told once, under ids derived from the messages'. The claim is the messages' row locks,
which nobody else wants; tickets are locked only once everything slow is done.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.failpoints import failpoint
from shared.runtime.isolation import Culprit, isolate
from shared.runtime.traced import Step
from shared.runtime.writer import Writer

from . import articles, reading_store, store
from .analysers import sentiment_score
from .domain.analysis import Heard
from .domain.classifying import language_of
from .domain.evidence import Evidence
from .domain.triage import IntakePolicy
from .duplicates import find_duplicates
from .metrics import IntakeMetrics
from .reading import Reading
from .reading_store import Unread
from .store import Reasons

log = logging.getLogger(__name__)

STEP: Final = Step("analyse")

#: The most messages one transaction reads.
BATCH: Final = 50

#: With more than so many messages unread, nobody looks among all requesters' tickets for what is alike.
BEHIND: Final = 200


class Analyst:
    """A worker's step: read some messages that nobody has read, unless requests wait to be stored."""

    def __init__(
        self,
        writer: Writer,
        policy: IntakePolicy,
        metrics: IntakeMetrics,
        *,
        is_crowded: Callable[[], bool],
    ) -> None:
        self._writer = writer
        self._policy = policy
        self._metrics = metrics
        self._is_crowded = is_crowded
        self._batch = BATCH

    async def step(self) -> bool:
        """True when there may be more to read at once. A crowd at the front door comes first."""
        if self._is_crowded():
            return False
        try:
            busy = await self._writer.write(self._read, step=STEP)
        except Exception:
            self._batch = max(1, self._batch // 2)  # what takes too long is done in smaller parts
            raise
        self._batch = min(BATCH, self._batch * 2)
        return busy

    async def _read(self, tx: Transaction, now: datetime) -> tuple[bool, Sequence[FollowUp]]:
        with self._timed("claim"):
            unread = await reading_store.claim(tx, self._batch)
        pending = await reading_store.pending(tx) if unread else 0
        self._metrics.analysis_pending.one.set(pending)
        if not unread:
            return False, []
        among_all = pending <= BEHIND
        parts = await isolate(
            tx,
            unread,
            lambda part: self._analyse(tx, part, now, among_all=among_all),
            key=lambda one: one.ticket_id,
        )
        for culprit in parts.culprits:
            await self._give_up(tx, culprit, now)
        failpoint("analyst.before_commit")
        return True, [said for part in parts.results for said in part]

    async def _analyse(
        self, tx: Transaction, unread: Sequence[Unread], now: datetime, *, among_all: bool
    ) -> Sequence[FollowUp]:
        """Read some messages: what is slow first, then the tickets under their locks."""
        with self._timed("tone"):
            heard = await asyncio.to_thread(lambda: {o.message_id: self._hear(o) for o in unread})
        first = [one for one in unread if one.is_first]
        with self._timed("duplicates"):
            found = await find_duplicates(tx, first, now, among_all=among_all)
        with self._timed("articles"):
            asked = [(one.ticket_id, heard[one.message_id].language, one.text) for one in first]
            helping = await articles.suggest(tx, asked)
        with self._timed("save"):
            traces = {one.message_id: one.traceparent for one in unread}
            reading = Reading(self._policy, now, traces)
            await reading.load(tx, {one.ticket_id for one in unread}, found)
            for one in unread:
                shown = found.get(one.ticket_id) if one.is_first else None
                reading.hear(
                    one.ticket_id,
                    heard[one.message_id],
                    suggested=shown.suggested if shown else (),
                    articles=helping.get(one.ticket_id, ()) if shown else (),
                )
            for one in first:
                reading.merge(one.ticket_id, one.message_id, found[one.ticket_id].twins)
            await reading.save(tx)
            await reading_store.mark(tx, list(heard), now)
        return reading.said

    def _hear(self, message: Unread) -> Heard:
        failpoint("analyst.hear")
        language = language_of(None, message.text, self._policy.detect)
        tongue = language.value if language else message.language
        return Heard(
            message_id=message.message_id,
            language=tongue,
            score=sentiment_score(message.text, tongue),
            words=self._policy.signal_words(message.text),
        )

    async def _give_up(self, tx: Transaction, culprit: Culprit[Unread], now: datetime) -> None:
        """What cannot be read must not hold up the line: it counts as read, and its story says why."""
        message = culprit.item
        failed = Evidence(field="analysis", value="failed", rule=culprit.error[-500:])
        await reading_store.mark(tx, [message.message_id], now)
        why = Reasons(message.ticket_id, message.message_id, now, (failed,))
        await store.save(tx, reasons=[why])
        self._metrics.analysis_failures.one.inc()
        log.error(
            "A message could not be analysed and was left as it is",
            extra={"action": "analysis_failed", "message_id": str(message.message_id)},
        )

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self._metrics.analysis_seconds.labels(step=step).observe(time.perf_counter() - began)

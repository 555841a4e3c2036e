"""Notes on a ticket at risk: planned with the warning, written while intake comes and goes, dropped with it (L11)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.handlers import handle
from services.notifier.notes.installing import also_noting
from services.notifier.notes.writing import NoteWriter
from shared.contracts import Event, FollowUp, SlaWarning, SlaWithdrawn, TicketOpened
from shared.db.engine import Transaction, fetch
from shared.http.egress import Egress
from shared.runtime.batch import Batch
from tests.support.builders import TICKET, a
from tests.support.notifier_bench import Bench
from tests.support.sinks import HookSink, a_webhook_endpoint, answer

pytestmark = pytest.mark.postgres

AT_RISK = a(SlaWarning, threshold_percent=80, cause=None)
WITHDRAWN = a(SlaWithdrawn, threshold_percent=80)


class Noting(Bench):
    """A bench whose notifier also writes notes."""

    async def hear_events(self, events: Sequence[Event]) -> None:
        """Handle one batch of events, and plan the notes that follow."""
        plain = partial(
            handle, policy=self.policy, channels=tuple(self.senders), metrics=self.metrics
        )

        async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            batch = Batch(tuple(events), now, {e.subject: 0 for e in events})
            return None, list(await also_noting(plain, self.policy)(tx, batch))

        await self.writer.write(work)


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Noting:
    made = Noting(engine_for("notifier"))
    await made.know()
    await made.hear(a(TicketOpened))
    return made


async def notes(bench: Noting, columns: str = "status, attempts, detail") -> list[Any]:
    async with bench.engine.connect() as tx:
        return [
            tuple(row) for row in await fetch(tx, f"SELECT {columns} FROM note ORDER BY due_at")
        ]


def a_writer(bench: Noting, sink: HookSink) -> NoteWriter:
    """Who writes notes to the intake that the sink plays."""
    return NoteWriter(
        bench.writer,
        Egress(sink.allowed),
        bench.metrics,
        url=f"http://127.0.0.1:{sink.port}/",
        key="tl_key",
        backoff=bench.policy.notification.backoff,
    )


async def test_L11_a_note_waits_for_an_intake_that_is_away_and_is_written_once(
    bench: Noting,
) -> None:
    await bench.hear(AT_RISK)
    async with a_webhook_endpoint() as before:
        writer = a_writer(bench, before)
    await writer.step()
    away = await notes(bench)
    async with a_webhook_endpoint(answer(503), answer(202), port=before.port) as intake:
        await writer.step()
        assert [] == intake.requests, "the wait is not over"
        await bench.advance(seconds=5)
        await writer.step()
        busy = await notes(bench)
        await bench.advance(seconds=60)
        await writer.step()
        await bench.advance(hours=1)
        await writer.step()

    assert ("pending", 1) == away[0][:2]
    assert [("pending", 2, "http 503")] == busy
    assert [("written", 3, "http 202")] == await notes(bench)
    assert [f"/v1/tickets/{TICKET}/messages"] * 2 == [one.path for one in intake.requests]
    assert 1 == len({one.headers["idempotency-key"] for one in intake.requests})
    said = json.loads(intake.requests[-1].body)
    assert (False, True, "system") == (said["public"], said["automatic"], said["author"]["kind"])


async def test_L11_a_note_that_is_refused_is_given_up(bench: Noting) -> None:
    await bench.hear(AT_RISK)
    async with a_webhook_endpoint(answer(409)) as intake:
        await a_writer(bench, intake).step()

    assert [("dead", 1, "http 409")] == await notes(bench)


async def test_L11_a_clock_is_noted_once(bench: Noting) -> None:
    await bench.hear(AT_RISK)
    await bench.hear(AT_RISK)

    assert 1 == len(await notes(bench))


async def test_T3_a_note_is_dropped_with_its_warning_and_planned_with_the_next_one(
    bench: Noting,
) -> None:
    await bench.hear(AT_RISK)
    await bench.hear(WITHDRAWN)
    dropped = await notes(bench)
    await bench.hear(AT_RISK)

    assert ([], [("pending",)]) == (dropped, await notes(bench, "status"))


async def test_T3_a_warning_that_is_withdrawn_in_its_own_batch_is_never_noted(
    bench: Noting,
) -> None:
    await bench.hear(AT_RISK, WITHDRAWN)

    assert [] == await notes(bench)


async def test_T3_what_is_withdrawn_and_said_again_in_one_batch_is_noted_anew(
    bench: Noting,
) -> None:
    await bench.hear(AT_RISK)
    [(before,)] = await notes(bench, "note_id")
    await bench.hear(WITHDRAWN, AT_RISK)
    [(after,)] = await notes(bench, "note_id")

    assert before != after


async def test_T3_another_threshold_or_a_breach_leaves_the_note(bench: Noting) -> None:
    await bench.hear(AT_RISK)
    await bench.hear(a(SlaWithdrawn, threshold_percent=50), a(SlaWithdrawn))

    assert 1 == len(await notes(bench))


async def test_T3_a_note_that_is_written_stays(bench: Noting) -> None:
    await bench.hear(AT_RISK)
    async with a_webhook_endpoint(answer(202)) as intake:
        await a_writer(bench, intake).step()
    await bench.hear(WITHDRAWN)

    assert [("written",)] == await notes(bench, "status")


async def test_T3_a_note_that_is_on_its_way_when_it_is_dropped_does_not_come_back(
    bench: Noting,
) -> None:
    await bench.hear(AT_RISK)
    async with a_webhook_endpoint(answer(503)) as intake:
        await a_writer(bench, intake).step()
        await bench.hear(WITHDRAWN)
        await bench.advance(hours=1)
        await a_writer(bench, intake).step()

    assert ([], 1) == (await notes(bench), len(intake.requests))

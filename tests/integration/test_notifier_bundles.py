"""Bundles, digests and budgets on real tables: many notifications, few messages, each accounted for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.store.reports import about
from shared import failpoints
from shared.contracts import (
    NotificationSuppressed,
    SlaBreached,
    SlaMet,
    SlaWarning,
    TicketAssigned,
)
from shared.contracts.vocabulary import Priority
from shared.db.engine import fetch
from shared.ids import derived_id
from shared.policy import parse_workflow
from tests.support.builders import TICKET, a
from tests.support.notifier_bench import Bench
from tests.support.telling import ANA, SOFIA

pytestmark = pytest.mark.postgres

#: Breaches to the assignee, warnings at 90 % for the assignee's digest, those at 50 % at once.
WORKFLOW = """
version: 1
notifications:
  rules:
    - {on: sla.breached, to: [assignee], via: [email], template: breach}
    - {name: calm, on: sla.warning, threshold: 90, to: [assignee], via: [email], template: warning, digest: true}
    - {name: now, on: sla.warning, threshold: 50, to: [assignee], via: [email], template: warning, immediate: true}
  fallback: {email: webhook}
  backoff: [5s, 1_minute]
  budget: {messages: 3}
"""


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    made = Bench(engine_for("notifier"), policy=parse_workflow(WORKFLOW))
    await made.know([ANA, SOFIA])
    return made


def ticket(n: int) -> UUID:
    return derived_id(TICKET, f"ticket {n}")


async def breaches(bench: Bench, *numbers: int, priority: Priority = Priority.LOW) -> None:
    """So many tickets of Ana's are late."""
    facts = [
        said
        for n in numbers
        for said in (
            a(TicketAssigned, ticket_id=ticket(n), agent_id="ana", team="specialists"),
            a(SlaBreached, ticket_id=ticket(n), priority=priority),
        )
    ]
    await bench.hear(*facts)


async def statuses(bench: Bench, columns: str = "status") -> list[Any]:
    async with bench.engine.connect() as tx:
        statement = f"SELECT {columns} FROM notification ORDER BY planned_at, notification_id"
        return [row[0] if len(row) == 1 else tuple(row) for row in await fetch(tx, statement)]


async def test_D4_what_comes_within_a_minute_is_one_message_with_a_line_for_each(
    bench: Bench,
) -> None:
    await breaches(bench, 1, 2)
    await bench.advance(seconds=59)
    await breaches(bench, 3)
    await bench.deliver()
    before = len(bench.mail.messages)
    await bench.advance(seconds=1)
    await bench.deliver()

    [message] = bench.mail.messages
    assert (0, "bundle", {ticket(1), ticket(2), ticket(3)}) == (
        before,
        message.template,
        {line.ticket_id for line in message.lines},
    )
    assert all(line.reference in message.body for line in message.lines)
    assert ["sent"] * 3 == await statuses(bench)
    assert 3 == len(await bench.sent())
    assert {message.notification_id} == set(await statuses(bench, "bundle_id"))


async def test_D4_one_that_no_other_joins_leaves_as_itself(bench: Bench) -> None:
    await breaches(bench, 1)
    await bench.advance(minutes=1)
    await bench.deliver()

    [message] = bench.mail.messages
    assert ("breach", (), [None]) == (
        message.template,
        message.lines,
        await statuses(bench, "bundle_id"),
    )


async def test_D4_a_critical_first_page_leaves_at_once_whatever_waits(bench: Bench) -> None:
    await breaches(bench, *range(1, 9))
    await breaches(bench, 9, priority=Priority.CRITICAL)
    await bench.deliver()

    assert [ticket(9)] == [m.ticket_id for m in bench.mail.messages]


async def test_what_was_meant_to_wait_is_not_counted_as_late(bench: Bench) -> None:
    await breaches(bench, 1)
    await breaches(bench, 9, priority=Priority.CRITICAL)
    await bench.advance(minutes=1)
    await bench.deliver()

    counted = [
        bench.catalogue.registry.get_sample_value(
            f"tierline_notification_{name}_seconds_count",
            {"service": "notifier", "channel": "email"},
        )
        for name in ("latency", "delay")
    ]
    assert counted == [2, 1]


async def test_D4_five_hundred_breaches_for_one_person_in_a_minute_are_one_message(
    bench: Bench,
) -> None:
    for tens in range(10):
        await breaches(bench, *range(tens * 50, tens * 50 + 50))
        await bench.advance(seconds=5)
    await breaches(bench, 1001, 1002, priority=Priority.CRITICAL)
    await bench.deliver()
    pages = [m.ticket_id for m in bench.mail.messages]
    await bench.advance(seconds=10)
    await bench.deliver()

    *_, storm = bench.mail.messages
    assert ({ticket(1001), ticket(1002)}, 2) == (set(pages), len(pages))
    assert (3, 500) == (len(bench.mail.messages), len(storm.lines))
    assert {ticket(n) for n in range(500)} == {line.ticket_id for line in storm.lines}
    assert 500 == storm.body.count("first response is late")
    assert {"sent": 502} == {s: (await statuses(bench)).count(s) for s in await statuses(bench)}


async def test_D4_a_retry_of_a_bundle_has_the_same_id_and_the_same_lines(bench: Bench) -> None:
    bench.mail.results = [Result(Outcome.RETRY), Result(Outcome.UNKNOWN)]
    await breaches(bench, 1, 2)
    for _ in range(3):
        await bench.advance(minutes=2)
        await breaches(bench, 7, 8)
        await bench.deliver()

    retried = [m for m in bench.mail.messages if ticket(1) in {ln.ticket_id for ln in m.lines}]
    assert 3 == len(retried)
    assert 1 == len({m.notification_id for m in retried})
    assert 1 == len({m.lines for m in retried})
    assert 4 == len(bench.mail.messages)  # the others left by themselves


async def test_D4_a_bundle_that_died_between_sending_and_recording_is_sent_again_as_it_was(
    bench: Bench,
) -> None:
    class KilledError(BaseException):
        """The process is gone."""

    def die(_name: str) -> None:
        raise KilledError

    await breaches(bench, 1, 2, 3)
    await bench.advance(minutes=1)
    failpoints.install("notifier.after_send", die)
    try:
        with pytest.raises(KilledError):
            await bench.deliver(bench.another())
    finally:
        failpoints.clear()
    await bench.advance(seconds=45)
    await bench.deliver()
    await bench.advance(seconds=10)
    await bench.deliver()

    first, second = bench.mail.messages
    assert first.notification_id == second.notification_id
    assert {line.notification_id for line in first.lines} == {
        line.notification_id for line in second.lines
    }
    assert (False, True) == (first.possible_repeat, second.possible_repeat)
    assert [("sent", 2, 1)] * 3 == await statuses(bench, "status, attempts, unknowns")
    for line in first.lines:
        assert ["unknown", "sent"] == await bench.attempts(line.notification_id)


async def test_L8_what_is_settled_before_the_bundle_leaves_is_taken_out_of_it(bench: Bench) -> None:
    bench.mail.results = [Result(Outcome.RETRY)]
    await bench.hear(
        *(
            said
            for n in (1, 2, 3)
            for said in (
                a(TicketAssigned, ticket_id=ticket(n), agent_id="ana", team="specialists"),
                a(SlaWarning, ticket_id=ticket(n), threshold_percent=90),
            )
        )
    )
    await bench.hear(a(SlaMet, ticket_id=ticket(1)))
    await bench.advance(hours=1)
    await bench.deliver()
    await bench.hear(a(SlaMet, ticket_id=ticket(2)))
    await bench.advance(minutes=1)
    await bench.deliver()

    first, second = bench.mail.messages
    assert {ticket(2), ticket(3)} == {line.ticket_id for line in first.lines}
    assert (ticket(3), first.notification_id) == (second.ticket_id, second.notification_id)
    assert ["cancelled"] * 2 == [
        p.reason.value for p in await bench.said() if isinstance(p, NotificationSuppressed)
    ]


async def test_D4_beyond_the_budget_the_rest_leaves_with_the_digest_which_says_why(
    bench: Bench,
) -> None:
    for n in range(1, 7):
        await breaches(bench, n)
        await bench.advance(minutes=2)
        await bench.deliver()
    within = [m.template for m in bench.mail.messages]
    holds = await statuses(bench, "hold")
    await bench.advance(minutes=50)
    await bench.deliver()

    digest = bench.mail.messages[-1]
    assert ["breach"] * 3 == within
    assert ["bundle"] * 3 + ["budget"] * 3 == holds
    assert ("digest", 3) == (digest.template, len(digest.lines))
    assert "3 held back over your budget of 3 an hour." in digest.body
    assert ["sent"] * 6 == await statuses(bench)


async def test_D4_the_next_hour_has_a_budget_of_its_own(bench: Bench) -> None:
    for n in range(1, 4):
        await breaches(bench, n)
        await bench.advance(minutes=2)
        await bench.deliver()
    await bench.advance(minutes=60)
    await breaches(bench, 4)
    await bench.advance(minutes=1)
    await bench.deliver()

    assert 4 == len(bench.mail.messages)


async def test_D4_a_failed_bundle_goes_on_over_the_fallback_as_one_message(bench: Bench) -> None:
    bench.mail.results = [Result(Outcome.DEAD)]
    await bench.know(
        [
            SOFIA,
            type(ANA)(
                recipient_id="ana",
                channels={"email": "a@b.example", "webhook": "https://x.example"},
            ),
        ]
    )
    await breaches(bench, 1, 2)
    await bench.advance(minutes=1)
    await bench.deliver()

    [message] = bench.hooks.messages
    assert {ticket(1), ticket(2)} == {line.ticket_id for line in message.lines}
    assert bench.mail.messages[0].notification_id != message.notification_id


async def test_two_deliverers_make_one_message_of_what_waits_together(bench: Bench) -> None:
    await breaches(bench, *range(1, 40))
    await bench.advance(minutes=1)
    await asyncio.gather(
        bench.deliver(), bench.deliver(bench.another()), bench.deliver(bench.another())
    )
    await bench.deliver()

    assert [39] == [len(m.lines) for m in bench.mail.messages]


async def test_D4_what_is_held_and_what_left_together_can_be_seen(bench: Bench) -> None:
    await breaches(bench, 1, 2)
    async with bench.engine.connect() as tx:
        [before] = await about(tx, ticket(1))
    await bench.advance(minutes=1)
    await bench.deliver()
    async with bench.engine.connect() as tx:
        [after] = await about(tx, ticket(1))

    assert ("bundle", None, "normal") == (before["hold"], before["bundle_id"], before["urgency"])
    assert bench.mail.messages[0].notification_id == after["bundle_id"]
    assert (2.0, 2.0) == (
        bench.metrics.held.labels(hold="bundle")._value.get(),
        bench.metrics.bundled.labels(channel="email")._value.get(),
    )

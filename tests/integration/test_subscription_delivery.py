"""Deliveries to a real receiver that misbehaves: what arrives, what is tried again, what is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.subscriptions.domain.delivery import WAITS
from services.notifier.subscriptions.domain.subscription import message_id
from shared.contracts import (
    EscalationRaised,
    EscalationResolved,
    SlaBreached,
    SlaWarning,
    TicketAssigned,
    encode,
)
from shared.contracts.vocabulary import Priority
from tests.support.builders import a, an_event
from tests.support.sinks import HANG, RESET, HookSink, a_webhook_endpoint, answer
from tests.support.subscribing import Desk, a_desk

pytestmark = pytest.mark.postgres


@pytest.fixture
async def sink() -> AsyncIterator[HookSink]:
    async with a_webhook_endpoint() as made:
        yield made


@pytest.fixture
async def desk(engine_for: Callable[[str], AsyncEngine], sink: HookSink) -> AsyncIterator[Desk]:
    async with a_desk(engine_for("notifier"), allowed=sink.allowed, timeout_seconds=2.0) as made:
        yield made


async def test_an_event_arrives_once_signed_and_byte_for_byte_as_on_the_topic(
    desk: Desk, sink: HookSink
) -> None:
    made = await desk.subscribe(sink.url)
    [event] = await desk.hear(a(SlaBreached))
    await desk.deliver()

    [got] = sink.requests
    told = Webhook(made["secret"])
    # the receiver's clock is the sink's own, so the time of signing is not compared
    wanted = told.sign(got.headers["webhook-id"], desk.clock.now(), got.body.decode())
    assert encode(event) == got.body
    assert wanted == got.headers["webhook-signature"]
    assert str(int(desk.clock.now().timestamp())) == got.headers["webhook-timestamp"]
    assert ["sent"] == await desk.outcomes(made["subscription_id"], event.id)


async def test_only_what_is_subscribed_to_and_passes_the_filters_is_delivered(
    desk: Desk, sink: HookSink
) -> None:
    await desk.subscribe(sink.url, "sla.breached", filters={"priority": ["critical"]})
    await desk.hear(
        a(SlaBreached, priority=Priority.CRITICAL),
        a(SlaBreached, priority=Priority.LOW),
        a(SlaWarning),
        a(EscalationRaised),
        a(TicketAssigned),
    )
    await desk.deliver()

    assert [b"support.sla.breached.v1"] == [
        r.body.split(b'"type":"')[1].split(b'"')[0] for r in sink.requests
    ]
    assert b'"priority":"critical"' in sink.requests[0].body


async def test_each_of_several_subscriptions_is_told_with_an_id_of_its_own(
    desk: Desk, sink: HookSink
) -> None:
    first, second = await desk.subscribe(sink.url), await desk.subscribe(sink.url)
    await desk.hear(a(EscalationRaised))
    await desk.deliver()

    assert 2 == len({r.headers["webhook-id"] for r in sink.requests})
    assert first["subscription_id"] != second["subscription_id"]


async def test_a_batch_that_is_handled_again_is_not_delivered_again(
    desk: Desk, sink: HookSink
) -> None:
    await desk.subscribe(sink.url)
    events = await desk.hear(a(EscalationRaised))
    await desk.hear_events(events)
    await desk.deliver()

    assert 1 == len(sink.requests)


async def test_while_nobody_subscribes_nothing_is_kept(desk: Desk) -> None:
    await desk.hear(a(SlaBreached), a(EscalationRaised))

    assert [(0,)] == await desk.rows("SELECT count(*) FROM subscription_event")


@pytest.mark.parametrize(
    ("said", "outcome", "wait"),
    [
        (answer(500), "retry", timedelta(seconds=5)),
        (answer(404), "client_error", timedelta(seconds=5)),
        (answer(302, location="http://127.0.0.1:1/"), "client_error", timedelta(seconds=5)),
        (answer(429, retry_after="120"), "retry", timedelta(seconds=120)),
        (answer(429, retry_after="1"), "retry", timedelta(seconds=5)),
        (HANG, "unknown", timedelta(seconds=5)),
        (RESET, "unknown", timedelta(seconds=5)),
    ],
)
async def test_what_does_not_succeed_is_tried_again_with_the_same_id_and_bytes(
    desk: Desk, sink: HookSink, said: bytes, outcome: str, wait: timedelta
) -> None:
    sink.answers = [said]
    made = await desk.subscribe(sink.url)
    [event] = await desk.hear(a(EscalationRaised))
    await desk.deliver()
    [waiting] = await desk.log(made["subscription_id"])
    await desk.clock.advance(wait)
    await desk.deliver()

    first, second = sink.requests
    assert [outcome, "sent"] == await desk.outcomes(made["subscription_id"], event.id)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert (desk.clock.now() - wait).isoformat().replace("+00:00", "Z") == waiting["planned_at"]
    assert "pending" == waiting["status"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


async def test_the_log_tells_status_latency_and_the_start_of_the_answer(
    desk: Desk, sink: HookSink
) -> None:
    sink.answers = [b"HTTP/1.1 400 No\r\ncontent-length: 5000\r\n\r\n" + b"no \x00\xff" * 1000]
    made = await desk.subscribe(sink.url)
    [event] = await desk.hear(a(EscalationRaised))
    await desk.deliver()

    found = await desk.ask("GET", f"/{made['subscription_id']}/deliveries/{event.id}")
    [attempt] = found["log"]
    assert (400, "http 400", "client_error") == (
        attempt["status"],
        attempt["detail"],
        attempt["outcome"],
    )
    assert attempt["answer"].startswith("no \ufffd\ufffdno ")
    assert len(attempt["answer"]) <= 1024
    assert 0 <= attempt["latency_ms"] < 500


async def test_after_eight_attempts_a_delivery_is_dead_and_a_resend_begins_anew(
    desk: Desk, sink: HookSink
) -> None:
    sink.answers = [answer(500)] * 8
    made = await desk.subscribe(sink.url)
    [event] = await desk.hear(a(EscalationRaised))
    for wait in (*WAITS, timedelta()):
        await desk.deliver()
        await desk.clock.advance(wait)
    [dead] = await desk.log(made["subscription_id"])
    await desk.ask("POST", f"/{made['subscription_id']}/deliveries/{event.id}:resend")
    await desk.deliver()
    [sent] = await desk.log(made["subscription_id"])

    assert ("dead", 8) == (dead["status"], dead["attempts"])
    assert ("sent", 9) == (sent["status"], sent["attempts"])
    assert 1 == len({(r.headers["webhook-id"], r.body) for r in sink.requests})


async def test_gone_disables_at_once_and_tells_the_owner(desk: Desk, sink: HookSink) -> None:
    sink.answers = [answer(410)]
    made = await desk.subscribe(f"{sink.url}?token=hidden", owner="ops@acme.example")
    await desk.hear(a(EscalationRaised))
    await desk.deliver()
    await desk.hear(a(EscalationResolved))
    await desk.deliver()
    known = await desk.ask("GET", f"/{made['subscription_id']}")
    told = [await desk.notices.step(), await desk.notices.step()]

    assert (False, "gone") == (known["enabled"], known["disabled_because"])
    assert 1 == len(sink.requests)
    assert [True, False] == told
    [letter] = desk.post.letters
    assert "ops@acme.example" == letter.address
    assert "gone for good" in letter.body
    assert "hidden" not in letter.subject + letter.body


async def test_an_owner_whose_mail_failed_is_told_later(desk: Desk, sink: HookSink) -> None:
    sink.answers = [answer(410)]
    desk.post.results = [Result(Outcome.RETRY)]
    await desk.subscribe(sink.url, owner="ops@acme.example")
    await desk.hear(a(EscalationRaised))
    await desk.deliver()

    at_once = [await desk.notices.step(), await desk.notices.step()]
    await desk.advance(minutes=5)
    later = [await desk.notices.step(), await desk.notices.step()]
    assert ([True, False], [True, False]) == (at_once, later)
    assert 1 == len({letter.notification_id for letter in desk.post.letters})


async def test_five_days_without_a_success_disable_and_what_waits_is_given_up(
    desk: Desk, sink: HookSink
) -> None:
    sink.answers = [answer(500)] * 4
    made = await desk.subscribe(sink.url)
    await desk.hear(a(EscalationRaised))
    await desk.deliver()
    await desk.advance(days=5, seconds=1)
    [late] = await desk.hear(a(EscalationResolved))
    await desk.deliver()

    known = await desk.ask("GET", f"/{made['subscription_id']}")
    assert (False, "failing") == (known["enabled"], known["disabled_because"])
    assert ["dead", "dead"] == [d["status"] for d in await desk.log(made["subscription_id"])]
    assert len(await desk.outcomes(made["subscription_id"], late.id)) <= 1


async def test_what_hangs_delays_nobody_else(
    sink: HookSink, engine_for: Callable[[str], AsyncEngine]
) -> None:
    """Everything for the other has arrived before the first request to the one that hangs is given up."""
    async with a_webhook_endpoint(*[HANG] * 60) as dead:
        allowed = sink.allowed | dead.allowed
        async with a_desk(engine_for("notifier"), allowed=allowed, timeout_seconds=20) as both:
            await both.subscribe(dead.url)
            await both.subscribe(sink.url)
            await both.hear(*[a(EscalationRaised, escalation_id=uuid4()) for _ in range(40)])
            while len(sink.requests) < 40:
                await both.courier.step()

        assert (40, 4) == (len(sink.requests), len(dead.requests))


async def test_an_endpoint_that_keeps_failing_gets_one_probe_a_minute(
    desk: Desk, sink: HookSink
) -> None:
    sink.answers = [answer(500)] * 30
    await desk.subscribe(sink.url)
    await desk.hear(*[a(EscalationRaised, escalation_id=uuid4()) for _ in range(30)])
    await desk.deliver()
    first = len(sink.requests)
    await desk.advance(seconds=59)
    await desk.deliver()
    waited = len(sink.requests)
    await desk.advance(seconds=1)
    await desk.deliver()
    probed = len(sink.requests)
    sink.answers = []
    await desk.advance(minutes=5)
    await desk.deliver()

    # what was in flight when the tenth failed, then the first probe, then one a minute, then all
    assert 10 <= first <= 14
    assert (first, first + 1) == (waited, probed)
    assert 30 == len({r.headers["webhook-id"] for r in sink.requests})


async def test_a_crash_between_request_and_outcome_is_tried_again_with_the_same_id(
    desk: Desk, sink: HookSink
) -> None:
    sink.answers = [HANG]
    made = await desk.subscribe(sink.url)
    [event] = await desk.hear(a(EscalationRaised))
    crashed = desk.another()
    await crashed.step()
    await crashed._in_flight.finish(0)
    before = await desk.outcomes(made["subscription_id"], event.id)
    await desk.advance(seconds=30)
    await desk.deliver()
    await desk.advance(seconds=5)
    await desk.deliver()

    assert [None] == before
    assert ["lost", "sent"] == await desk.outcomes(made["subscription_id"], event.id)
    assert 1 == len({r.headers["webhook-id"] for r in sink.requests})


async def test_two_processes_send_nothing_twice(desk: Desk, sink: HookSink) -> None:
    await desk.subscribe(sink.url)
    await desk.hear(*[a(EscalationRaised, escalation_id=uuid4()) for _ in range(40)])
    other = desk.another()
    await asyncio.gather(desk.deliver(), desk.deliver(other))

    assert (40, 40) == (len(sink.requests), len({r.body for r in sink.requests}))


async def test_an_address_that_is_not_public_is_not_reached_and_the_log_says_no_more(
    desk: Desk, sink: HookSink
) -> None:
    for url in ("https://127.0.0.1/", "https://[::ffff:10.0.0.1]:8443/", "http://192.0.2.1:22/"):
        made = await desk.subscribe(url)
        [event] = await desk.hear(a(EscalationRaised))
        await desk.deliver()
        found = await desk.ask("GET", f"/{made['subscription_id']}/deliveries/{event.id}")

        assert [("refused", "the address is not allowed", None)] == [
            (t["outcome"], t["detail"], t["answer"]) for t in found["log"]
        ]
    assert [] == sink.requests


async def test_a_redirect_is_not_followed(desk: Desk, sink: HookSink) -> None:
    async with a_webhook_endpoint() as elsewhere:
        sink.answers = [answer(307, location=elsewhere.url)]
        await desk.subscribe(sink.url)
        await desk.hear(a(EscalationRaised))
        await desk.deliver()

    assert (1, 0) == (len(sink.requests), len(elsewhere.requests))


async def test_what_is_too_old_is_forgotten_and_what_is_owed_is_not(
    desk: Desk, sink: HookSink
) -> None:
    made = await desk.subscribe(sink.url)
    await desk.hear(a(EscalationRaised))
    await desk.deliver()
    await desk.ask("POST", f"/{made['subscription_id']}/secrets:rotate")
    await desk.advance(days=31)
    owed = an_event(a(EscalationResolved))
    await desk.hear_events([owed])
    await desk.tidier.step()
    events = await desk.rows("SELECT event_id FROM subscription_event")
    secrets = await desk.rows("SELECT n FROM subscription_secret")
    logged = await desk.rows("SELECT n FROM subscription_attempt")
    await desk.deliver()
    await desk.advance(days=91)
    await desk.tidier.step()

    assert ([(owed.id,)], [(2,)], [(1,)]) == (events, secrets, logged)
    assert [] == await desk.rows("SELECT n FROM subscription_attempt")
    assert [] == await desk.rows("SELECT event_id FROM subscription_event")


async def test_the_id_does_not_depend_on_the_process(desk: Desk, sink: HookSink) -> None:
    made = await desk.subscribe(sink.url)
    event = an_event(a(EscalationRaised))
    await desk.hear_events([event])
    await desk.deliver(desk.another())

    wanted = message_id(UUID(made["subscription_id"]), event.id)
    assert str(wanted) == sink.requests[0].headers["webhook-id"]

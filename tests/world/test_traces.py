"""A signed webhook and everything that comes of it, as its trace shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from shared.contracts import ESCALATIONS, NOTIFICATIONS, SLA, TICKETS, decode
from shared.observability.tracing import parsed
from tests.support.intake import an_open
from tests.support.traces import Recorder, attributes, id_of, path, trace_of
from tests.support.world import World, a_world

CRITICAL: Final[dict[str, Any]] = {
    "customer": {"id": "acme", "tier": "enterprise", "email": "dana@acme.example"},
    "impact": "high",
    "urgency": "high",
}

#: From the webhook to the escalator's case, where the ladder's clock runs.
TO_THE_CASE: Final = [
    "intake: POST /v1/channels/{source}/webhook",
    "intake: create ticket.opened",
    "escalator: process ticket.opened",
]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def world(database_url: str, tmp_path: Path, recorder: Recorder) -> AsyncIterator[World]:
    """A world whose spans are recorded, with people who can be told; what made it is forgotten."""
    async with a_world(database_url, tmp_path, tracer_of=recorder.tracer) as made:
        await made.recipient("maria", "support_manager")
        await made.recipient("tom", "team_managers", team="specialists")
        recorder.clear()
        yield made


async def test_from_a_webhook_over_a_timer_to_the_escalations_mail_is_one_trace(
    world: World, recorder: Recorder
) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:08:00")
    spans = recorder.spans

    assert ["tom"] == [mail.to.split("@")[0] for mail in world.mails() if "/a/" in mail.text]
    assert 1 == len({trace_of(span) for span in spans})
    told = [one for one in spans if attributes(one).get("tierline.fact") == "escalation.raised"]
    delivered = [span for span in told if span.name == "deliver email"]
    assert {
        (
            *TO_THE_CASE,
            "escalator: timer fired",
            "escalator: create escalation.raised",
            "notifier: process escalation.raised",
            "notifier: plan notification",
            "notifier: deliver email",
        )
    } == {tuple(path(span, spans)) for span in delivered}
    assert {("sent", str(ticket))} == {
        (attributes(one)["tierline.outcome"], attributes(one)["tierline.ticket_id"])
        for one in delivered
    }


async def test_an_assignment_and_an_analysis_go_on_from_the_webhook(
    world: World, recorder: Recorder
) -> None:
    await world.agent("ana")
    recorder.clear()
    await world.open()
    spans = recorder.spans

    (analysed,) = recorder.named("create ticket.analysed")
    assert [TO_THE_CASE[0], "intake: analyse", "intake: create ticket.analysed"] == path(
        analysed, spans
    )
    (assigned,) = recorder.named("process ticket.assigned", "escalator")
    assert [
        *TO_THE_CASE[:2],
        "router: process ticket.opened",
        "router: dispatch",
        "router: create ticket.assigned",
        "escalator: process ticket.assigned",
    ] == path(assigned, spans)
    contact = recorder.named("GET /v1/customers/{customer_id:path}/contact", "intake")
    assert ["notifier: deliver email"] == [path(one, spans)[-2] for one in contact]


async def test_every_event_carries_the_span_that_created_it(
    world: World, recorder: Recorder
) -> None:
    begun = {topic: len(world.broker.records(topic)) for topic in (TICKETS, SLA)}
    await world.open(**CRITICAL)
    await world.until("10:08:00")

    created = {id_of(one): one.name for one in recorder.spans if one.name.startswith("create ")}
    for topic in (TICKETS, SLA, ESCALATIONS, NOTIFICATIONS):
        for record in world.broker.records(topic)[begun.get(topic, 0) :]:
            event = decode(record.value)
            _, span_id, _ = parsed(event.traceparent) or ("", "0", "")
            assert f"create {event.type.split('.', 1)[1].rsplit('.', 1)[0]}" == created.get(
                int(span_id, 16)
            )
            assert event.traceparent == record.headers["traceparent"]


async def test_no_span_says_who_somebody_is_or_what_was_written(
    world: World, recorder: Recorder
) -> None:
    await world.agent("ana")
    await world.open(**CRITICAL, body="my password is hunter2")
    await world.until("10:08:00")
    said = {str(value) for one in recorder.spans for value in attributes(one).values()}

    assert {"email", "ticket.opened", "kafka"} <= said
    assert set() == {"acme", "tom", "maria", "ana"} & said
    assert [] == [one for one in said if "@" in one or "hunter2" in one]


async def test_a_callers_decision_not_to_sample_holds_for_everything_that_follows(
    world: World, recorder: Recorder
) -> None:
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    await world.webhook(an_open(), traceparent=caller)

    assert [] == recorder.spans
    (opened,) = world.events("ticket.opened")
    assert caller == opened.traceparent

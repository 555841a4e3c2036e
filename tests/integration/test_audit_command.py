"""`tierline audit` over a broker's topics."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from msgspec.structs import replace
from typer.testing import CliRunner, Result

from services.cli import build
from shared.clock import SystemClock
from shared.contracts import Event, SlaBreached, encode
from shared.contracts.topics import CALENDARS, SLA, TICKETS
from shared.kafka.aio import AioKafka
from shared.kafka.records import Outgoing, TopicSpec
from shared.policy import load_workflow
from shared.settings import KafkaSettings
from tests.support.audits import Logged
from tests.support.cases import at

NOON = at("12:00")


def a_log() -> list[Event]:
    """A forgotten ticket that was opened two hours ago."""
    story = Logged(load_workflow(None))
    story.open("critical", "enterprise")
    story.pass_to("12:00")
    shift = SystemClock().now() - timedelta(minutes=5) - NOON
    return [moved(event, shift) for event in story.log if event.topic in {TICKETS, SLA}]


def moved(event: Event, shift: timedelta) -> Event:
    changes = {
        name: value + shift
        for name in ("deadline", "opened_at")
        if (value := getattr(event.payload, name, None)) is not None
    }
    return replace(
        event,
        time=event.time + shift,
        recorded_time=event.recorded_time + shift,
        payload=replace(event.payload, **changes),
    )


def publish(settings: KafkaSettings, events: list[Event]) -> None:
    async def work() -> None:
        kafka = AioKafka(settings, client_id="test")
        await kafka.create_topics(
            [TopicSpec(TICKETS, 2), TopicSpec(SLA, 2), TopicSpec(CALENDARS, 1)]
        )
        producer = kafka.producer()
        try:
            sent = [Outgoing(event.topic, event.subject, encode(event)) for event in events]
            assert all(await producer.send(sent))
        finally:
            await producer.stop()

    asyncio.run(work())


def run(settings: KafkaSettings, *arguments: str) -> Result:
    """`tierline audit` of the broker with these settings."""
    environment = {
        "TIERLINE_DATABASE__URL": "postgresql://nowhere/nothing",
        "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "TIERLINE_KAFKA__TOPIC_PREFIX": settings.topic_prefix,
    }
    return CliRunner().invoke(build("audit"), ["audit", *arguments], env=environment)


def test_a_right_log_is_clean(kafka_settings: KafkaSettings) -> None:
    publish(kafka_settings, a_log())
    done = run(kafka_settings)

    assert 0 == done.exit_code, done.output
    assert "clean" == done.stdout.splitlines()[-1]


def test_a_lost_deadline_is_named_and_ends_with_1(kafka_settings: KafkaSettings) -> None:
    publish(
        kafka_settings, [event for event in a_log() if not isinstance(event.payload, SlaBreached)]
    )
    done = run(kafka_settings, "--json")
    (missing,) = json.loads(done.stdout)["missing"]

    assert 1 == done.exit_code
    assert ("first_response", 100) == (missing["point"]["metric"], missing["point"]["percent"])


def test_without_topics_it_says_so(kafka_settings: KafkaSettings) -> None:
    done = run(kafka_settings)

    assert 1 == done.exit_code
    assert "support.tickets" in done.stderr

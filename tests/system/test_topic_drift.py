"""Real services on topics that are not as the catalogue says: nothing is misrouted, and they say why."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
from typing import Final

import httpx2
import pytest

from shared.db import outbox
from shared.db.engine import create_engine
from shared.kafka import topics
from shared.kafka.aio import AioKafka
from shared.kafka.records import TopicSpec
from shared.settings import DatabaseSettings, KafkaSettings
from tests.support.one_service import serving
from tests.support.running import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

#: Seconds that a service may take to start on a busy machine.
START: Final = 75.0

KEY: Final = "a-caller-of-this-test"
MISSING: Final = "support.sla"
WRONG: Final = "support.tickets"

WRONG_PROBLEM: Final = (
    "topics: support.tickets has 5 partitions instead of 12: "
    "it is neither written nor read until it is made anew (docs/topics.md)"
)
MISSING_PROBLEM: Final = "topics: support.sla is missing: run `tierline topics apply`"


@pytest.fixture
async def kafka(kafka_settings: KafkaSettings) -> AioKafka:
    """Every topic but one, and one with another number of partitions."""
    kafka = AioKafka(kafka_settings, client_id="drift")
    await kafka.create_topics([TopicSpec(WRONG, 5)])
    wanted = topics.load()
    await topics.apply(kafka, {name: topic for name, topic in wanted.items() if name != MISSING})
    return kafka


@pytest.fixture
def environment(database_url: str, kafka_settings: KafkaSettings) -> dict[str, str]:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    caller = {"sha256": digest, "scopes": ["tickets:write"]}
    return {
        "TIERLINE_DATABASE__URL": database_url,
        "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "TIERLINE_KAFKA__TOPIC_PREFIX": kafka_settings.topic_prefix,
        "TIERLINE_KAFKA__IDEMPOTENCE": json.dumps(kafka_settings.idempotence),
        "TIERLINE_API_KEYS": json.dumps({"test": caller}),
    }


async def test_F33_a_service_on_wrong_topics_says_which_and_goes_on_once_they_are_made(
    kafka: AioKafka, environment: dict[str, str]
) -> None:
    async with serving("router", environment) as router:

        async def says(problem: str) -> bool:
            return problem in (await router.reasons() or ())

        async def says_nothing_of(problem: str) -> bool:
            reasons = await router.reasons()
            return reasons is not None and problem not in reasons

        await until(lambda: says(WRONG_PROBLEM), "the wrong topic is named", seconds=START)
        assert MISSING_PROBLEM in (await router.reasons() or ())
        await topics.apply(kafka)
        await until(lambda: says_nothing_of(MISSING_PROBLEM), "the missing topic is found")
        await until(lambda: says("consumer: WrongPartitionsError"), "the consumer stays outside")
        router.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            status = await router.process.wait()

    assert 0 == status


@pytest.mark.usefixtures("kafka")
async def test_F33_intake_accepts_and_keeps_what_it_may_not_publish(
    environment: dict[str, str], database_url: str
) -> None:
    async with serving("intake", environment) as intake:
        await until(intake.ready, "intake is ready although its topic is wrong", seconds=START)
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.post(
                f"{intake.url}/v1/tickets",
                json={"subject": "Kept", "customer": {"id": "c"}},
                headers={"authorization": f"Bearer {KEY}", "idempotency-key": "kept"},
            )
            await until(lambda: _failures(client, intake.url), "the relay has tried", seconds=20)

    assert httpx2.codes.ACCEPTED == answer.status_code, answer.text
    assert 1 <= await owed(database_url)


async def _failures(client: httpx2.AsyncClient, url: str) -> bool:
    """Whether the relay has failed to publish."""
    shown = (await client.get(f"{url}/metrics")).text
    return 'tierline_relay_failures_total{reason="nothing",service="intake"} 0.0' not in shown and (
        "tierline_relay_failures_total" in shown
    )


async def owed(database_url: str) -> int:
    """How many of intake's events are not published."""
    engine = create_engine(DatabaseSettings(url=database_url), service="intake", application="test")
    try:
        async with engine.begin() as tx:
            count, _ = await outbox.owed(tx)
    finally:
        await engine.dispose()
    return count

"""The doctor on real servers: what is well is ok, and each thing that is wrong is named with its remedy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest

from services.doctor import broker, database
from services.doctor.finding import Finding, Verdict
from shared.clock import FakeClock, SystemClock
from shared.contracts import TICKETS, encode, headers
from shared.kafka import topics
from shared.kafka.aio import AioKafka
from shared.kafka.records import Outgoing
from shared.settings import KafkaSettings
from tests.support.running import run_command
from tests.support.toy import a_message

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(150)]


def by_name(found: list[Finding]) -> Mapping[str, Finding]:
    """The last finding about each thing."""
    return {one.about: one for one in found}


async def execute(url: str, statement: str, *arguments: Any) -> None:
    """Run one statement with the operator's rights."""
    connection = await asyncpg.connect(url)
    await connection.execute(statement, *arguments)
    await connection.close()


async def test_a_migrated_database_is_well(database_url: str) -> None:
    found = by_name(await database.database(database_url, SystemClock()))

    assert found["postgresql"].verdict is Verdict.OK
    assert found["migrations"].verdict is Verdict.OK
    assert found["roles"].verdict is Verdict.OK
    assert found["clocks"].verdict is Verdict.OK
    assert found["dead letters"].said == "none"


async def test_an_empty_database_lacks_its_migrations(empty_database_url: str) -> None:
    found = by_name(await database.database(empty_database_url, SystemClock()))

    assert found["migrations"].verdict is Verdict.FAIL
    assert found["migrations"].todo == "Run `tierline migrate`."


async def test_a_clock_that_is_wrong_and_what_waits_are_told(
    database_url: str, clock: FakeClock
) -> None:
    letter = """INSERT INTO router.dead_letter (topic, partition, "offset", event_id, raw, reason, error,
        parked_at) VALUES ('t', 0, 0, gen_random_uuid(), 'x', 'poison', 'e', now())"""
    await execute(database_url, letter)
    found = by_name(await database.database(database_url, clock))

    assert found["clocks"].verdict is Verdict.FAIL
    assert found["dead letters"].said == "router has 1 waiting for somebody"


@pytest.mark.kafka
async def test_missing_topics_are_told_and_made_ones_are_well(
    kafka_settings: KafkaSettings,
) -> None:
    before = by_name(await broker.broker(kafka_settings))
    await topics.apply(AioKafka(kafka_settings, client_id="tierline-test"))
    after = by_name(await broker.broker(kafka_settings))

    assert before["topics"].verdict is Verdict.FAIL
    assert "tierline topics apply" in before["topics"].todo
    assert [one.verdict for one in after.values()] == [Verdict.OK] * 3


@pytest.mark.kafka
async def test_F47_a_broker_that_knows_more_than_the_database_is_told(
    database_url: str, kafka_settings: KafkaSettings
) -> None:
    """As after a database was set back: the topic has an event that this database never said."""
    kafka = AioKafka(kafka_settings, client_id="tierline-test")
    await topics.apply(kafka)
    empty = await broker.history(database_url, kafka_settings)
    said = a_message(1, 5)
    producer = kafka.producer()
    await producer.start()
    await producer.send([Outgoing(TICKETS, said.subject, encode(said), headers(said))])
    await producer.stop()
    newer = await broker.history(database_url, kafka_settings)

    assert empty.verdict is Verdict.OK
    assert newer.verdict is Verdict.FAIL
    assert "the broker is newer than the database: support.tickets has event 5" in newer.said


@pytest.mark.kafka
async def test_the_document_says_what_the_table_says(
    database_url: str, kafka_settings: KafkaSettings
) -> None:
    environment = {
        "TIERLINE_DATABASE__URL": database_url,
        "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "TIERLINE_KAFKA__TOPIC_PREFIX": kafka_settings.topic_prefix,
        "TIERLINE_KAFKA__IDEMPOTENCE": str(kafka_settings.idempotence).lower(),
        "TIERLINE_KAFKA__REQUEST_TIMEOUT_SECONDS": "20",
    }
    said = await run_command(
        "doctor", "--json", "--seconds", "90", environment=environment, seconds=140
    )
    told = json.loads(said.out)
    about = {one["about"]: one["verdict"] for one in told["findings"]}

    assert (said.status, told["ok"]) == (1, False)
    assert about["postgresql"] == "ok", said.out
    assert about["workflow"] in {"ok", "warn"}
    assert about.get("topics") == "fail", said.out
    assert about["service router"] == "fail"

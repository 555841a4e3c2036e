"""Topics are created once, compared, and never altered."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from shared.clock import FakeClock
from shared.kafka import topics
from shared.kafka.memory import MemoryBroker
from shared.kafka.records import TopicSpec


async def test_what_is_missing_is_created_and_named(clock: FakeClock) -> None:
    broker = MemoryBroker(clock)

    assert await topics.apply(broker) == list(topics.load())
    assert await topics.apply(broker) == []
    assert await topics.drift(broker) == []


async def test_an_existing_topic_is_not_altered_but_reported(clock: FakeClock) -> None:
    broker = MemoryBroker(clock)
    await broker.create_topics(
        [TopicSpec("support.sla", 6, {"cleanup.policy": "compact", "retention.ms": "1000"})]
    )
    await topics.apply(broker)

    assert await topics.drift(broker) == [
        "support.sla has 6 partitions instead of 12",
        "support.sla has cleanup.policy=compact instead of delete",
        "support.sla has retention.ms=1000 instead of 2592000000",
    ]


async def test_a_missing_topic_is_drift(clock: FakeClock) -> None:
    drift = await topics.drift(MemoryBroker(clock))

    assert drift == [f"{name} is missing" for name in topics.load()]


async def test_what_a_broker_does_not_tell_is_not_compared(clock: FakeClock) -> None:
    broker = MemoryBroker(clock)
    await broker.create_topics([TopicSpec("support.sla", 12)])

    drift = await topics.drift(broker, {"support.sla": topics.load()["support.sla"]})

    assert drift == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            "t: {producer: a, consumers: [], key: ticket_id, partitions: 0, retention_days: 1}",
            "one",
        ),
        ("t: {producer: a, consumers: [], key: ticket_id, partitions: 1}", "either"),
        ("t: {producer: a, consumers: [], key: other, partitions: 1, retention_days: 1}", "key"),
        ("t: {producer: a, consumers: [], key: ticket_id, partitions: 1, days: 1}", "days"),
        ("t: {consumers: [], key: ticket_id, partitions: 1, retention_days: 1}", "producer"),
    ],
)
def test_a_catalogue_that_makes_no_sense_is_refused(
    line: str, complaint: str, tmp_path: Path
) -> None:
    file = tmp_path / "topics.yaml"
    file.write_text(line, encoding="utf-8")

    with pytest.raises(msgspec.ValidationError, match=complaint):
        topics.load(file)

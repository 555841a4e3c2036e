"""What the run's broker can do, asked of the broker itself: tests are gated by this, not by lanes.

`@needs("kafka.idempotence")` skips with the probe's answer; in CI on an external broker a missing
`kafka.*` capability is an error. What starts servers of its own has nothing to show about given ones:
on the external lane such tests are not collected at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Final

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from shared.settings import KafkaSettings

from .backends import in_thread
from .lanes import Lane

_PROBE_SECONDS: Final = 8.0

#: Why not; None when the broker can.
Answer = str | None


def needs(capability: str) -> pytest.MarkDecorator:
    """Mark a test as needing `capability`, one of the names in `PROBES`."""
    if capability not in PROBES:
        raise ValueError(f"no probe for {capability!r}, only for {', '.join(PROBES)}")
    return pytest.mark.needs(capability)


@cache
def why_not(capability: str, bootstrap_servers: str) -> Answer:
    """Probe once a run; None when the broker has the capability, else its answer."""
    return in_thread(_bounded(PROBES[capability], bootstrap_servers))


def gate(item: pytest.Item, kafka: KafkaSettings, *, strict: bool) -> None:
    """Skip `item` (fail it, if strict) when the broker lacks what its `needs` marks ask for."""
    for mark in item.iter_markers("needs"):
        capability = str(mark.args[0])
        answer = why_not(capability, kafka.bootstrap_servers)
        if answer is not None and strict:
            pytest.fail(f"{capability} is missing in this lane: {answer}", pytrace=False)
        if answer is not None:
            pytest.skip(f"{capability}: {answer}")


def with_servers_of_their_own(items: Sequence[pytest.Item], lane: Lane) -> list[pytest.Item]:
    """The tests among `items` that have no place in `lane`, because they start their own servers."""
    if lane is not Lane.EXTERNAL:
        return []
    return [item for item in items if item.get_closest_marker("own_servers")]


async def _bounded(probe: Callable[[str], Awaitable[Answer]], bootstrap_servers: str) -> Answer:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await probe(bootstrap_servers)
    except TimeoutError:
        return f"no answer within {_PROBE_SECONDS:.0f} s"
    except KafkaError as error:
        return f"{type(error).__name__}: {error}"


async def _idempotence(bootstrap_servers: str) -> Answer:
    """Whether InitProducerId works."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True)
    try:
        await producer.start()
    finally:
        await producer.stop()
    return None


async def _durable(bootstrap_servers: str) -> Answer:
    """Whether the broker says where on disk it keeps its logs."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        node = admin._client.cluster.brokers().copy().pop().nodeId
        answers = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.BROKER, str(node))]
        )
        named = {entry[0] for answer in answers for found in answer.resources for entry in found[4]}
    finally:
        await admin.close()
    if named & {"log.dir", "log.dirs"}:
        return None
    return "the broker names no folder for its logs"


async def _partitions(bootstrap_servers: str) -> Answer:
    """Whether CreatePartitions is answered, if only with "no such topic"."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        wanted = NewPartitions(total_count=2, new_assignments=[])
        with suppress(UnknownTopicOrPartitionError):
            await admin.create_partitions({"no-such-topic": wanted}, validate_only=True)
    finally:
        await admin.close()
    return None


PROBES: Final[Mapping[str, Callable[[str], Awaitable[Answer]]]] = {
    "kafka.idempotence": _idempotence,
    "kafka.durable": _durable,
    "kafka.partitions": _partitions,
}

"""A real broker, Apache Kafka or one that speaks its protocol, through aiokafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final

from aiokafka import errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.settings import KafkaSettings

from .aio_connection import broker_call, connection_options
from .aio_consumer import AioConsumer
from .aio_producer import AioProducer
from .client import BrokerError, BrokerUnavailableError, OnRevoked
from .records import TopicSpec

#: Making partitions is disk work: an administrator's call may take as long as this many requests.
_ADMIN_PATIENCE: Final = 10

#: Copies of every partition, where there are brokers enough to hold them.
_REPLICAS: Final = 3

#: The settings of a topic we have an opinion on.
_CONFIG_KEYS: Final = ("cleanup.policy", "retention.ms")

_TOPIC_EXISTS: Final = errors.TopicAlreadyExistsError.errno


class AioKafka:
    """A `Kafka` on aiokafka. Adds and removes `topic_prefix`, so that nobody else sees it."""

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        client_id: str,
        partitions: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`partitions`: how many a topic must have, or nothing is written to it or read from it.

        Producers and consumers hold it against the metadata they themselves go by, so that no key ever
        moves, however late anybody else notices.
        """
        self._settings = settings
        self._client_id = client_id
        self._partitions = {settings.topic_prefix + name: n for name, n in partitions.items()}

    def producer(self) -> AioProducer:
        """A new producer."""
        return AioProducer(self._settings, client_id=self._client_id, partitions=self._partitions)

    def consumer(self, group: str, topics: Sequence[str], *, on_revoked: OnRevoked) -> AioConsumer:
        """A new member of `group`."""
        return AioConsumer(
            self._settings,
            client_id=self._client_id,
            group=group,
            topics=topics,
            on_revoked=on_revoked,
            partitions=self._partitions,
        )

    async def create_topics(self, specs: Iterable[TopicSpec]) -> None:
        """Create what is missing, and return once every broker call would find it."""
        async with self._admin("create topics") as admin:
            cluster = await admin.describe_cluster()
            replicas = min(_REPLICAS, len(cluster["brokers"]))
            topics = [
                NewTopic(
                    self._settings.topic_prefix + spec.name,
                    spec.partitions,
                    replicas,
                    topic_configs=dict(spec.config),
                )
                for spec in specs
            ]
            answer = await admin.create_topics(topics)
            for name, code, *message in answer.topic_errors:
                if code not in (0, _TOPIC_EXISTS):
                    raise BrokerError(f"{name} was not created: {code} {message}")
            await self._seen(admin, {topic.name for topic in topics})

    async def describe_topics(self) -> Mapping[str, TopicSpec]:
        """The topics with our prefix, without it. Brokers' internal topics are left out."""
        prefix = self._settings.topic_prefix
        async with self._admin("describe topics") as admin:
            found = {
                topic["topic"]: len(topic["partitions"])
                for topic in await admin.describe_topics()
                if topic["topic"].startswith(prefix) and not topic["is_internal"]
            }
            config = await self._config(admin, list(found))
        return {
            name.removeprefix(prefix): TopicSpec(
                name.removeprefix(prefix), partitions, config.get(name, {})
            )
            for name, partitions in found.items()
        }

    async def ping(self) -> None:
        """Connect, get metadata, disconnect."""
        limit = self._settings.request_timeout_seconds
        async with broker_call("ping", seconds=limit), self._admin("ping"):
            pass

    async def _seen(self, admin: AIOKafkaAdminClient, names: set[str]) -> None:
        """Wait until the brokers name the new topics: they learn of them a moment after the controller."""
        for _ in range(600):
            if names <= set(await admin.list_topics()):
                return
            await asyncio.sleep(0.05)
        raise BrokerUnavailableError("create topics: the brokers do not show them yet")

    async def _config(
        self, admin: AIOKafkaAdminClient, names: list[str]
    ) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        # All keys are asked for: the embedded broker closes the connection when some are named.
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        return {
            name: {key: value for key, value, *_ in entries if key in _CONFIG_KEYS}
            for answer in await admin.describe_configs(wanted)
            for _code, _message, _type, name, entries in answer.resources
        }

    @asynccontextmanager
    async def _admin(self, what: str) -> AsyncIterator[AIOKafkaAdminClient]:
        limit = self._settings.request_timeout_seconds
        admin = AIOKafkaAdminClient(
            **connection_options(self._settings, self._client_id),
            request_timeout_ms=round(limit * _ADMIN_PATIENCE * 1000),
        )
        try:
            async with broker_call(what, seconds=limit * _ADMIN_PATIENCE):
                await admin.start()
                yield admin
        finally:
            async with broker_call("disconnect", seconds=limit):
                await admin.close()

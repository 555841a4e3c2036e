"""Where the services of a proof stand: a database, and a broker whose topics are new in every round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from services.local import LocalPair
from shared.db import migrate
from shared.kafka import topics
from shared.kafka.aio import AioKafka
from shared.settings import KafkaSettings

#: What is said about the embedded broker. Nobody misses what it forgets between two rounds.
_TRAITS: Final = {
    "idempotence": False,
    "volatile": False,
    "fetch_max_wait_ms": 10,
    "session_timeout_ms": 6000,
}


class Ground:
    """The servers of a proof: an embedded pair of its own, or the ones it is given."""

    def __init__(self, database_url: str, kafka: KafkaSettings, pair: LocalPair | None) -> None:
        self.database_url = database_url
        self.pair = pair
        self._kafka = kafka
        self._rounds = 0

    @property
    def kafka_settings(self) -> KafkaSettings:
        """The broker, with the topics of the present round."""
        prefix = f"{self._kafka.topic_prefix}{self._rounds}."
        return self._kafka.model_copy(update={"topic_prefix": prefix})

    @property
    def kafka(self) -> AioKafka:
        """The broker of the present round, as the proof itself speaks to it."""
        return AioKafka(self.kafka_settings, client_id="tierline-proof")

    @property
    def environment(self) -> Mapping[str, str]:
        """What a service has to know of the ground."""
        named = ("bootstrap_servers", "topic_prefix", *_TRAITS)
        settings = self.kafka_settings
        told = {f"TIERLINE_KAFKA__{n.upper()}": str(getattr(settings, n)).lower() for n in named}
        return {"TIERLINE_DATABASE__URL": self.database_url, **told}

    async def renew(self) -> None:
        """Give the next round empty topics. Nobody may use the broker meanwhile."""
        self._rounds += 1
        if self._rounds > 1 and self.pair is not None and self.pair.broker is not None:
            await asyncio.to_thread(self.pair.broker.stop)
            await asyncio.to_thread(self.pair.broker.start)
        await topics.apply(self.kafka)


@asynccontextmanager
async def own_ground(folder: Path, service: str = "router") -> AsyncIterator[Ground]:
    """PostgreSQL as it is by default, fsync and all, and the embedded broker; gone afterwards."""
    async with LocalPair(folder) as pair:
        where = pair.endpoints
        assert where.database_url is not None
        assert where.bootstrap_servers is not None
        await migrate.upgrade(where.database_url, [service])
        kafka = KafkaSettings(bootstrap_servers=where.bootstrap_servers).model_copy(update=_TRAITS)
        yield Ground(where.database_url, kafka, pair)


async def given_ground(database_url: str, kafka: KafkaSettings, service: str = "router") -> Ground:
    """Servers that somebody else has started; the database is empty and ours."""
    await migrate.upgrade(database_url, [service])
    return Ground(database_url, kafka.model_copy(update={"session_timeout_ms": 6000}), None)

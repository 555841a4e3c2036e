"""The topics anew from the outboxes: same ids, same sequences, sent by the services' own relays."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.operator import look_into, operator
from shared.clock import SystemClock
from shared.db import outbox
from shared.db.engine import create_engine
from shared.kafka import topics as catalogue
from shared.kafka.aio import AioKafka
from shared.kafka.aio_inspection import AioInspection
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.runtime.relay import Relay
from shared.settings import DatabaseSettings, KafkaSettings

from .manifest import BackupError
from .place import Tell


async def republish(url: str, settings: KafkaSettings, *, tell: Tell) -> dict[str, int]:
    """Make the topics and send every kept event; returns how many of each topic were acknowledged.

    A service asked for a rebuild before; what is interrupted here, its relay goes on with. Raises
    BrokerError, or BackupError when a topic has less than the outbox.
    """
    kafka = AioKafka(settings, client_id="tierline-restore")
    await catalogue.apply(kafka)
    topics = catalogue.load()
    expected = await _kept(url)
    tell(f"Rebuilding the topics: {sum(expected.values())} events")
    for service in dict.fromkeys(topic.producer for topic in topics.values()):
        database = DatabaseSettings(url=SecretStr(url), pool_size=2)
        engine = create_engine(database, service=service, application="tierline/restore")
        try:
            await _send(engine, kafka, service)
        finally:
            await engine.dispose()
        tell(f"Rebuilt what {service} has said")
    if not settings.volatile:  # the embedded broker counts its own records wrongly
        found = await AioInspection(settings, client_id="tierline-restore").sizes(topics)
        _require_all(expected, found)
    return expected


async def _send(engine: AsyncEngine, kafka: AioKafka, service: str) -> None:
    relay = Relay(engine, kafka, SystemClock(), metrics=RuntimeMetrics(Catalogue(service)))
    try:
        while await _under_way(engine):
            await relay.step()
    finally:
        await relay.stop()


async def _under_way(engine: AsyncEngine) -> bool:
    async with engine.begin() as tx:
        return await outbox.rebuild(tx) is not None


async def _kept(url: str) -> dict[str, int]:
    """How many events the outboxes have of each topic."""
    found: dict[str, int] = {}
    async with operator(url) as tx:
        for service in dict.fromkeys(topic.producer for topic in catalogue.load().values()):
            await look_into(tx, service)
            found |= {row.topic: row.events for row in await outbox.coverage(tx)}
    return found


def _require_all(expected: Mapping[str, int], found: Mapping[str, int]) -> None:
    """More than was kept is a repeat, which readers drop; a compacted topic may hold fewer."""
    compacted = {name for name, topic in catalogue.load().items() if topic.cleanup == "compact"}
    for topic, events in expected.items():
        if topic not in compacted and found.get(topic, 0) < events:
            raise BackupError(
                f"{topic} has {found.get(topic, 0)} records after the rebuild, and should have {events}. "
                "The database is whole: run `tierline topics rebuild` and start the services."
            )

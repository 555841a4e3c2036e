"""The broker: there, with the right topics, and not knowing more than the database."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.operator import look_into, operator
from shared.contracts import Event, UndecodableError, decode
from shared.db.engine import fetch
from shared.kafka import topics as catalogue
from shared.kafka.aio import AioKafka
from shared.kafka.aio_inspection import AioInspection
from shared.kafka.client import BrokerError
from shared.settings import KafkaSettings

from .finding import Finding, fail, ok, warn

#: How far a producer has counted a key of a topic, and whether it has this very event, where it keeps them.
_KNOWN: Final = """
SELECT coalesce((SELECT sequence FROM stream WHERE topic = $1 AND key = $2), 0),
    EXISTS (SELECT FROM outbox WHERE event_id = $3),
    EXISTS (SELECT FROM outbox WHERE topic = $1 AND key = $2 AND created_at <= $4)
"""


async def broker(kafka: KafkaSettings) -> list[Finding]:
    """Whether it answers, and its topics are as the catalogue says."""
    speaking = AioKafka(kafka, client_id="tierline-doctor")
    try:
        await speaking.ping()
        drift = await catalogue.drift(speaking)
    except (BrokerError, OSError) as error:
        todo = "Is it running, and does TIERLINE_KAFKA__BOOTSTRAP_SERVERS name it?"
        return [fail("broker", f"{kafka.bootstrap_servers}: {error}", todo)]
    who = f"{kafka.bootstrap_servers} over {kafka.security.protocol}"
    found = [ok("broker", f"{who}{', volatile' if kafka.volatile else ''}")]
    if drift:
        many = f" (and {len(drift) - 1} more)" if len(drift) > 1 else ""
        todo = "tierline topics apply makes what is missing; docs/topics.md tells of the rest."
        found.append(fail("topics", drift[0] + many, todo))
    else:
        prefix = f", prefix {kafka.topic_prefix}" if kafka.topic_prefix else ""
        found.append(ok("topics", f"all as the catalogue says{prefix}"))
    return [*found, await _producing(speaking, kafka)]


async def _producing(speaking: AioKafka, kafka: KafkaSettings) -> Finding:
    producer = speaking.producer()
    try:
        await producer.start()
    except BrokerError as error:
        return fail(
            "producer",
            f"is refused: {error}",
            "Look at the broker's rights; for one without idempotence set TIERLINE_KAFKA__IDEMPOTENCE=false.",
        )
    finally:
        await producer.stop()
    if not kafka.idempotence:
        return ok("producer", "accepted, not idempotent: readers drop what comes twice")
    return ok("producer", "accepted, idempotent")


async def history(url: str, kafka: KafkaSettings) -> Finding:
    """Whether the last events on the topics are known to the database that must have said them.

    A database that was set back knows less than the broker, and would say other things under the same
    numbers: nothing may start before that is mended (docs/backup.md).
    """
    try:
        newest = await AioInspection(kafka, client_id="tierline-doctor").newest(catalogue.load())
        events = [event for value in newest if (event := _event(value)) is not None]
        async with operator(url) as tx:
            unknown = [event for event in events if not await _is_known(tx, event)]
    except Exception as error:
        said = f"could not be compared: {type(error).__name__}"
        return warn("history", said, "See what is said of broker and database.")
    if unknown:
        event = unknown[0]
        return fail(
            "history",
            f"the broker is newer than the database: {event.topic} has event {event.sequence} of "
            f"{event.subject}, which {event.source.strip('/')} has not said ({len(unknown)} such partitions)",
            "Start no service: the database was set back. docs/backup.md, 'When the broker knows more'.",
        )
    return ok("history", f"the last events of {len(events)} partitions are known to the database")


async def _is_known(tx: AsyncConnection, event: Event) -> bool:
    """Written by this database: kept under its id, or counted and from before the kept window."""
    await look_into(tx, catalogue.load()[event.topic].producer)
    parameters = (event.topic, event.subject, event.id, event.recorded_time)
    [(reached, is_there, has_older)] = await fetch(tx, _KNOWN, parameters)
    return bool(is_there or (reached >= event.sequence and not has_older))


def _event(value: bytes) -> Event | None:
    try:
        return decode(value)
    except UndecodableError:
        return None

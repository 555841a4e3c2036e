"""`tierline tap TOPIC`: a readable stream of events."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import typer

from services.installation import Installation
from shared import contracts
from shared.contracts import PAYLOADS, UndecodableError, decode
from shared.kafka.aio import AioKafka
from shared.kafka.client import Consumer
from shared.kafka.records import Record

from .sentences import sentence
from .where import carry_out, installation, kafka_settings, stop

#: A tap is alone in its group and may come and go quickly.
_SESSION_MS = 3000

TOPICS = sorted({described.topic for described in PAYLOADS.values()})


def tap(
    topics: Annotated[
        list[str] | None,
        typer.Argument(help="Topics, with or without 'support.'; default: all of them."),
    ] = None,
    from_start: Annotated[bool, typer.Option(help="Begin with what is already there.")] = False,
    ticket: Annotated[str | None, typer.Option(help="Only this ticket's events.")] = None,
    raw: Annotated[bool, typer.Option(help="The JSON documents as they are on the topic.")] = False,
    count: Annotated[int | None, typer.Option(help="End after so many events.")] = None,
) -> None:
    """Print the events of topics as they come, one a line; Ctrl-C ends it."""
    wanted = [_full_name(topic) for topic in topics or TOPICS]
    carry_out(_tap(installation(), wanted, from_start, ticket, raw=raw, count=count))


def _full_name(topic: str) -> str:
    name = topic if topic.startswith("support.") else f"support.{topic}"
    if name not in TOPICS:
        stop(f"No topic {topic!r}; there are {', '.join(TOPICS)}.", 2)
    return name


async def _tap(
    where: Installation,
    topics: list[str],
    from_start: bool,
    ticket: str | None,
    *,
    raw: bool,
    count: int | None,
) -> None:
    settings = kafka_settings(where).model_copy(update={"session_timeout_ms": _SESSION_MS})
    consumer = AioKafka(settings, client_id="tierline-tap").consumer(
        f"tierline.tap.{uuid4().hex[:12]}", topics, on_revoked=_nothing
    )
    await consumer.start()
    try:
        left = count if count is not None else -1
        fresh = from_start or await _skip_to_the_end(consumer)
        while fresh and left != 0:
            for record in await consumer.poll(timeout_seconds=0.5, max_records=200):
                if left == 0 or (ticket and record.key != ticket):
                    continue
                print(_document(record) if raw else _line(record), flush=True)
                left -= 1
    finally:
        await consumer.stop()


async def _skip_to_the_end(consumer: Consumer) -> bool:
    """Read nothing that was there before; True once every partition stands at its end."""
    while True:
        await consumer.poll(timeout_seconds=0.2, max_records=1)
        ends = {tp: consumer.highwater(tp) for tp in consumer.assignment()}
        if ends and all(end is not None for end in ends.values()):
            for tp, end in ends.items():
                consumer.seek(tp, end or 0)
            return True


async def _nothing(_revoked: object) -> None:
    """A tap has nothing to finish when partitions leave it."""


def _document(record: Record) -> str:
    return record.value.decode(errors="replace")


def _line(record: Record) -> str:
    try:
        event = decode(record.value)
    except UndecodableError as error:
        return f"{record.topic}[{record.partition}]@{record.offset}  no event of ours: {error}"
    name = contracts.type_of(event.payload).name
    return (
        f"{event.time:%H:%M:%S.%f}"[:-3]
        + f"  {event.subject[-12:]}  {event.sequence:>3}  {name:<24} {sentence(event.payload)}"
    )

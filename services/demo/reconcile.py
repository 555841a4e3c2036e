"""What was sent against what the database, the topics and the receivers hold: is anything lost or double?

Nothing here trusts a counter of the services. Every finding is a sentence with an id in it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.installation import PORTS
from services.operator import look_into, operator
from shared import contracts as c
from shared.db.engine import fetch
from shared.kafka.topics import load as load_topics

from .capture import Captured
from .watcher import Seen

#: Channels whose receivers the demo is: what they were sent must have arrived.
_OURS: Final = ("email", "webhook")

#: An event that is written is on its topic at most this much later, in seconds.
_LATE_SECONDS: Final = 10.0

#: Who reads what.
_READERS: Final = {name: topic.consumers for name, topic in load_topics().items()}

_TICKETS: Final = "SELECT external_id, ticket_id::text FROM intake.external_ref WHERE source = $1"
_WRITTEN: Final = "SELECT event_id, topic FROM outbox"
_ROUTED: Final = "SELECT ticket_id::text, status FROM router.work_item"
_CLOCKED: Final = "SELECT ticket_id::text FROM escalator.sla_case"
#: A message, under the id it left with; those of a bundle have one together.
_SENT: Final = """
SELECT coalesce(bundle_id, notification_id)::text, channel, status, max(unknowns)
FROM notifier.notification GROUP BY 1, 2, 3
"""
_UNDELIVERED: Final = """
SELECT count(*) FROM notifier.notification WHERE status IN ('pending', 'leased')
"""
_APPLIED: Final = "SELECT topic, key, sequence FROM stream"
_PARKED: Final = "SELECT count(*) FROM dead_letter WHERE released_at IS NULL"


@dataclass(slots=True)
class Account:
    """The findings, and how tickets stand at the end."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    waiting: int = 0


async def reconcile(
    database_url: str,
    *,
    accepted: Mapping[str, str],
    seen: Seen,
    arrived: Sequence[Captured],
) -> Account:
    """Compare. `accepted` is what intake answered: external id → ticket id."""
    account = Account()
    async with operator(database_url) as tx:
        written = await _written(tx, account)
    await _all_seen(seen, set(written))
    sent = [event for event in seen.events.values() if event.id in written]
    account.lost += await _unapplied(database_url, sent)
    async with operator(database_url) as tx:
        await _tickets(tx, account, accepted)
        _topics(account, written, seen, since=await _written(tx, Account()))
        await _services(tx, account, set(accepted.values()))
        await _messages(tx, account, arrived)
    _sequences(account, seen.events.values())
    _time_facts(account, seen.events.values())
    return account


async def undelivered(database_url: str) -> int:
    """How many notifications are still on their way."""
    async with operator(database_url) as tx:
        [(count,)] = await fetch(tx, _UNDELIVERED)
    return int(count)


async def _tickets(tx: AsyncConnection, account: Account, accepted: Mapping[str, str]) -> None:
    """Every accepted delivery is exactly one ticket, the one intake named (reliability I1, I3)."""
    held = dict(await fetch(tx, _TICKETS, ("generic",)))
    for external_id, ticket_id in accepted.items():
        if external_id not in held:
            account.lost.append(f"{external_id} was accepted and is not in the database")
        elif held[external_id] != ticket_id:
            account.duplicated.append(
                f"{external_id} is two tickets: {ticket_id}, {held[external_id]}"
            )
    for ticket_id, times in Counter(accepted.values()).items():
        if times > 1:
            account.lost.append(f"{times} deliveries became one ticket {ticket_id}")


async def _written(tx: AsyncConnection, account: Account) -> dict[UUID, str]:
    """The topic of every event that any service has written (and still keeps)."""
    written: dict[UUID, str] = {}
    for service in PORTS:
        await look_into(tx, service)
        for event_id, topic in await fetch(tx, _WRITTEN):
            if event_id in written:
                account.duplicated.append(f"event {event_id} was written twice")
            written[event_id] = topic
        [(parked,)] = await fetch(tx, _PARKED)
        if parked:
            account.lost.append(f"{parked} events are parked at {service}")
    return written


async def _all_seen(seen: Seen, written: set[UUID]) -> None:
    """Give what was written a moment to come by: time goes on while we look."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LATE_SECONDS):
            while not written <= seen.events.keys():  # noqa: ASYNC110 - the watcher knows nothing of us
                await asyncio.sleep(0.05)


async def _unapplied(database_url: str, sent: Sequence[c.Event]) -> list[str]:
    """What a reader of a topic has not applied: it has as long as events have to be seen (I7)."""
    missing: list[str] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LATE_SECONDS):
            while missing := await _behind(database_url, sent):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.25)
    return missing


async def _behind(database_url: str, sent: Sequence[c.Event]) -> list[str]:
    last: dict[tuple[str, str], int] = {}
    for event in sent:
        stream = (event.topic, event.subject)
        last[stream] = max(event.sequence, last.get(stream, 0))
    behind = []
    async with operator(database_url) as tx:
        for service in PORTS:
            await look_into(tx, service)
            reached = {(topic, key): number for topic, key, number in await fetch(tx, _APPLIED)}
            for (topic, key), number in last.items():
                if service in _READERS[topic] and reached.get((topic, key), 0) < number:
                    behind.append(f"{service} has not applied {topic} {key} up to {number}")
    return behind


def _topics(
    account: Account, written: Mapping[UUID, str], seen: Seen, *, since: Mapping[UUID, str]
) -> None:
    """Every event a service had written is on its topic, and nothing else is (I5)."""
    for event_id in written.keys() - seen.events.keys():
        account.lost.append(f"event {event_id} is not on {written[event_id]}")
    for event_id in seen.events.keys() - since.keys():
        account.duplicated.append(f"event {event_id} is on a topic and nobody wrote it")


async def _services(tx: AsyncConnection, account: Account, tickets: set[str]) -> None:
    """Router and escalator know every ticket."""
    routed = dict(await fetch(tx, _ROUTED))
    clocked = {ticket_id for (ticket_id,) in await fetch(tx, _CLOCKED)}
    account.lost += [f"ticket {t} never reached the router" for t in tickets - routed.keys()]
    account.lost += [f"ticket {t} never reached the escalator" for t in tickets - clocked]
    account.waiting = sum(status == "waiting" for status in routed.values())


async def _messages(tx: AsyncConnection, account: Account, arrived: Sequence[Captured]) -> None:
    """What counts as sent has arrived, once, unless it is marked as a possible repeat (I16-I20)."""
    times = Counter((m.channel, _message_id(m.id)) for m in arrived)
    await look_into(tx, "notifier")
    for message_id, channel, status, unknowns in await fetch(tx, _SENT):
        came = times[channel, message_id]
        if status in {"pending", "leased"}:
            account.lost.append(f"message {message_id} is still {status}")
        if channel in _OURS and status == "sent" and not came:
            account.lost.append(f"message {message_id} was sent and did not arrive")
        if came > 1 + unknowns:
            account.duplicated.append(f"message {message_id} arrived {came} times")


def _message_id(header: str) -> str:
    """A mail's Message-ID is `<id@host>`, a webhook's is the id."""
    return header.strip("<>").partition("@")[0]


def _sequences(account: Account, events: Iterable[c.Event]) -> None:
    """Numbers run from 1 without a gap, and in order, for every key and topic (ruling 2).

    `events` come as they first stood on their topic.
    """
    numbers: dict[tuple[str, str], list[int]] = {}
    for event in events:
        numbers.setdefault((event.topic, event.subject), []).append(event.sequence)
    for (topic, key), found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            account.lost.append(
                f"the sequence of {key} on {topic} has gaps, doubles or no order: {found}"
            )


def _time_facts(account: Account, events: Iterable[c.Event]) -> None:
    """A threshold of a clock is announced once, unless it was withdrawn (H3, H14)."""
    announced: Counter[tuple[object, ...]] = Counter()
    for event in events:
        match event.payload:
            case c.SlaWarning() as warning:
                announced[
                    event.subject, warning.metric, warning.cycle, warning.threshold_percent
                ] += 1
            case c.SlaBreached() as breach:
                announced[event.subject, breach.metric, breach.cycle, 100] += 1
            case c.SlaWithdrawn() as gone:
                announced[
                    event.subject, gone.metric, gone.cycle, gone.threshold_percent or 100
                ] -= 1
    account.duplicated += [f"announced {n} times: {what}" for what, n in announced.items() if n > 1]

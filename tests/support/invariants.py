"""What must hold of a world at rest, whatever happened to it (reliability 3).

Read from the outside: topics, tables, mails. Nothing here asks a service what it believes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from uuid import UUID

from shared.contracts import Event, SlaBreached, SlaWarning, decode
from shared.db.engine import fetch
from shared.kafka.topics import load
from tests.support.world import World

_INBOX = "SELECT event_id FROM inbox"
_HELD = "SELECT agent_id FROM work_item WHERE agent_id IS NOT NULL"
_DESKS = "SELECT agent_id, load, capacity FROM agent"
_UNFINISHED = (
    "SELECT count(*) FROM notification WHERE status IN ('pending', 'leased') AND due_at <= $1"
)
#: What has left by mail, a bundle of several as one.
_LEFT = """
SELECT DISTINCT coalesce(bundle_id, notification_id) FROM notification
WHERE channel = 'email' AND status = 'sent'
"""

#: The router keeps weights as whole quarters of a unit; a ticket of the tests costs one unit.
_UNIT = 4


async def hold(world: World, accepted: Mapping[str, UUID]) -> None:
    """Everything below, of a world whose `accepted` deliveries became these tickets."""
    events = on_topics(world)
    assert 0 == await world.unpublished(), "I5: everything said is on its topic"
    for name in world.services:
        assert [] == await world.parked(name), f"I21: nothing is parked at {name}"
    every_delivery_is_one_ticket(events, accepted)
    sequences_have_no_gap(events)
    await everything_is_applied_once(world, events)
    thresholds_are_announced_once(events)
    await load_is_what_is_held(world)
    await every_message_has_ended(world)


def on_topics(world: World) -> dict[str, list[Event]]:
    """By topic the events on it in offset order, the first of every repeat."""
    found: dict[str, dict[UUID, Event]] = defaultdict(dict)
    for topic in load():
        for record in world.broker.records(topic):
            event = decode(record.value)
            found[topic].setdefault(event.id, event)
    return {topic: list(events.values()) for topic, events in found.items()}


def every_delivery_is_one_ticket(
    events: Mapping[str, list[Event]], accepted: Mapping[str, UUID]
) -> None:
    """I1: each accepted delivery became exactly one ticket, and there is no other."""
    opened = [UUID(e.subject) for e in events["support.tickets"] if ".ticket.opened." in e.type]
    assert sorted(accepted.values()) == sorted(opened)


def sequences_have_no_gap(events: Mapping[str, list[Event]]) -> None:
    """I6, ruling 2: on every topic a subject's events are 1..n, in order."""
    for topic, said in events.items():
        by_subject: dict[str, list[int]] = defaultdict(list)
        for event in said:
            by_subject[event.subject].append(event.sequence)
        for subject, sequences in by_subject.items():
            assert list(range(1, len(sequences) + 1)) == sequences, (topic, subject)


async def everything_is_applied_once(world: World, events: Mapping[str, list[Event]]) -> None:
    """I7: a service's inbox holds exactly the events of the topics it consumes."""
    for name, service in world.services.items():
        consumed = [topic for topic, known in load().items() if name in known.consumers]
        async with service.engine.connect() as tx:
            inbox = {event_id for (event_id,) in await fetch(tx, _INBOX)}
        assert {e.id for topic in consumed for e in events.get(topic, [])} == inbox, name


def thresholds_are_announced_once(events: Mapping[str, list[Event]]) -> None:
    """I13: a threshold of a clock, the breach among them, is announced once."""
    announced = Counter(
        (event.subject, said.metric, said.cycle, getattr(said, "threshold_percent", 100))
        for event in events.get("support.sla", [])
        if isinstance(said := event.payload, SlaWarning | SlaBreached)
    )
    assert [] == [step for step, times in announced.items() if times > 1]


async def load_is_what_is_held(world: World) -> None:
    """I8: an agent's load is the weight of the tickets they hold, and never above their capacity."""
    async with world.services["router"].engine.connect() as tx:
        held = Counter(agent for (agent,) in await fetch(tx, _HELD))
        desks = list(await fetch(tx, _DESKS))
    assert {agent: held[agent] * _UNIT for agent, _, _ in desks} == {
        a: load for a, load, _ in desks
    }
    assert [] == [agent for agent, load, capacity in desks if load > capacity]


async def every_message_has_ended(world: World) -> None:
    """I17, I18: what was planned is sent or dead, and what was sent has arrived."""
    assert 0 == await world.value("notifier", _UNFINISHED, world.clock.now())
    async with world.services["notifier"].engine.connect() as tx:
        left = {str(message_id) for (message_id,) in await fetch(tx, _LEFT)}
    assert set() == left - {mail.message_id for mail in world.mails()}

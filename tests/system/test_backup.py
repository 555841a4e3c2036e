"""The rehearsal: a loaded system is backed up, lost, restored on other servers, and goes on as if nothing was."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from services.backups import manifest
from services.backups.manifest import Manifest
from services.demo.capture import Sinks, sinks
from services.demo.watcher import Seen, watch
from services.fleet import free_ports
from services.people import EXAMPLE, import_file
from services.playback.sender import WebhookSender
from services.standalone import Standalone
from shared import contracts as c
from shared.kafka.aio import AioKafka
from shared.kafka.records import Outgoing
from shared.kafka.topics import load as load_topics
from tests.support.backends import Backends
from tests.support.rehearsal import SECRET, Ground, ground, root
from tests.support.running import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.kafka,
    pytest.mark.timeout(400),
]

#: Besides the one whose deadline is awaited.
TICKETS: Final = 40

#: The last to be opened: half a minute for a first answer, in the demo's workflow.
AWAITED: Final = {"category": "billing", "priority": "low", "customer": {"id": "patient"}}

COUNTS: Final = {
    "pending": "SELECT count(*) FROM notifier.notification WHERE status IN ('pending', 'leased')",
    "parked": "SELECT count(*) FROM router.dead_letter WHERE released_at IS NULL",
    "open clocks": "SELECT count(*) FROM escalator.sla_case WHERE next_due_at IS NOT NULL",
}


@asynccontextmanager
async def receivers() -> AsyncIterator[Sinks]:
    """Where both lives' messages arrive."""
    ports = free_ports(["smtp", "hook"])
    async with sinks((ports["smtp"], ports["hook"]), secret=SECRET) as listening:
        yield listening


async def value(url: str, statement: str, *arguments: object) -> Any:
    """One value of a database, with the operator's rights."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()


async def load(old: Ground, tierline: Standalone, hook: Sinks) -> str:
    """A world of tickets, messages nobody takes, a record nobody can read; the id of the awaited ticket."""
    where = tierline.installation
    await import_file(where, EXAMPLE, receivers={"hook": hook.hook_url})
    assert where.webhook_secret is not None
    sender = WebhookSender(where.urls["intake"], where.webhook_secret)
    for n in range(TICKETS):
        facts = {"customer": {"id": f"customer-{n}", "tier": "enterprise"}, "priority": "critical"}
        await sender.send([opening(f"L-{n}", subject=f"Ticket {n}", **facts)])
    producer = AioKafka(old.kafka, client_id="tierline-test").producer()
    await producer.start()
    await producer.send([Outgoing(c.TICKETS, "nobody", b"no event of ours")])
    await producer.stop()
    await until(lambda: all_there(where.database_url), "pending, parked and armed", seconds=90)
    answer = await sender.send([opening("L-awaited", subject="No hurry", **AWAITED)])
    ticket_id = str(answer["ticket_id"])
    case = "SELECT count(*) FROM escalator.sla_case WHERE ticket_id = $1::uuid AND next_due_at IS NOT NULL"
    await until(lambda: is_so(where.database_url, case, ticket_id), "the awaited clock is armed")
    await sender.close()
    return ticket_id


def opening(external_id: str, **facts: Any) -> Mapping[str, Any]:
    """A customer's command."""
    return {"external_id": external_id, "type": "ticket.open", "body": "Please help.", **facts}


async def all_there(url: str) -> bool:
    """Whether there is one of everything that must survive."""
    return all([await value(url, statement) for statement in COUNTS.values()])


async def is_so(url: str, statement: str, *arguments: object) -> bool:
    """Whether a count is not zero."""
    return bool(await value(url, statement, *arguments))


def breaches(seen: Seen, ticket_id: str) -> Counter[str]:
    """How often each promise of a ticket was announced as broken."""
    payloads = (event.payload for event in seen.events.values() if event.subject == ticket_id)
    return Counter(p.metric.value for p in payloads if isinstance(p, c.SlaBreached))


async def test_a_loaded_system_goes_on_from_its_backup(backends: Backends) -> None:
    """Counts are equal, topics have the same events, an armed deadline fires once, a new ticket works."""
    with root() as folder:
        backup = str(folder / "backup.tar")
        async with ground(backends, folder / "a") as old, receivers() as hook:
            nobody = str(free_ports(["nobody"])["nobody"])
            async with old.tierline(hook, TIERLINE_NOTIFIER__SMTP__PORT=nobody) as tierline:
                ticket_id = await load(old, tierline, hook)
                made = await old.command("backup", backup)
            assert made.status == 0, made.out + made.err
            before = len(hook.inbox.messages)
            async with ground(backends, folder / "b") as new:
                restored = await new.command("restore", backup)
                assert restored.status == 0, restored.out + restored.err
                await equal_events(old, new)
                again = await new.command("restore", backup)
                await the_new_life(new, hook, ticket_id, before)
    print(made.out, restored.out, sep="\n")
    assert again.status == 1
    assert "The broker is not empty" in again.err
    assert f"Restored: {TICKETS + 1} tickets" in restored.out


async def equal_events(old: Ground, new: Ground) -> None:
    """What the new outboxes hold, the old ones held: same ids, topics and keys; the old life went on a while."""
    topics = "SELECT array_agg((event_id, topic, key)::text ORDER BY event_id) FROM {}.outbox"
    for service in ("intake", "router", "escalator", "notifier"):
        then = set(await value(old.servers["TIERLINE_DATABASE__URL"], topics.format(service)) or [])
        now = set(await value(new.servers["TIERLINE_DATABASE__URL"], topics.format(service)) or [])
        assert now <= then


async def the_new_life(new: Ground, hook: Sinks, ticket_id: str, before: int) -> None:
    """What was armed fires once, what was pending arrives, what is new works, nothing comes in conflict."""
    async with new.tierline(hook) as tierline:
        where = tierline.installation
        seen = Seen()
        kafka = AioKafka(new.kafka, client_id="tierline-test")
        watching = asyncio.create_task(watch(kafka, list(load_topics()), seen))
        assert where.webhook_secret is not None
        sender = WebhookSender(where.urls["intake"], where.webhook_secret)
        answer = await sender.send([opening("L-new", subject="After the fire", **AWAITED)])
        fresh = str(answer["ticket_id"])
        await until(lambda: fresh in seen.ever_assigned, "the new ticket has an agent", seconds=60)
        await until(
            lambda: "first_response" in breaches(seen, ticket_id), "the armed deadline", seconds=90
        )
        await until(lambda: len(hook.inbox.messages) > before, "what was pending", seconds=60)
        parked = (
            "SELECT count(*) FROM router.dead_letter WHERE reason IN ('late', 'conflict', 'gap')"
        )
        conflicts = await value(where.database_url, parked)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await sender.close()

    assert breaches(seen, ticket_id)["first_response"] == 1
    assert conflicts == 0


async def test_what_is_not_empty_or_not_whole_is_refused(
    backends: Backends, database_url: str, tmp_path: Path
) -> None:
    """Nothing is changed: the reason is said, and what to do."""
    names = ("TIERLINE_KAFKA__BOOTSTRAP_SERVERS", "TIERLINE_KAFKA__TOPIC_PREFIX")
    broker = dict(
        zip(names, (backends.kafka.bootstrap_servers, backends.new_prefix()), strict=True)
    )
    system = Ground(tmp_path, {"TIERLINE_DATABASE__URL": database_url, **broker})
    backup = tmp_path / "backup"

    made = await system.command("backup", str(backup))
    twice = await system.command("backup", str(backup))
    await value(database_url, "INSERT INTO router.shift VALUES ('early', 'weekly', '', now())")
    filled = await system.command("restore", str(backup))
    dump = backup / manifest.DUMP
    dump.write_bytes(dump.read_bytes()[:-1])
    damaged = await system.command("restore", str(backup))
    dump.unlink()
    incomplete = await system.command("restore", str(backup))
    shift = await value(database_url, "SELECT name FROM router.shift")

    assert (made.status, twice.status) == (0, 1), made.err
    assert "exists already" in twice.err
    assert "not empty: 1 tables of Tierline hold rows, router.shift has 1" in filled.err
    assert "The backup is damaged: tierline.dump" in damaged.err
    assert "The backup is incomplete: tierline.dump is missing" in incomplete.err
    assert shift == "early"


async def test_a_restored_service_still_cannot_change_its_audit_log(
    database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    """A dump gives tables back with their rights, and default privileges must not add to them."""
    backup = tmp_path / "backup"
    made = await Ground(tmp_path, {"TIERLINE_DATABASE__URL": database_url}).command(
        "backup", str(backup)
    )
    there = Ground(tmp_path, {"TIERLINE_DATABASE__URL": empty_database_url})

    restored = await there.command("restore", str(backup), "--no-broker")

    rights = """SELECT array_agg(privilege_type::text ORDER BY privilege_type::text) FROM information_schema.role_table_grants
        WHERE grantee = 'tierline_router' AND table_schema = 'router' AND table_name = '{}'"""
    assert (made.status, restored.status) == (0, 0), made.err + restored.err
    assert await value(empty_database_url, rights.format("audit")) == ["INSERT", "SELECT"]
    assert await value(empty_database_url, rights.format("work_item")) == [
        "DELETE",
        "INSERT",
        "SELECT",
        "UPDATE",
    ]
    assert isinstance(manifest.read(backup), Manifest)

"""Bad input for real: the answer names the problem, nothing is lost, and healthy tickets do not wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio

from services.installation import PORTS
from services.operator import look_into, operator
from shared.clock import SystemClock
from shared.contracts import TicketAnalysed, TicketOpened, encode
from shared.db import dead_letters
from shared.db.engine import fetch
from shared.kafka.records import Outgoing
from tests.support.builders import a, an_event
from tests.support.letters import as_json, opening, post
from tests.support.running import Running, run_command, until

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.usefixtures("nothing_parked_afterwards"),
]

FOREIGN_SECRET: Final = "whsec_" + "A" * 40

#: Who reads support.tickets.
READERS: Final = ("router", "escalator", "notifier")

#: Makes the router's work on one ticket fail, as a mistake of ours would.
_REFUSE: Final = """
CREATE FUNCTION router.refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'indigestible'; END $$
"""
_REFUSE_ONE: Final = """
CREATE TRIGGER refuse BEFORE UPDATE ON router.work_item FOR EACH ROW
    WHEN (NEW.ticket_id = '{ticket_id}') EXECUTE FUNCTION router.refuse()
"""
_NAMED: Final = "SELECT 1 FROM intake.external_ref WHERE external_id = $1"
_MEND: Final = "DROP FUNCTION router.refuse() CASCADE"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def nothing_parked_afterwards(tierline: Running) -> AsyncIterator[None]:
    """What this module leaves parked is let go, as an operator would who has read it."""
    yield
    await by_operator(tierline, "DROP FUNCTION IF EXISTS router.refuse() CASCADE")
    async with operator(tierline.database_url) as tx:
        for service in PORTS:
            await look_into(tx, service)
            letters = await dead_letters.list_parked(tx, limit=1000)
            await dead_letters.mark_released(
                tx, [letter.id for letter in letters], SystemClock().now()
            )


@asynccontextmanager
async def caller(tierline: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody with an API key."""
    async with httpx2.AsyncClient(trust_env=False, headers=tierline.headers) as client:
        yield client


async def parked(tierline: Running, key: str) -> list[tuple[str, str]]:
    """What is held back of a key: (SERVICE/NUMBER, reason) of every service."""
    async with operator(tierline.database_url) as tx:
        found = []
        for service in PORTS:
            await look_into(tx, service)
            letters = await dead_letters.list_parked(tx, key=key)
            found += [(f"{service}/{letter.id}", letter.reason.value) for letter in letters]
    return found


def is_parked(
    tierline: Running, key: str, *expected: tuple[str, str]
) -> Callable[[], Awaitable[bool]]:
    """Whether exactly this is held back of a key: (service, reason)."""

    async def holds() -> bool:
        letters = await parked(tierline, key)
        return [(name.partition("/")[0], reason) for name, reason in letters] == list(expected)

    return holds


def is_stuck(tierline: Running, key: str) -> Callable[[], Awaitable[bool]]:
    """Whether the router could not handle one event of a key, and holds back all that follow it."""

    async def holds() -> bool:
        letters = await parked(tierline, key)
        at_router = [reason for name, reason in letters if name.startswith("router/")]
        waiting = len(letters) - 1
        return waiting > 0 and at_router == ["poison"] + ["stalled"] * waiting

    return holds


def was_read(tierline: Running, ticket_id: str) -> bool:
    """Whether the ticket's first message has been analysed."""
    return any(
        isinstance(event.payload, TicketAnalysed) and event.subject == ticket_id
        for event in tierline.seen.events.values()
    )


async def listed(tierline: Running, *words: str) -> bool:
    """Whether `tierline dead-letters list` has all of `words` in one line."""
    said = await tierline.command("dead-letters", "list")
    return any(all(word in line for word in words) for line in said.out.splitlines())


async def stored(tierline: Running, external_id: str) -> bool:
    """Whether there is a ticket of that name."""
    async with operator(tierline.database_url) as tx:
        return bool(await fetch(tx, _NAMED, (external_id,)))


@pytest.mark.parametrize(
    ("secret", "age"),
    [(FOREIGN_SECRET, timedelta(0)), (None, timedelta(minutes=6))],
    ids=["a wrong signature", "an old timestamp"],
)
async def test_D1_what_is_not_authentic_is_refused_and_leaves_nothing(
    tierline: Running, secret: str | None, age: timedelta
) -> None:
    answer = await post(tierline, opening("forged"), secret=secret, age=age)

    assert 401 == answer.status_code
    assert "The signature or its timestamp is not valid." == answer.json()["detail"]
    assert not await stored(tierline, "forged")


async def test_D1_a_replay_is_answered_as_the_first_time(tierline: Running) -> None:
    first = await post(tierline, opening("replayed"), message_id="replay-1")
    second = await post(tierline, opening("replayed"), message_id="replay-1")

    assert (202, 200) == (first.status_code, second.status_code)
    assert first.json() == second.json()
    tierline.accepted["replayed"] = first.json()["ticket_id"]


async def test_D1_a_delivery_id_used_for_another_body_is_kept_and_can_be_released(
    tierline: Running,
) -> None:
    await tierline.open("used-once")
    first = await post(tierline, opening("the-first"), message_id="used-twice")
    answer = await post(tierline, opening("the-other"), message_id="used-twice")

    assert (202, "quarantined") == (answer.status_code, answer.json()["outcome"])
    assert "used for another body" in answer.json()["detail"]
    assert await listed(tierline, "intake/", "conflict", "used-twice")
    tierline.accepted["the-first"] = first.json()["ticket_id"]

    released = await tierline.command("dead-letters", "release", "--ticket", "used-twice")
    assert (0, "") == (released.status, released.err)
    await until(lambda: stored(tierline, "the-other"), "the other body is a ticket of its own")
    assert [] == await parked(tierline, "used-twice")


async def test_a_body_of_2_MiB_is_refused_with_the_limit(tierline: Running) -> None:
    answer = await post(tierline, opening("endless", body="x" * (2 << 20)))

    assert 413 == answer.status_code
    assert "At most 1048576 bytes are read." == answer.json()["detail"]
    assert not await stored(tierline, "endless")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b'{"type": "ticket.open", "external_id": ', "truncated"),
        (b'{"type": "ticket.open", "subject": "a\0b"}', "invalid character"),
        (opening("coloured", colour="red"), "unknown field `colour`"),
    ],
    ids=["broken JSON", "a raw NUL", "an unknown field"],
)
async def test_D1_what_cannot_be_read_is_answered_with_its_mistake_and_kept(
    tierline: Running, body: bytes, named: str
) -> None:
    message_id = f"msg_{uuid4().hex}"

    answer = await post(tierline, body, message_id=message_id)

    assert (202, "parked") == (answer.status_code, answer.json()["outcome"])
    assert named in answer.json()["detail"]
    [(letter, reason)] = await parked(tierline, message_id)
    shown = await tierline.command("dead-letters", "show", letter)
    assert "undecodable" == reason
    assert named in shown.out


async def test_D1_a_bad_command_does_not_spoil_its_neighbours(tierline: Running) -> None:
    bad, good = opening("bad-neighbour", colour="red"), opening("good-neighbour")

    answer = await post(tierline, b"[%s, %s]" % tuple(map(as_json, (bad, good))))

    outcomes = [result["outcome"] for result in answer.json()["results"]]
    assert (202, ["parked", "accepted"]) == (answer.status_code, outcomes)
    tierline.accepted["good-neighbour"] = answer.json()["results"][1]["ticket_id"]


async def test_a_NUL_in_a_text_is_left_out_and_the_text_is_kept(tierline: Running) -> None:
    ticket_id = await tierline.open("nul", subject="before\0after")

    async with caller(tierline) as client:
        kept = (await client.get(f"{tierline.url('intake')}/v1/tickets/{ticket_id}")).json()

    assert "beforeafter" == kept["subject"]


async def test_the_API_names_an_unknown_field(tierline: Running) -> None:
    async with caller(tierline) as client:
        answer = await client.post(
            f"{tierline.url('intake')}/v1/tickets",
            json={"subject": "s", "customer": {"id": "c"}, "colour": "red"},
            headers={"idempotency-key": "coloured"},
        )

    assert 422 == answer.status_code
    assert ["body.colour"] == [fault["field"] for fault in answer.json()["errors"]]


async def test_the_API_names_an_unknown_agent(tierline: Running) -> None:
    ticket_id = await tierline.open("for-nobody")
    await until(lambda: ticket_id in tierline.seen.holder, "the router knows the ticket")

    async with caller(tierline) as client:
        router = tierline.url("router")
        presence = await client.put(
            f"{router}/v1/agents/nobody/presence", json={"presence": "online"}
        )
        by_hand = await client.put(
            f"{router}/v1/tickets/{ticket_id}/assignment", json={"agent_id": "nobody"}
        )

    assert (404, "No agent 'nobody'.") == (presence.status_code, presence.json()["detail"])
    assert by_hand.status_code in {404, 409, 422}
    assert "nobody" in by_hand.text


async def test_a_misspelt_field_of_a_workflow_is_named_with_its_place(tmp_path: Path) -> None:
    workflow = tmp_path / "mine.yaml"
    workflow.write_text("version: 1\nsla:\n  hold_limitt: 20s\n")

    said = await run_command("workflow", "check", str(workflow), environment={})

    assert 1 == said.status
    assert "mine.yaml:3:3 sla.hold_limitt" in said.out + said.err
    assert 'did you mean "hold_limit"?' in said.out + said.err


async def test_records_that_are_no_events_are_parked_and_nobody_waits_for_them(
    tierline: Running,
) -> None:
    event = an_event(a(TicketOpened))
    unknown = encode(event).replace(b"ticket.opened", b"ticket.teleported")
    unknown_key = event.subject
    producer = tierline.kafka.producer()
    rubbish = [
        Outgoing("support.tickets", "rubbish", b"\x00\xff rubbish", {}),
        Outgoing("support.tickets", unknown_key, unknown, {"ce_id": str(event.id)}),
    ]
    assert [True, True] == await producer.send(rubbish)
    await producer.stop()

    healthy = await tierline.open("beside-rubbish")
    await until(lambda: healthy in tierline.seen.holder, "a healthy ticket is assigned", seconds=15)
    everywhere = [(service, "undecodable") for service in READERS]
    for key in ("rubbish", unknown_key):
        await until(is_parked(tierline, key, *everywhere), "parked by everybody who reads it")

    [(letter, _), *_] = await parked(tierline, unknown_key)
    assert await listed(tierline, letter, "undecodable", "teleported")
    released = await tierline.command("dead-letters", "release", letter)
    assert (0, "") == (released.status, released.err)
    again = [("router", "poison"), *everywhere[1:]]
    await until(is_parked(tierline, unknown_key, *again), "what fails again stays")


async def test_what_a_service_cannot_digest_holds_up_its_own_ticket_only(tierline: Running) -> None:
    ticket_id = await tierline.open("indigestible", impact="low", urgency="low")
    await until(lambda: ticket_id in tierline.seen.holder, "assigned")
    await until(lambda: was_read(tierline, ticket_id), "read by the analyst: nothing else follows")
    await by_operator(tierline, _REFUSE, _REFUSE_ONE.format(ticket_id=ticket_id))
    agent = {"kind": "agent", "id": tierline.seen.holder[ticket_id]}
    await tierline.say("indigestible", "ticket.priority", priority="high")
    await tierline.say("indigestible", "ticket.status", status="resolved", by=agent)

    healthy = await asyncio.gather(*(tierline.open(f"beside-{n}") for n in range(5)))
    await until(
        lambda: all(other in tierline.seen.holder for other in healthy), "the others are assigned"
    )
    await until(is_stuck(tierline, ticket_id), "parked, and what follows waits behind it")
    assert await listed(tierline, "router/", "poison", ticket_id, "indigestible")

    await by_operator(tierline, _MEND)
    released = await tierline.command("dead-letters", "release", "--ticket", ticket_id)
    assert (0, "") == (released.status, released.err)
    await until(is_parked(tierline, ticket_id), "all were handled, in order")


async def by_operator(tierline: Running, *statements: str) -> None:
    """Change the database behind the services' backs."""
    async with operator(tierline.database_url) as tx:
        for statement in statements:
            await tx.exec_driver_sql(statement)

"""Groups against a real database: poison neighbours, two replicas, deadlock-free crowds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from services.intake.desk import Desk
from services.intake.domain.commands import CustomerFacts, OpenTicket
from services.intake.domain.delivery import Delivery, Disposition
from services.intake.domain.triage import IntakePolicy
from services.intake.metrics import IntakeMetrics
from shared.clock import FakeClock
from shared.db import dead_letters
from shared.observability.metrics import Catalogue
from shared.policy import load_workflow
from tests.support.intake import (
    IntakeUnderTest,
    a_message,
    a_status,
    an_open,
    intake_under_test,
    settings,
)


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


@pytest.fixture
async def replica(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


def a_delivery(key: str, body: str, *, is_api: bool = False) -> Delivery:
    command = OpenTicket(
        external_id=key,
        customer=CustomerFacts(customer_id="c"),
        subject="Subject",
        body=body,
        channel="api",
    )
    return Delivery(
        source="test",
        dedupe_key=key,
        raw=body.encode(),
        commands=((0, command),),
        is_api=is_api,
    )


async def test_what_the_database_refuses_is_parked_and_its_neighbours_are_stored(
    intake: IntakeUnderTest,
) -> None:
    """A NUL is what no channel lets through; here it stands for whatever we have not thought of."""
    desk = Desk(
        intake.service.writer,
        IntakePolicy.of(load_workflow(None)),
        IntakeMetrics(Catalogue("test")),
        lanes=1,
    )
    bodies = {f"k-{n}": "fine" for n in range(6)} | {"k-3": "poi\0son"}
    answers = await desk.take([a_delivery(key, body) for key, body in bodies.items()])

    outcomes = [answer.outcomes[0].outcome for answer in answers]
    parked, accepted = Disposition.PARKED, Disposition.ACCEPTED
    assert outcomes == [accepted, accepted, accepted, parked, accepted, accepted]
    assert await intake.rows("SELECT key, reason FROM dead_letter") == [("k-3", "poison")]
    assert await intake.count("ticket") == 5
    [again] = await desk.take([a_delivery("k-3", "poi\0son")])
    assert (again.repeated, again.outcomes) == (True, answers[3].outcomes)


async def test_a_released_dead_letter_is_done_and_one_that_fails_again_stays(
    intake: IntakeUnderTest,
) -> None:
    await intake.webhook(an_open("1"), message_id="m-1")
    await intake.webhook(an_open("2"), message_id="m-1")  # a conflict, but a ticket all the same
    await intake.webhook(b"{broken", message_id="m-2")
    async with intake.service.engine.begin() as tx:
        for key in ("m-1", "m-2"):
            await dead_letters.request_release(tx, intake.clock.now(), key=key)
    [keeper] = [worker for worker in intake.service.workers if worker.name == "keeper"]
    while await keeper.run_once():
        pass

    assert await intake.count("ticket") == 2
    letters = await intake.rows(
        "SELECT key, reason, released_at IS NULL FROM dead_letter ORDER BY id"
    )
    assert letters == [("m-1", "conflict", False), ("m-2", "poison", True)]


async def test_a_repeat_is_recognised_for_35_days(intake: IntakeUnderTest) -> None:
    [keeper] = [worker for worker in intake.service.workers if worker.name == "keeper"]
    await intake.webhook(an_open(), message_id="m-1")
    await intake.clock.advance(timedelta(days=35))
    await keeper.run_once()
    assert (await intake.webhook(an_open(), message_id="m-1")).status_code == 200

    await intake.clock.advance(timedelta(hours=7))
    while await keeper.run_once():
        pass
    assert await intake.count("delivery") == 0


async def test_H12_two_replicas_accept_one_delivery_once(
    intake: IntakeUnderTest, replica: IntakeUnderTest
) -> None:
    keys = [str(uuid4()) for _ in range(25)]
    answers = await asyncio.gather(
        *(
            desk.webhook(an_open(f"t-{n}"), message_id=key)
            for n, key in enumerate(keys)
            for desk in (intake, replica)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 25 + [202] * 25
    assert len({answer.json()["ticket_id"] for answer in answers}) == 25
    assert await intake.count("ticket") == 25
    assert await intake.count("outbox") == 25


async def test_two_replicas_writing_about_the_same_tickets_keep_every_sequence_gapless(
    intake: IntakeUnderTest, replica: IntakeUnderTest
) -> None:
    """Everything at once, in no order: openings, early messages, statuses, from both replicas."""
    calls = []
    for n in range(15):
        name = f"t-{n}"
        calls += [
            intake.webhook([a_message(name), a_status("resolved", name)]),
            replica.webhook(an_open(name, customer={"id": f"c-{n % 3}"})),
            intake.webhook(a_message(name, kind="agent")),
            replica.webhook([a_message(name), an_open(f"u-{n}", customer={"id": f"c-{n % 3}"})]),
        ]
    answers = await asyncio.gather(*calls)

    assert {answer.status_code for answer in answers} == {202}
    assert await intake.count("ticket") == 30
    assert await intake.count("buffered_command") == 0
    for (ticket,) in await intake.rows("SELECT ticket_id FROM ticket"):
        events = await intake.events(ticket)
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert events[0].type == "support.ticket.opened.v1"
    messages = await intake.rows(
        "SELECT count(*) FROM outbox WHERE headers->>'ce_type' LIKE '%message%'"
    )
    assert messages == [(45,)]

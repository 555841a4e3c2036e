"""Delivery (semantics D1): every answer of intake, and that a 2xx without a stored row does not exist."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

from tests.support.intake import SECRET, an_open, signed
from tests.support.world import World


async def test_D1_an_accepted_delivery_becomes_one_ticket(world: World) -> None:
    answer = await world.webhook(an_open("4711"))

    assert 202 == answer.status_code
    assert [UUID(answer.json()["ticket_id"])] == [
        UUID(event.subject) for event in world.events("ticket.opened")
    ]


async def test_D1_M_c_the_same_delivery_again_is_answered_with_the_same_ticket(
    world: World,
) -> None:
    first = await world.webhook(an_open("4711"), message_id="m1")
    again = await world.webhook(an_open("4711"), message_id="m1")

    assert (202, 200) == (first.status_code, again.status_code)
    assert first.json()["ticket_id"] == again.json()["ticket_id"]
    assert 1 == len(world.events("ticket.opened"))


async def test_D1_M_c_the_same_delivery_id_with_another_body_is_quarantined(world: World) -> None:
    await world.webhook(an_open("4711"), message_id="m1")
    answer = await world.webhook(an_open("4711", subject="Another"), message_id="m1")
    (letter,) = await world.parked("intake")

    assert 202 == answer.status_code
    assert "conflict" == letter.reason
    assert 1 == len(world.events("ticket.opened"))


async def test_D1_an_authentic_delivery_nobody_can_read_is_kept(world: World) -> None:
    answer = await world.webhook({"type": "ticket.open", "surprise": True})
    (letter,) = await world.parked("intake")

    assert 202 == answer.status_code
    assert "undecodable" == letter.reason
    assert [] == world.events("ticket.opened")


async def test_D1_a_wrong_signature_or_an_old_one_stores_nothing(world: World) -> None:
    raw = json.dumps(an_open()).encode()
    headers = signed(raw, world.clock.now(), message_id=str(uuid4()))
    client = world.clients["intake"]
    forged = {**headers, "webhook-signature": "v1,AAAA"}
    wrong = await client.post("/v1/channels/generic/webhook", content=raw, headers=forged)
    await world.advance(seconds=301)
    late = await client.post("/v1/channels/generic/webhook", content=raw, headers=headers)
    await world.settle()

    assert (401, 401) == (wrong.status_code, late.status_code)
    assert [] == world.events("ticket.opened")
    assert [] == await world.parked("intake")


async def test_D1_a_body_that_is_too_large_is_refused(world: World) -> None:
    raw = json.dumps(an_open(body="x" * 2_000_000)).encode()
    headers = signed(raw, world.clock.now(), message_id=str(uuid4()), secret=SECRET)
    answer = await world.clients["intake"].post(
        "/v1/channels/generic/webhook", content=raw, headers=headers
    )

    assert 413 == answer.status_code


async def test_D1_the_api_refuses_what_it_cannot_read(world: World) -> None:
    answer = await world.call("intake", "POST", "/v1/tickets", {"surprise": True})

    assert 422 == answer.status_code
    assert [] == world.events("ticket.opened")


async def test_P1_intake_accepts_with_everything_else_dead(world: World) -> None:
    for name in ("router", "escalator", "notifier"):
        await world.kill(name)
    world.broker.go_down()
    answer = await world.webhook(an_open("4711"))
    waiting = await world.unpublished()
    world.broker.come_back()
    for name in ("router", "escalator", "notifier"):
        await world.start(name)
    await world.settle()
    ticket = UUID(answer.json()["ticket_id"])

    assert 202 == answer.status_code
    assert 0 < waiting
    assert 1 == len(world.events("ticket.opened", ticket))
    assert 2 == len(world.told("sla.started", ticket))

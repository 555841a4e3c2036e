"""The acknowledgement of receipt (semantics D5, D6): what the clocks say, and what the knowledge base has."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.articles import EXAMPLES, read_folder
from tests.support.world import World

JO = {
    "id": "customer-1",
    "tier": "professional",
    "email": "jo@customers.example",
    "language": "de",
    "time_zone": "Europe/Berlin",
}

PASSWORD = {
    "subject": "Passwort vergessen",
    "body": "Ich habe mein Passwort vergessen und kann es nicht zurücksetzen. Was soll ich tun?",
}


async def the_knowledge_base(world: World) -> None:
    for article_id, body in read_folder(EXAMPLES).items():
        answer = await world.call("intake", "PUT", f"/v1/articles/{article_id}", body)
        assert answer.status_code == 200, answer.text


async def opened(world: World, external_id: str = "4711", **fields: Any) -> UUID:
    return await world.open(external_id, customer=JO, **fields)


async def test_D6_it_tells_the_deadlines_of_the_clocks_in_berlin_and_in_german(
    world: World,
) -> None:
    ticket = await opened(world)
    await world.advance(seconds=5)
    [mail] = world.mails("jo")

    assert [(e.payload.metric, e.payload.deadline.isoformat()) for e in started(world, ticket)] == [
        ("first_response", "2026-06-01T14:00:00+00:00"),
        ("resolution", "2026-06-02T10:00:00+00:00"),
    ]
    assert mail.subject.startswith(f"Ihre Anfrage #{ticket.hex[-8:].upper()}")
    assert "bis Montag, 1. Juni, 16:00 Uhr (Ortszeit Berlin)." in mail.text
    assert "bis Dienstag, 2. Juni, 12:00 Uhr (Ortszeit Berlin)." in mail.text


async def test_D6_articles_that_are_found_in_time_are_suggested(world: World) -> None:
    await the_knowledge_base(world)
    ticket = await opened(world, **PASSWORD)
    await world.advance(seconds=1)
    [(_, suggested)] = world.told("ticket.analysed", ticket, "articles")
    [mail] = world.mails("jo")

    assert [one.article_id for one in suggested] == ["passwort-zuruecksetzen"]
    assert "- Passwort zurücksetzen: https://help.example/de/passwort-zuruecksetzen" in mail.text
    assert world.told("notification.sent", ticket, "template") == [("10:00:00", "received")]


async def test_D6_an_analysis_that_is_late_is_not_waited_for(world: World) -> None:
    await the_knowledge_base(world)
    workers = world.services["intake"].workers
    [analyst] = [worker for worker in workers if worker.name == "analyst"]
    workers.remove(analyst)
    ticket = await opened(world, **PASSWORD)
    before = world.mails("jo")
    await world.advance(seconds=5)
    workers.append(analyst)
    await world.advance(seconds=10)
    [mail] = world.mails("jo")

    assert before == []
    assert world.told("notification.sent", ticket, "template") == [("10:00:05", "received")]
    assert len(world.events("ticket.analysed", ticket)) == 1
    assert "Seiten" not in mail.text
    assert "Ortszeit Berlin" in mail.text


async def test_D6_nothing_is_promised_that_no_clock_measures(world: World) -> None:
    await world.kill("escalator")
    await opened(world)
    await world.advance(seconds=5)
    [mail] = world.mails("jo")

    assert mail.text.strip().startswith("Danke für Ihre Nachricht.")
    assert "Ortszeit" not in mail.text


async def test_D5_the_sixth_acknowledgement_within_an_hour_is_not_sent(world: World) -> None:
    tickets = [await opened(world, f"{n}", subject=f"Matter {n}") for n in range(6)]
    await world.advance(seconds=5)
    told = {
        name: [
            ticket
            for ticket in tickets
            if any(said[1] == "received" for said in world.told(name, ticket, "template"))
        ]
        for name in ("notification.sent", "notification.suppressed")
    }

    assert told == {"notification.sent": tickets[:5], "notification.suppressed": tickets[5:]}
    assert ("10:00:00", "received", "muted") in world.told(
        "notification.suppressed", tickets[5], "template", "reason"
    )


def started(world: World, ticket: UUID) -> list[Any]:
    return [
        event
        for event in world.events("sla.started", ticket)
        if event.payload.metric in {"first_response", "resolution"}  # type: ignore[attr-defined]
    ]

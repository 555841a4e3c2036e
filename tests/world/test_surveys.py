"""Surveys (features S0-36, semantics V13): asked once after closing, answered by a link or a plain number."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import httpx2

from tests.support.mails import a_mail
from tests.support.world import Mail, World

JO = {
    "id": "customer-1",
    "tier": "professional",
    "email": "jo@customers.example",
    "language": "de",
    "time_zone": "Europe/Berlin",
}


async def closed(world: World, external_id: str = "4711", **fields: Any) -> UUID:
    """A ticket of Jo's that was settled, and closed a day later."""
    fields.setdefault("customer", JO)
    ticket = await world.open(external_id, **fields)
    await world.advance(minutes=10)
    await world.call("intake", "POST", f"/v1/tickets/{ticket}/resolution", {})
    await world.advance(hours=24)
    await world.call("intake", "POST", f"/v1/tickets/{ticket}/closing", {"reason": "confirmed"})
    await world.advance(seconds=1)
    return ticket


def surveys(world: World) -> list[Mail]:
    return [mail for mail in world.mails("jo") if "/r/" in mail.text]


def path_of(mail: Mail) -> str:
    found = re.search(r"/r/[\w-]+\?lang=\w+", mail.text)
    assert found is not None, mail.text
    return found[0]


async def choose(world: World, mail: Mail, answer: str) -> httpx2.Response:
    chosen = await world.clients["notifier"].post(path_of(mail), content=f"answer={answer}")
    await world.advance(seconds=1)
    return chosen


def reply(mail: Mail, ticket: UUID, words: str, *, message_id: str = "r@x") -> bytes:
    return a_mail(
        f"{words}\n\n> Wie gut haben wir das gemacht?\n",
        sender="jo@customers.example",
        subject=f"Re: #{ticket.hex[-8:].upper()}: Wie war es?",
        message_id=message_id,
        In_Reply_To=f"<{mail.message_id}@localhost>",
    )


def satisfaction(world: World, ticket: UUID) -> list[str]:
    """The escalations that the rating has led to."""
    return [
        level
        for name in ("escalation.raised", "escalation.advanced")
        for event in world.events(name, ticket)
        for shown in event.payload.evidence  # type: ignore[attr-defined]
        if shown.trigger == "low_satisfaction"
        for level in [getattr(event.payload, "level", "") or event.payload.to_level]  # type: ignore[attr-defined]
    ]


async def test_V13_a_low_rating_on_the_page_escalates_like_any_channels_rating(
    world: World,
) -> None:
    ticket = await closed(world)
    [mail] = surveys(world)
    looked = [await world.clients["notifier"].get(path_of(mail)) for _ in range(2)]
    await world.advance(seconds=5)
    untouched = world.events("ticket.rated", ticket)
    chosen = await choose(world, mail, "2")

    assert f"#{ticket.hex[-8:].upper()}" in mail.subject
    assert [200, 200, 200] == [one.status_code for one in (*looked, chosen)]
    assert looked[0].text.count("<form") == 6
    assert '<html lang="de">' in looked[0].text
    assert [] == untouched
    assert [(2, [2], None)] == [
        (score, recent, given or None)
        for _, score, recent, given in world.told(
            "ticket.rated", ticket, "score", "recent", "comment_given"
        )
    ]
    assert ["management"] == satisfaction(world, ticket)
    assert "eine 2 von 5" in chosen.text


async def test_the_first_rating_counts(world: World) -> None:
    ticket = await closed(world)
    [mail] = surveys(world)
    await choose(world, mail, "5")
    second = await choose(world, mail, "1")

    assert [5] == [score for _, score in world.told("ticket.rated", ticket, "score")]
    assert "eine 5 von 5" in second.text


async def test_a_rating_waits_for_an_intake_that_is_away(world: World) -> None:
    ticket = await closed(world)
    [mail] = surveys(world)
    await world.kill("intake")
    chosen = await choose(world, mail, "4")
    before = world.events("ticket.rated", ticket)
    await world.start("intake")
    await world.advance(minutes=1)
    for worker in world.services["notifier"].workers:
        worker.wake()
    await world.settle()

    assert (200, []) == (chosen.status_code, before)
    assert [4] == [score for _, score in world.told("ticket.rated", ticket, "score")]


async def test_a_plain_number_that_answers_the_survey_is_a_rating_and_no_message(
    world: World,
) -> None:
    ticket = await closed(world)
    [mail] = surveys(world)
    before = len(world.events("ticket.message_added", ticket))
    await world.mail(reply(mail, ticket, "1"))
    await world.advance(seconds=1)

    assert [1] == [score for _, score in world.told("ticket.rated", ticket, "score")]
    assert before == len(world.events("ticket.message_added", ticket))
    assert [] == world.events("ticket.reopened", ticket)
    assert ["management"] == satisfaction(world, ticket)


async def test_a_number_with_a_question_is_a_rating_and_brings_the_ticket_back(
    world: World,
) -> None:
    ticket = await closed(world)
    [mail] = surveys(world)
    await world.mail(reply(mail, ticket, "3 von 5\nWann kommt die Rechnung?"))
    await world.advance(seconds=1)

    assert [3] == [score for _, score in world.told("ticket.rated", ticket, "score")]
    assert 1 == len(world.events("ticket.reopened", ticket))


async def test_a_number_that_answers_another_mail_is_a_message(world: World) -> None:
    ticket = await closed(world)
    [receipt] = [mail for mail in world.mails("jo") if "angekommen" in mail.subject]
    await world.mail(reply(receipt, ticket, "5"))

    assert [] == world.events("ticket.rated", ticket)
    assert 1 == len(world.events("ticket.reopened", ticket))


async def test_somebody_else_does_not_rate_for_the_customer(world: World) -> None:
    ticket = await closed(world)
    [mail] = surveys(world)
    await world.mail(
        a_mail(
            "1",
            sender="eve@elsewhere.example",
            subject=f"Re: #{ticket.hex[-8:].upper()}",
            message_id="e@x",
            In_Reply_To=f"<{mail.message_id}@localhost>",
        )
    )

    assert [] == world.events("ticket.rated", ticket)


async def test_a_ticket_is_asked_about_once(world: World) -> None:
    ticket = await closed(world)
    await world.says("customer", body="It fails again, please look.")
    await world.call("intake", "POST", f"/v1/tickets/{ticket}/resolution", {})
    await world.call("intake", "POST", f"/v1/tickets/{ticket}/closing", {"reason": "confirmed"})
    await world.advance(seconds=5)

    assert 1 == len(surveys(world))
    assert ["duplicate"] == [
        reason
        for _, template, reason in world.told(
            "notification.suppressed", ticket, "template", "reason"
        )
        if template == "survey"
    ]


async def test_nobody_is_asked_about_a_duplicate_or_a_merged_ticket_or_after_rating(
    world: World,
) -> None:
    duplicate = await world.open("1", customer=JO)
    await world.call("intake", "POST", f"/v1/tickets/{duplicate}/closing", {"reason": "duplicate"})
    target, merged = [await world.open(name, customer=JO, body=name) for name in ("2", "3")]
    await world.call("intake", "POST", f"/v1/tickets/{merged}/merge", {"into": str(target)})
    rated = await world.open("4", customer=JO)
    await world.call("intake", "POST", f"/v1/tickets/{rated}/rating", {"score": 5})
    await world.call("intake", "POST", f"/v1/tickets/{rated}/closing", {"reason": "confirmed"})
    await world.advance(minutes=1)

    assert [] == surveys(world)


async def test_who_wants_no_surveys_gets_none_until_they_take_it_back(world: World) -> None:
    await closed(world)
    [mail] = surveys(world)
    refused = await choose(world, mail, "refuse")
    second = await closed(world, "4712", subject="Another one", body="Something else entirely.")
    none = len(surveys(world))
    back = await choose(world, mail, "again")
    await closed(world, "4713", subject="A third one", body="And now this.")

    assert (200, 200) == (refused.status_code, back.status_code)
    assert 1 == none
    assert ["muted"] == [
        reason
        for _, template, reason in world.told(
            "notification.suppressed", second, "template", "reason"
        )
        if template == "survey"
    ]
    assert 2 == len(surveys(world))


async def test_a_link_that_is_none_or_too_old_and_a_choice_that_is_none(world: World) -> None:
    ticket = await closed(world)
    [mail] = surveys(world)
    unclear = await choose(world, mail, "6")
    unknown = await world.clients["notifier"].get("/r/nothing")
    await world.advance(days=31)
    late = await choose(world, mail, "5")

    assert [422, 404, 410] == [one.status_code for one in (unclear, unknown, late)]
    assert [] == world.events("ticket.rated", ticket)

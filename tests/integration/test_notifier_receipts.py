"""The acknowledgement of receipt on real tables: promises, articles, languages, bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.articles import Articles
from services.notifier.contacts import Contacts
from shared.contracts import (
    ArticleRank,
    Customer,
    NotificationSuppressed,
    Payload,
    SlaStarted,
    TicketAnalysed,
    TicketOpened,
)
from shared.contracts.vocabulary import Metric
from shared.http.egress import Egress
from shared.policy import load_workflow
from tests.support.builders import MONDAY_10, TICKET, a
from tests.support.notifier_bench import Bench
from tests.support.sinks import HookSink, a_webhook_endpoint, answer

pytestmark = pytest.mark.postgres


def saying(**fields: object) -> bytes:
    """An answer of intake."""
    body = json.dumps(fields).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


@asynccontextmanager
async def a_bench(engine: AsyncEngine, *answers: bytes) -> AsyncIterator[tuple[Bench, HookSink]]:
    """A notifier with the packaged workflow and an intake that says these things, one by one."""
    async with a_webhook_endpoint(*answers) as intake:
        egress, url = Egress(intake.allowed), intake.url.removesuffix("/hook")
        bench = Bench(
            engine,
            policy=load_workflow(None),
            contacts=Contacts(egress, url=url, key="k"),
            articles=Articles(egress, url=url, key="k"),
        )
        yield bench, intake
        await egress.close()


@pytest.fixture
def engine(engine_for: Callable[[str], AsyncEngine]) -> AsyncEngine:
    return engine_for("notifier")


def an_opening(ticket: UUID = TICKET, customer: str = "acme", **changes: Any) -> TicketOpened:
    return a(
        TicketOpened,
        ticket_id=ticket,
        customer=Customer(customer_id=customer, tier="enterprise"),
        signals=[],
        **changes,
    )


def clocks(ticket: UUID = TICKET) -> list[Payload]:
    targets = {Metric.FIRST_RESPONSE: 15, Metric.RESOLUTION: 240}
    return [
        a(
            SlaStarted,
            ticket_id=ticket,
            metric=metric,
            target_seconds=60 * minutes,
            deadline=MONDAY_10 + timedelta(minutes=minutes),
        )
        for metric, minutes in targets.items()
    ]


def analysed(*articles: str, ticket: UUID = TICKET, language: str = "en") -> TicketAnalysed:
    ranked = [ArticleRank(article_id=one, rank=n) for n, one in enumerate(articles, 1)]
    return a(TicketAnalysed, ticket_id=ticket, articles=ranked, language=language, sentiment=None)


_NO_CHAT = "the customer prefers chat, which nothing is sent by"

JO = saying(email="jo@acme.example")


async def test_D6_it_names_ticket_deadlines_and_articles_in_the_customers_zone_and_language(
    engine: AsyncEngine,
) -> None:
    german = saying(email="jo@acme.example", language="de-DE", time_zone="Europe/Berlin")
    pages = saying(
        articles=[
            {"title": "Passwort", "url": "https://help.example/p"},
            {"title": "Anmeldung", "url": None},
        ]
    )
    async with a_bench(engine, german, pages) as (bench, intake):
        await bench.hear(an_opening(), *clocks(), analysed("p", "q"))
        await bench.deliver()

    [message] = bench.mail.messages
    assert message.subject == "Ihre Anfrage #00000001 ist angekommen"
    assert message.body == (
        "Danke für Ihre Nachricht. Ihre Anfrage hat die Nummer #00000001.\n\n"
        "Eine Antwort von einem Menschen bekommen Sie bis "
        "Montag, 1. Juni, 12:15 Uhr (Ortszeit Berlin).\n"
        "Erledigt sein soll sie bis Montag, 1. Juni, 16:00 Uhr (Ortszeit Berlin).\n\n"
        "Vielleicht helfen Ihnen schon diese Seiten:\n"
        "- Passwort: https://help.example/p\n- Anmeldung"
    )
    assert [request.path for request in intake.requests] == [
        "/v1/customers/acme/contact",
        "/v1/articles?id=p&id=q",
    ]


async def test_D6_without_a_language_of_the_customers_it_is_the_tickets(
    engine: AsyncEngine,
) -> None:
    async with a_bench(engine, JO) as (bench, _):
        await bench.hear(an_opening(language=None), *clocks(), analysed(language="fr"))
        await bench.deliver()

    assert bench.mail.messages[0].subject == "Nous avons reçu votre demande #00000001"
    assert "lundi 1er juin, 10:15 (UTC)" in bench.mail.messages[0].body


async def test_D6_it_waits_for_the_analysis_and_goes_without_it_after_five_seconds(
    engine: AsyncEngine,
) -> None:
    async with a_bench(engine, JO) as (bench, intake):
        await bench.hear(an_opening(), *clocks())
        await bench.advance(seconds=4.9)
        await bench.deliver()
        early = len(bench.mail.messages)
        await bench.advance(seconds=0.1)
        await bench.deliver()
        await bench.hear(analysed("p"))
        await bench.deliver()

    assert early == 0
    [message] = bench.mail.messages
    assert "10:15 (UTC)" in message.body
    assert "pages" not in message.body
    assert len(intake.requests) == 1


async def test_D6_what_is_analysed_in_time_sends_it_at_once(engine: AsyncEngine) -> None:
    pages = saying(articles=[{"title": "Password", "url": "https://help.example/p"}])
    async with a_bench(engine, JO, pages) as (bench, _):
        await bench.hear(an_opening(), *clocks())
        await bench.advance(seconds=2)
        await bench.hear(analysed("p"))
        await bench.deliver()

    assert "- Password: https://help.example/p" in bench.mail.messages[0].body
    assert (await bench.sent())[0].latency_seconds == 2


async def test_D6_without_clocks_nothing_is_promised(engine: AsyncEngine) -> None:
    async with a_bench(engine, JO) as (bench, _):
        await bench.hear(an_opening(), analysed())
        await bench.advance(seconds=5)
        await bench.deliver()

    assert bench.mail.messages[0].body == (
        "Thank you for writing to us. Your request has the number #00000001."
    )


@pytest.mark.parametrize("said", [answer(403), answer(503), saying(surprise=1)])
async def test_an_intake_that_names_no_articles_holds_nothing_up(
    engine: AsyncEngine, said: bytes
) -> None:
    async with a_bench(engine, JO, said) as (bench, _):
        await bench.hear(an_opening(), *clocks(), analysed("p"))
        await bench.deliver()

    assert "10:15 (UTC)" in bench.mail.messages[0].body
    assert "pages" not in bench.mail.messages[0].body


async def test_D5_a_customer_gets_five_acknowledgements_an_hour_and_no_more(
    engine: AsyncEngine,
) -> None:
    async with a_bench(engine, *[JO] * 8) as (bench, _):
        for n in range(1, 8):
            await bench.hear(an_opening(UUID(int=n)), *clocks(UUID(int=n)))
            await bench.advance(seconds=10)
            await bench.deliver()
        muted = [p for p in await bench.said() if isinstance(p, NotificationSuppressed)]
        await bench.hear(an_opening(UUID(int=8), customer="other"))
        await bench.advance(hours=1)
        await bench.deliver()
        await bench.hear(an_opening(UUID(int=9)))
        await bench.advance(seconds=5)
        await bench.deliver()

    told = [message.ticket_id.int for message in bench.mail.messages]
    assert told == [1, 2, 3, 4, 5, 8, 9]
    assert [(p.ticket_id.int, p.reason.value) for p in muted] == [(6, "muted"), (7, "muted")]


async def test_D5_five_is_the_bound_of_all_processes_together(engine: AsyncEngine) -> None:
    async with a_bench(engine, *[JO] * 12) as (bench, _):
        for n in range(1, 13):
            await bench.hear(an_opening(UUID(int=n)))
        await bench.advance(seconds=5)
        others = [bench.another(per_target=3) for _ in range(3)]
        await asyncio.gather(*(bench.deliver(one) for one in others))

    assert len(bench.mail.messages) == 5


async def test_D5_a_second_try_is_not_counted_as_another(engine: AsyncEngine) -> None:
    async with a_bench(engine, *[JO] * 4, answer(503), JO) as (bench, _):
        for n in range(1, 6):
            await bench.hear(an_opening(UUID(int=n)))
            await bench.advance(seconds=10)
            await bench.deliver()
        await bench.advance(seconds=10)
        await bench.deliver()

    assert [message.ticket_id.int for message in bench.mail.messages] == [1, 2, 3, 4, 5]


async def test_a_preference_nothing_is_sent_by_is_noted_and_mail_is_sent(
    engine: AsyncEngine,
) -> None:
    chatty = saying(email="jo@acme.example", preferred_channel="chat")
    async with a_bench(engine, chatty) as (bench, _):
        await bench.hear(an_opening(), *clocks(), analysed())
        await bench.deliver()
        details = await bench.rows("(SELECT detail FROM attempt LIMIT 1), status")

    assert [(f"; {_NO_CHAT}", "sent")] == details


async def test_a_customer_without_a_mail_address_is_recorded_with_the_reason(
    engine: AsyncEngine,
) -> None:
    async with a_bench(engine, saying(email=None, preferred_channel="chat")) as (bench, _):
        await bench.hear(an_opening(), *clocks(), analysed())
        await bench.deliver()
        details = await bench.rows("(SELECT detail FROM attempt LIMIT 1), status")

    why = "contact: the customer has no mail address; " + _NO_CHAT
    assert [(why, "dead")] == details

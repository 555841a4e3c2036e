"""Answers behind a link: the forms of its page, the hand-off's page, and two that come at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.acknowledging import routes
from services.notifier.answering import Answering
from services.notifier.handoff import Documents, handoff_routes
from services.notifier.pages import Pages
from shared.contracts import (
    EscalationRaised,
    EscalationResolved,
    NotificationAcknowledged,
    NotificationAnswered,
    TicketAssigned,
    TicketOpened,
)
from shared.contracts.vocabulary import Answer
from shared.db.engine import fetch
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.http.egress import Egress
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.settings import HttpSettings
from tests.support.builders import TICKET, a
from tests.support.notifier_bench import Bench
from tests.support.running import until
from tests.support.sinks import HookSink, a_webhook_endpoint, answer

pytestmark = pytest.mark.postgres

#: Connections that wait for somebody else's lock.
_WAITING = """
SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE NOT l.granted AND a.datname = current_database()
"""

DOCUMENT = "# Hand-off\n\n<b>Tried</b>: a restart"


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    made = Bench(engine_for("notifier"))
    await made.know()
    await made.hear(a(TicketOpened))
    await made.hear(a(TicketAssigned, agent_id="ana", team="specialists"))
    await made.hear(a(EscalationRaised))
    await made.deliver()
    return made


@asynccontextmanager
async def a_browser(
    bench: Bench, documents: Documents | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser before the notifier's pages."""

    async def ready() -> list[str]:
        return []

    reasons = bench.policy.escalation.manual_reasons.keys()
    answering = Answering(bench.engine, bench.writer, bench.clock, bench.metrics, reasons=reasons)
    catalogue = Catalogue("notifier")
    app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring({}, clock=bench.clock),
        readiness=ready,
        routes=[routes(answering, Pages()), handoff_routes(answering, Pages(), documents)],
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://notifier.test") as client:
        yield client


@pytest.fixture
async def browser(bench: Bench) -> AsyncIterator[httpx2.AsyncClient]:
    async with a_browser(bench) as made:
        yield made


def link(bench: Bench) -> str:
    """The link in Mara's message."""
    [message] = [m for m in bench.hooks.messages if m.recipient_id == "mara"]
    assert message.acknowledge_link is not None
    return message.acknowledge_link


async def answers(bench: Bench) -> list[NotificationAcknowledged | NotificationAnswered]:
    kinds = (NotificationAcknowledged, NotificationAnswered)
    return [said for said in await bench.said() if isinstance(said, kinds)]


async def press(browser: httpx2.AsyncClient, page: str, form: str) -> httpx2.Response:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await browser.post(page, content=form, headers=headers)


async def test_D7_the_page_offers_a_form_for_every_answer(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    page = await browser.get(link(bench))

    for one in ("acknowledge", "take", "snooze", "escalate"):
        assert f'name="answer" value="{one}"' in page.text
    assert '<select name="minutes"' in page.text
    assert '<option value="outside_authority">' in page.text


async def test_L4_the_form_of_a_snooze_says_until_when(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    page = await press(browser, link(bench), "answer=snooze&minutes=30")
    [told] = await answers(bench)

    assert (200, True) == (page.status_code, "You have it until" in page.text)
    assert isinstance(told, NotificationAnswered)
    until = bench.clock.now() + timedelta(minutes=30)
    assert (Answer.SNOOZE, until, "mara", "link") == (
        told.answer,
        told.until,
        told.recipient_id,
        told.via,
    )


async def test_L10_the_form_of_an_escalation_says_why(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    page = await press(browser, link(bench), "answer=escalate&reason=outside_authority")
    [told] = await answers(bench)

    assert (200, True) == (page.status_code, "It goes to the next level now." in page.text)
    assert isinstance(told, NotificationAnswered)
    assert (Answer.ESCALATE, "outside_authority", None) == (told.answer, told.reason, told.until)


@pytest.mark.parametrize(
    "form",
    [
        "answer=snooze",
        "answer=snooze&minutes=0",
        "answer=snooze&minutes=99999",
        "answer=snooze&minutes=many",
        "answer=escalate",
        "answer=escalate&reason=boredom",
        "answer=explode",
        "answer=%FF",
        "&".join(["a=1"] * 50),
    ],
)
async def test_a_form_that_is_none_of_ours_changes_nothing(
    bench: Bench, browser: httpx2.AsyncClient, form: str
) -> None:
    refused = await press(browser, link(bench), form)

    assert (422, []) == (refused.status_code, await answers(bench))


async def _in_parallel(
    bench: Bench, browser: httpx2.AsyncClient, *forms: str
) -> list[httpx2.Response]:
    """All of `forms` at once: every transaction has begun before the first may go on."""

    async def all_wait() -> bool:
        async with bench.engine.connect() as tx:
            [(waiting,)] = await fetch(tx, _WAITING)
        return bool(waiting == len(forms))

    async with bench.engine.connect() as holding:
        await fetch(holding, "SELECT 1 FROM notification FOR UPDATE")
        pressed = [asyncio.create_task(press(browser, link(bench), form)) for form in forms]
        await until(all_wait, "all wait for the message", seconds=4)
    return await asyncio.gather(*pressed)


@pytest.mark.parametrize("form", ["answer=acknowledge", "answer=snooze&minutes=15", "answer=take"])
async def test_S48_the_same_answer_twice_at_the_same_moment_is_one_event(
    bench: Bench, browser: httpx2.AsyncClient, form: str
) -> None:
    pages = await _in_parallel(bench, browser, form, form)

    assert [200, 200] == [page.status_code for page in pages]
    assert 1 == len(await answers(bench))


async def test_L4_whoever_snoozes_and_acknowledges_at_the_same_moment_has_it_once(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    pages = await _in_parallel(bench, browser, "answer=acknowledge", "answer=snooze&minutes=15")

    assert [200, 200] == [page.status_code for page in pages]
    assert 1 == len(await answers(bench))


def documents(sink: HookSink) -> Documents:
    """The escalator as that sink plays it."""
    url = f"http://127.0.0.1:{sink.port}"
    return Documents(Egress(sink.allowed), url=url, key="tl_key", timeout_seconds=2.0)


async def test_the_page_of_a_handoff_shows_its_document_as_text(bench: Bench) -> None:
    reply = answer(200, DOCUMENT.encode())
    async with a_webhook_endpoint(reply) as sink, a_browser(bench, documents(sink)) as browser:
        page = await browser.get(f"{link(bench)}/handoff")

    [asked] = sink.requests
    assert f"/v1/tickets/{TICKET}/handoff?format=markdown" == asked.path
    assert ("GET", "Bearer tl_key") == (asked.method, asked.headers["authorization"])
    assert 200 == page.status_code
    assert "&lt;b&gt;Tried&lt;/b&gt;: a restart" in page.text
    assert [] == await answers(bench)


async def test_the_answers_below_a_handoff_go_to_the_message(bench: Bench) -> None:
    async with a_browser(bench) as browser:
        page = await browser.get(f"{link(bench)}/handoff")
        token = link(bench).rpartition("/")[2]
        pressed = await press(browser, f"/a/{token}", "answer=take")

    assert f'action="../{token}"' in page.text
    assert (200, 1) == (pressed.status_code, len(await answers(bench)))


@pytest.mark.parametrize("reply", [answer(404), answer(500), answer(200, b"\xff\xfe")])
async def test_without_the_document_the_page_still_takes_answers(
    bench: Bench, reply: bytes
) -> None:
    async with a_webhook_endpoint(reply) as sink, a_browser(bench, documents(sink)) as browser:
        page = await browser.get(f"{link(bench)}/handoff")

    assert 200 == page.status_code
    assert 'value="acknowledge"' in page.text
    assert "<pre>" not in page.text


async def test_S48_nobody_asks_for_the_document_of_an_escalation_that_is_over(bench: Bench) -> None:
    await bench.hear(a(EscalationResolved))
    async with a_webhook_endpoint() as sink, a_browser(bench, documents(sink)) as browser:
        over = await browser.get(f"{link(bench)}/handoff")
        guessed = await browser.get("/a/guess/handoff")

    assert ([410, 404], []) == ([over.status_code, guessed.status_code], sink.requests)

"""The acknowledgement link, as a mail scanner, a manager and a stranger use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.acknowledging import routes
from services.notifier.answering import Answering
from services.notifier.pages import Pages
from shared.contracts import (
    EscalationAcknowledged,
    EscalationRaised,
    EscalationResolved,
    NotificationAcknowledged,
    TicketAssigned,
    TicketOpened,
)
from shared.db.engine import fetch
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.settings import HttpSettings
from tests.support.builders import ESCALATION, a
from tests.support.notifier_bench import Bench

pytestmark = pytest.mark.postgres

HOSTILE = "<script>alert('x')</script> & \"quotes\""


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    made = Bench(engine_for("notifier"))
    await made.know()
    await made.hear(a(TicketOpened, subject_line=HOSTILE))
    await made.hear(a(TicketAssigned, agent_id="ana", team="specialists"))
    return made


@pytest.fixture
async def browser(bench: Bench) -> AsyncIterator[httpx2.AsyncClient]:
    async def ready() -> list[str]:
        return []

    catalogue = Catalogue("notifier")
    app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring({}, clock=bench.clock),
        readiness=ready,
        routes=[routes(answering(bench), Pages())],
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://notifier.test") as client:
        yield client


def answering(bench: Bench) -> Answering:
    return Answering(
        bench.engine,
        bench.writer,
        bench.clock,
        bench.metrics,
        reasons=bench.policy.escalation.manual_reasons.keys(),
    )


async def a_page_for_mara(bench: Bench) -> str:
    """An escalation is raised; the link that Mara's message holds."""
    await bench.hear(a(EscalationRaised))
    await bench.deliver()
    [message] = [m for m in bench.hooks.messages if m.recipient_id == "mara"]
    assert message.acknowledge_link is not None
    assert message.acknowledge_link in message.body
    return message.acknowledge_link


async def acknowledged(bench: Bench) -> list[NotificationAcknowledged]:
    return [p for p in await bench.said() if isinstance(p, NotificationAcknowledged)]


async def test_D7_looking_changes_nothing(bench: Bench, browser: httpx2.AsyncClient) -> None:
    link = await a_page_for_mara(bench)
    for _ in range(3):
        page = await browser.get(link)

    assert 200 == page.status_code
    assert "Mara" in page.text
    assert "sla at risk" in page.text
    assert '<form method="post">' in page.text
    assert [] == await acknowledged(bench)


async def test_D7_confirming_acknowledges_and_the_escalator_is_told(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    page = await browser.post(await a_page_for_mara(bench))

    [told] = await acknowledged(bench)
    assert 200 == page.status_code
    assert ("mara", ESCALATION, "link") == (told.recipient_id, told.escalation_id, told.via)


async def test_S48_confirming_twice_acknowledges_once(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    link = await a_page_for_mara(bench)
    await browser.post(link)
    again = await browser.post(link)
    looked = await browser.get(link)

    assert 1 == len(await acknowledged(bench))
    assert "Already answered" in again.text
    assert "Already answered" in looked.text
    assert 'value="acknowledge"' not in looked.text


async def test_S47_the_token_is_nowhere_in_the_database(bench: Bench) -> None:
    token = (await a_page_for_mara(bench)).rpartition("/")[2]
    async with bench.engine.connect() as tx:
        for table in ("notification", "ack_token", "attempt", "outbox", "ticket"):
            rows = await fetch(tx, f"SELECT row_to_json(t)::text FROM {table} t")
            assert token not in repr(rows)


async def test_a_link_nobody_has_made_is_a_friendly_404(browser: httpx2.AsyncClient) -> None:
    for answer in (await browser.get("/a/guess"), await browser.post("/a/guess")):
        assert 404 == answer.status_code
        assert "text/html; charset=utf-8" == answer.headers["content-type"]
        assert "not one of ours" in answer.text


async def test_an_expired_link_says_so_and_does_nothing(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    link = await a_page_for_mara(bench)
    await bench.advance(hours=73)
    answer = await browser.post(link)

    assert 410 == answer.status_code
    assert "expired" in answer.text
    assert [] == await acknowledged(bench)


async def test_when_the_escalation_is_over_nobody_has_to_take_it(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    link = await a_page_for_mara(bench)
    await bench.hear(a(EscalationResolved))
    answer = await browser.post(link)

    assert (410, []) == (answer.status_code, await acknowledged(bench))
    assert "over" in answer.text


async def test_the_page_says_who_has_taken_it_already(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    link = await a_page_for_mara(bench)
    await bench.hear(a(EscalationAcknowledged, by="sofia"))
    page = await browser.get(link)

    assert "sofia" in page.text
    assert "<form" in page.text


async def test_what_a_customer_writes_is_text_on_the_page_and_scripts_cannot_run(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    page = await browser.get(await a_page_for_mara(bench))

    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "no-store" == page.headers["cache-control"]
    assert "no-referrer" == page.headers["referrer-policy"]


async def test_the_customer_gets_no_link(bench: Bench) -> None:
    await a_page_for_mara(bench)
    async with bench.engine.connect() as tx:
        rows = await fetch(
            tx, "SELECT role FROM ack_token JOIN notification USING (notification_id)"
        )

    assert "customer" not in {role for (role,) in rows}

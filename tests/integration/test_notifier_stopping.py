"""Summaries by mail stopped by their reader: one click, a page, and taking it back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.api import recipient_routes
from services.notifier.domain.message import Message
from services.notifier.pages import Pages
from services.notifier.people_book import PeopleBook
from services.notifier.stopping import stop_routes
from services.notifier.store.stops import LIFE
from shared.contracts import NotificationSuppressed, SlaBreached, SlaWarning, TicketAssigned
from shared.contracts.vocabulary import Priority, SuppressReason
from shared.db.engine import fetch
from shared.http.app import create_app
from shared.http.auth import Keyring, new_key
from shared.ids import derived_id
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.policy import parse_workflow
from shared.settings import ApiKey, HttpSettings
from tests.support.builders import TICKET, a
from tests.support.notifier_bench import Bench
from tests.support.telling import ANA, SOFIA

pytestmark = pytest.mark.postgres

KEY, DIGEST = new_key()

ONE_CLICK = {"List-Unsubscribe": "One-Click"}

WORKFLOW = """
version: 1
notifications:
  rules:
    - {on: sla.breached, to: [assignee], via: [email], template: breach}
    - {name: calm, on: sla.warning, threshold: 90, to: [assignee], via: [email], template: warning, digest: true}
"""


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    made = Bench(engine_for("notifier"), policy=parse_workflow(WORKFLOW))
    await made.know([ANA, SOFIA])
    return made


@pytest.fixture
async def browser(bench: Bench) -> AsyncIterator[httpx2.AsyncClient]:
    async def ready() -> list[str]:
        return []

    catalogue = Catalogue("notifier")
    scopes = frozenset({"recipients:read", "recipients:write"})
    app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring({"tests": ApiKey(sha256=DIGEST, scopes=scopes)}, clock=bench.clock),
        readiness=ready,
        routes=[
            stop_routes(bench.engine, bench.writer, bench.clock, Pages()),
            recipient_routes(bench.engine, PeopleBook(bench.writer)),
        ],
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://notifier.test") as client:
        yield client


def ticket(n: int) -> UUID:
    return derived_id(TICKET, f"ticket {n}")


async def breaches(bench: Bench, *numbers: int, priority: Priority = Priority.LOW) -> list[Message]:
    """So many tickets of Ana's are late; the mails that leave for it within a minute."""
    before = len(bench.mail.messages)
    await bench.hear(
        *(
            said
            for n in numbers
            for said in (
                a(TicketAssigned, ticket_id=ticket(n), agent_id="ana", team="specialists"),
                a(SlaBreached, ticket_id=ticket(n), priority=priority),
            )
        )
    )
    await bench.deliver()
    await bench.advance(minutes=1)
    await bench.deliver()
    return bench.mail.messages[before:]


async def a_link(bench: Bench) -> str:
    """What a bundle to Ana is stopped with."""
    [bundle] = await breaches(bench, 1, 2)
    assert bundle.stop_link is not None
    return bundle.stop_link


async def is_stopped(browser: httpx2.AsyncClient) -> bool:
    answer = await browser.get("/v1/recipients/ana", headers={"authorization": f"Bearer {KEY}"})
    stopped: bool = answer.json()["no_digests"]
    return stopped


async def test_one_click_ends_bundles_and_says_so_of_each_they_would_have_held(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    link = await a_link(bench)
    clicked = await browser.post(link, data=ONE_CLICK)

    assert (200, []) == (clicked.status_code, await breaches(bench, 3, 4))
    suppressed = [p for p in await bench.said() if isinstance(p, NotificationSuppressed)]
    assert {(ticket(n), SuppressReason.MUTED) for n in (3, 4)} == {
        (p.ticket_id, p.reason) for p in suppressed
    }


async def test_one_click_ends_digests(bench: Bench, browser: httpx2.AsyncClient) -> None:
    await browser.post(await a_link(bench), data=ONE_CLICK)
    before = len(bench.mail.messages)
    for n in (3, 4):
        await bench.hear(
            a(TicketAssigned, ticket_id=ticket(n), agent_id="ana", team="specialists"),
            a(SlaWarning, ticket_id=ticket(n), threshold_percent=90),
        )
    await bench.deliver()
    waiting = [status for (status,) in await bench.rows("status")].count("pending")
    await bench.advance(hours=2)
    await bench.deliver()

    muted = [p.reason for p in await bench.said() if isinstance(p, NotificationSuppressed)]
    assert (2, before) == (waiting, len(bench.mail.messages))
    assert [SuppressReason.MUTED] * 2 == muted


async def test_what_waited_its_minute_and_leaves_alone_is_stopped_as_well(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    link = await a_link(bench)
    [alone] = await breaches(bench, 3)
    await browser.post(link, data=ONE_CLICK)

    assert (None, []) == (alone.stop_link, await breaches(bench, 4))


async def test_D4_pages_still_arrive_and_hold_no_link_that_stops_them(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    await browser.post(await a_link(bench), data=ONE_CLICK)
    [page] = await breaches(bench, 5, priority=Priority.CRITICAL)

    assert (ticket(5), None) == (page.ticket_id, page.stop_link)


async def test_looking_changes_nothing(bench: Bench, browser: httpx2.AsyncClient) -> None:
    link = await a_link(bench)
    page = await browser.get(link)

    assert (200, False) == (page.status_code, await is_stopped(browser))
    assert "Stop these summaries" in page.text


async def test_the_page_stops_them_and_takes_it_back(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    link = await a_link(bench)
    stopped = await browser.post(link, data={"answer": "stop"})
    was = await is_stopped(browser)
    await browser.post(link, data={"answer": "back"})
    [bundle] = await breaches(bench, 6, 7)

    assert "Send them again" in stopped.text
    assert (True, False, 2) == (was, await is_stopped(browser), len(bundle.lines))


async def test_a_second_click_changes_nothing_and_is_noted_once(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    link = await a_link(bench)
    clicks = [(await browser.post(link, data=ONE_CLICK)).status_code for _ in range(2)]

    async with bench.engine.connect() as tx:
        deeds = [tuple(row) for row in await fetch(tx, "SELECT principal, action FROM audit")]
    assert ([200, 200], [("link:ana", "stop_summaries")]) == (clicks, deeds)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_guess_finds_nothing(browser: httpx2.AsyncClient, method: str) -> None:
    answer = await browser.request(method, "/u/guess", content="List-Unsubscribe=One-Click")

    assert 404 == answer.status_code


async def test_a_form_that_is_none_of_ours_changes_nothing(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    answer = await browser.post(await a_link(bench), data={"answer": "escalate"})

    assert (422, False) == (answer.status_code, await is_stopped(browser))


async def test_S48_a_link_is_good_for_three_months_and_its_token_is_not_kept(
    bench: Bench, browser: httpx2.AsyncClient
) -> None:
    link = await a_link(bench)
    async with bench.engine.connect() as tx:
        kept = await fetch(tx, "SELECT token_sha256 FROM stop_token")
    await bench.clock.advance(LIFE - timedelta(minutes=2))
    late = await browser.get(link)
    await bench.advance(minutes=2)

    assert (200, 404) == (late.status_code, (await browser.get(link)).status_code)
    assert all(link.rpartition("/")[2].encode() not in row[0] for row in kept)


async def test_a_retried_bundle_has_the_link_as_well(bench: Bench) -> None:
    bench.mail.results = [RuntimeError("the relay is gone")]
    [first] = await breaches(bench, 1, 2)
    await bench.advance(minutes=5)
    await bench.deliver()
    again = bench.mail.messages[-1]

    assert first.notification_id == again.notification_id
    assert again.stop_link not in {None, first.stop_link}


async def test_it_is_set_and_taken_back_over_the_api_and_left_alone_by_an_import(
    browser: httpx2.AsyncClient,
) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    path = "/v1/recipients/ana"
    put = {"name": "Ana", "channels": {"email": "ana@desk.example"}}
    seen = []
    for method, where, body in (
        ("PUT", f"{path}/no-digests", None),
        ("PUT", path, put),
        ("PUT", path, {**put, "no_digests": False}),
        ("PUT", f"{path}/no-digests", None),
        ("DELETE", f"{path}/no-digests", None),
    ):
        answer = await browser.request(method, where, json=body, headers=headers)
        assert answer.is_success
        seen.append(await is_stopped(browser))

    assert [True, True, False, True, False] == seen

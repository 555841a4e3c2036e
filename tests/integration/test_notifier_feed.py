"""The feed over a real server: what lies in it, what comes live, who may read and answer it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.feed.hub import QUEUED, Follower, FullError, Hub
from services.notifier.feed.items import Item
from services.notifier.feed.shelf import Feeds
from shared.contracts import (
    EscalationRaised,
    EscalationResolved,
    NotificationAcknowledged,
    NotificationAnswered,
    SlaBreached,
)
from shared.db.engine import fetch
from tests.support.builders import a
from tests.support.feeding import Feed, a_bench, a_page
from tests.support.notifier_bench import Bench

pytestmark = pytest.mark.postgres


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    return await a_bench(engine_for("notifier"))


@pytest.fixture
async def feed(bench: Bench) -> Feed:
    return Feed(bench)


@pytest.fixture
async def client(feed: Feed) -> AsyncIterator[httpx2.AsyncClient]:
    async with feed.served() as made:
        yield made


async def token_of(client: httpx2.AsyncClient, recipient_id: str) -> dict[str, str]:
    made = await client.post(f"/v1/recipients/{recipient_id}/feed-tokens")
    assert 201 == made.status_code
    return {"authorization": f"Bearer {made.json()['token']}"}


async def heard(reply: httpx2.Response, count: int) -> list[tuple[str, dict[str, Any]]]:
    """The next events with data, by name."""
    found: list[tuple[str, dict[str, Any]]] = []
    name = ""
    async for line in reply.aiter_lines():
        if line.startswith("event: "):
            name = line[7:]
        if line.startswith("data: "):
            found.append((name, json.loads(line[6:])))
        if len(found) == count:
            break
    return found


async def the_feed(
    client: httpx2.AsyncClient, headers: dict[str, str], count: int
) -> list[dict[str, Any]]:
    async with client.stream("GET", "/v1/feed", headers=headers) as reply:
        assert 200 == reply.status_code
        return [data for _, data in await heard(reply, count + 1)][1:]


async def test_who_opens_a_feed_sees_what_lies_in_it(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await a_page(bench)
    [message] = await the_feed(client, await token_of(client, "mara"), 1)

    assert ("escalation.raised", True) == (message["fact"], message["answerable"])
    assert "handed to" in message["body"]


async def test_what_comes_later_comes_live(
    bench: Bench, feed: Feed, client: httpx2.AsyncClient
) -> None:
    headers = await token_of(client, "mara")
    async with client.stream("GET", "/v1/feed", headers=headers) as reply:
        lines = reply.aiter_lines()
        assert "event: welcome" in [await anext(lines) for _ in range(4)]
        await a_page(bench)
        await feed.hub.step()
        async with asyncio.timeout(5):
            assert (await anext(lines)).startswith("id: ")


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await a_page(bench)
    headers = await token_of(client, "mara")
    [first] = await the_feed(client, headers, 1)
    await bench.hear(a(SlaBreached))
    await bench.deliver()
    [second] = await the_feed(client, {**headers, "last-event-id": str(first["seq"])}, 1)

    assert ("sla.breached", False) == (second["fact"], second["answerable"])


async def test_what_a_customer_writes_cannot_break_out_of_its_event(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await a_page(bench)
    headers = await token_of(client, "mara")
    async with client.stream("GET", "/v1/feed", headers=headers) as reply:
        events = await heard(reply, 2)

    assert ["welcome", "message"] == [name for name, _ in events]
    assert "<script>" in events[1][1]["body"]


async def test_ruling_4_no_words_lie_in_the_feed(bench: Bench) -> None:
    await a_page(bench)
    async with bench.engine.connect() as tx:
        rows = await fetch(tx, "SELECT row_to_json(f)::text FROM feed f")
        tokens = await fetch(tx, "SELECT count(*) FROM ack_token")

    assert 1 == len([row for row in rows if "mara" in row[0]])
    assert "script" not in repr(rows)
    assert [(0,)] == [tuple(row) for row in tokens], "a feed has buttons, no link"


async def test_a_repeat_lies_in_the_feed_once(bench: Bench) -> None:
    await a_page(bench)
    [(mara,)] = await bench_ids(bench)
    shelf = Feeds(bench.engine)

    assert await shelf.put("mara", [mara], bench.clock.now())
    assert 1 == len(await bench_ids(bench))


async def bench_ids(bench: Bench) -> list[Any]:
    async with bench.engine.connect() as tx:
        return list(await fetch(tx, "SELECT notification_id FROM feed WHERE recipient_id = 'mara'"))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"answer": "acknowledge"}, NotificationAcknowledged),
        ({"answer": "take"}, NotificationAnswered),
        ({"answer": "snooze", "minutes": 30}, NotificationAnswered),
        ({"answer": "escalate", "reason": "outside_authority"}, NotificationAnswered),
    ],
)
async def test_a_button_of_the_feed_answers_as_its_owner_once(
    bench: Bench, client: httpx2.AsyncClient, body: dict[str, Any], kind: type[Any]
) -> None:
    await a_page(bench)
    headers = await token_of(client, "mara")
    [message] = await the_feed(client, headers, 1)
    url = f"/v1/notifications/{message['notification_id']}/answers"
    first = await client.post(url, json=body, headers=headers)
    again = await client.post(url, json=body, headers=headers)

    assert (200, "recorded") == (first.status_code, first.json()["result"])
    assert (200, "already") == (again.status_code, again.json()["result"])
    [told] = [p for p in await bench.said() if isinstance(p, kind)]
    assert ("mara", "feed") == (told.recipient_id, told.via)


async def test_S48_nobody_answers_what_was_sent_to_somebody_else(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await a_page(bench)
    [message] = await the_feed(client, await token_of(client, "mara"), 1)
    url = f"/v1/notifications/{message['notification_id']}/answers"
    refused = await client.post(
        url, json={"answer": "acknowledge"}, headers=await token_of(client, "sofia")
    )

    assert 404 == refused.status_code
    assert [] == [p for p in await bench.said() if isinstance(p, NotificationAcknowledged)]


async def test_an_app_with_a_key_answers_for_the_recipient(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await a_page(bench)
    async with client.stream("GET", "/v1/feed", params={"recipient": "mara"}) as reply:
        [_, (_, message)] = await heard(reply, 2)
    url = f"/v1/notifications/{message['notification_id']}/answers"
    answered = await client.post(url, json={"answer": "take"})

    assert "recorded" == answered.json()["result"]
    [told] = [p for p in await bench.said() if isinstance(p, NotificationAnswered)]
    assert ("mara", "api") == (told.recipient_id, told.via)


async def test_answers_that_lack_something_are_refused_with_what_is_missing(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await a_page(bench)
    headers = await token_of(client, "mara")
    [message] = await the_feed(client, headers, 1)
    url = f"/v1/notifications/{message['notification_id']}/answers"
    for body in ({"answer": "snooze"}, {"answer": "escalate", "reason": "boredom"}):
        refused = await client.post(url, json=body, headers=headers)
        assert 422 == refused.status_code
        assert refused.json()["errors"][0]["field"] in {"body.minutes", "body.reason"}


async def test_an_answer_to_an_escalation_that_is_over_is_a_conflict(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await a_page(bench)
    headers = await token_of(client, "mara")
    [message] = await the_feed(client, headers, 1)
    await bench.hear(a(EscalationResolved))
    url = f"/v1/notifications/{message['notification_id']}/answers"

    assert 409 == (await client.post(url, json={"answer": "take"}, headers=headers)).status_code


async def test_without_a_token_that_was_made_here_nobody_reads_anything(
    client: httpx2.AsyncClient,
) -> None:
    headers = await token_of(client, "mara")
    guessed = await client.get("/v1/feed", headers={"authorization": "Bearer feed_guess"})
    other = await client.get("/v1/feed", params={"recipient": "sofia"}, headers=headers)
    nobody = await client.get("/v1/feed", params={"recipient": "zoe"})
    unnamed = await client.get("/v1/feed")
    await client.delete("/v1/recipients/mara/feed-tokens")
    revoked = await client.get("/v1/feed", headers=headers)

    answers = (guessed, other, nobody, unnamed, revoked)
    assert [401, 403, 404, 422, 401] == [answer.status_code for answer in answers]


async def test_beyond_the_room_of_a_process_one_is_asked_to_come_back(bench: Bench) -> None:
    hub = Hub(bench.engine, bench.composer, room=1, is_stopping=lambda: False)
    async with hub.follow("mara", None):
        with pytest.raises(FullError):
            async with hub.follow("mara", None):
                raise AssertionError
    async with hub.follow("mara", None):
        pass


async def test_two_replicas_bring_it_to_their_own_followers(bench: Bench) -> None:
    hubs = [Hub(bench.engine, bench.composer, room=1, is_stopping=lambda: False) for _ in range(2)]
    async with hubs[0].follow("mara", None) as (_, one), hubs[1].follow("mara", None) as (_, two):
        await a_page(bench)
        for hub in hubs:
            await hub.step()
        items = [await one.next(), await two.next()]

    assert ["escalation.raised"] * 2 == [item.fact for item in items if item]


async def test_who_reads_too_slowly_is_let_go_and_nobody_else(bench: Bench) -> None:
    slow, quick = Follower("mara", 0), Follower("mara", 0)
    async with bench.engine.connect():
        items = [an_item(seq) for seq in range(1, QUEUED + 2)]
    taken = [slow.offer(item) for item in items]
    assert quick.offer(items[0])

    assert [True] * QUEUED + [False] == taken
    assert [*range(1, QUEUED + 1), None] == [
        item.seq if (item := await slow.next()) else None for _ in items
    ]


def an_item(seq: int) -> Item:
    page = a(EscalationRaised)
    return Item(
        seq=seq,
        notification_id=page.escalation_id,
        ticket_id=page.ticket_id,
        reference="#1",
        fact="escalation.raised",
        urgency="page",  # type: ignore[arg-type]
        happened_at=None,  # type: ignore[arg-type]
        put_at=None,  # type: ignore[arg-type]
        subject="",
        body="",
        answerable=True,
    )


async def test_the_page_runs_its_own_script_and_no_other(client: httpx2.AsyncClient) -> None:
    page = await client.get("/feed")
    policy = page.headers["content-security-policy"]

    assert 200 == page.status_code
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "innerHTML" not in page.text
    assert "{{" not in page.text


async def test_a_silent_feed_says_that_it_is_still_there(bench: Bench) -> None:
    feed = Feed(bench, heartbeat_seconds=0.05)
    async with (
        feed.served() as client,
        client.stream("GET", "/v1/feed", params={"recipient": "mara"}) as reply,
    ):
        lines = reply.aiter_lines()
        async with asyncio.timeout(5):
            comments = [line async for line in _first(lines, 8) if line.startswith(":")]

    assert [": still here"] * 2 == comments[:2]


async def _first(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    for _ in range(count):
        yield await anext(lines)


async def test_the_welcome_says_whose_feed_it_is_and_what_comes_with_it(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await a_page(bench)
    async with client.stream("GET", "/v1/feed", params={"recipient": "mara"}) as reply:
        [(name, said)] = await heard(reply, 1)

    assert ("welcome", "mara", True, 1) == (
        name,
        said["recipient_id"],
        said["has_channel"],
        said["messages"],
    )

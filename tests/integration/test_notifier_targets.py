"""Rates, circuit breakers and waits of targets on real tables, shared by all who deliver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.domain.breaker import FAILURES
from services.notifier.domain.bucket import Rate
from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.notification import Notification, Urgency
from services.notifier.domain.target import Limits
from services.notifier.leasing import LeaseTerms, take
from services.notifier.recording import RecordTerms, record
from services.notifier.store import rows
from services.notifier.store.deliveries import Finished
from services.notifier.targets_api import target_routes
from shared.contracts import FollowUp, TicketAssigned
from shared.db.engine import Transaction, fetch
from shared.http.app import create_app
from shared.http.auth import Keyring, new_key
from shared.ids import new_id
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.settings import ApiKey, HttpSettings
from tests.support.builders import TICKET, a
from tests.support.messages import a_notification
from tests.support.notifier_bench import Bench

pytestmark = pytest.mark.postgres

LIMITS = Limits(rates={"email": Rate(2.0)})
KEY, DIGEST = new_key()
FAILED = Result(Outcome.RETRY, "http 500")


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    made = Bench(engine_for("notifier"))
    await made.know()
    await made.hear(a(TicketAssigned, agent_id="ana", team="specialists"))
    return made


async def due(bench: Bench, count: int, target: str = "email", **more: Any) -> None:
    """So many messages are due for a target."""
    now = bench.clock.now()
    channel = target.partition(":")[0]
    async with bench.engine.begin() as tx:
        await rows.insert(
            tx,
            [
                a_notification(
                    notification_id=new_id(), ticket_id=TICKET, channel=channel, target=target,
                    planned_at=now, due_at=now, **more,
                )
                for _ in range(count)
            ],
        )  # fmt: skip


async def taken(bench: Bench, limits: Limits = LIMITS) -> list[Notification]:
    """What somebody who delivers takes now."""
    terms = LeaseTerms(
        per_target=50,
        lease_for=timedelta(seconds=45),
        link_for=timedelta(hours=1),
        mint=lambda: str(new_id()),
        limits=limits,
    )

    async def work(tx: Transaction, now: datetime) -> tuple[list[Notification], list[FollowUp]]:
        found = await take(tx, now, 100, terms)
        return [one.notification for head in found.leased for one in head.members], []

    return await bench.writer.write(work)


async def recorded(bench: Bench, leased: list[Notification], result: Result) -> None:
    """All of them came to this."""
    terms = RecordTerms(
        policy=bench.policy.notification, channels=("email",), jitter=lambda: 0.5, limits=LIMITS
    )

    async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
        finished = [Finished(n.notification_id, n.attempts, result) for n in leased]
        await record(tx, finished, now, terms)
        return None, []

    await bench.writer.write(work)


async def failed(bench: Bench, target: str = "webhook:dead.example") -> None:
    """A target has failed so often that it is given up for now."""
    await due(bench, FAILURES, target)
    await recorded(bench, await taken(bench), FAILED)


async def test_I20_several_who_deliver_share_the_rate_of_a_target(bench: Bench) -> None:
    await due(bench, 20)
    at_once = await asyncio.gather(*(taken(bench) for _ in range(5)))
    assert 2 == sum(map(len, at_once))

    counts = []
    for _ in range(4):
        await bench.advance(seconds=0.5)
        counts.append(sum(map(len, await asyncio.gather(taken(bench), taken(bench)))))
    assert [1, 1, 1, 1] == counts


async def test_what_waits_for_its_rate_has_cost_no_attempt(bench: Bench) -> None:
    await due(bench, 5)
    await taken(bench)

    found = await bench.rows("recipient_id, channel, status, attempts")
    assert {("leased", 1): 2, ("pending", 0): 3} == {
        kind: sum((row[2], row[3]) == kind for row in found)
        for kind in (("leased", 1), ("pending", 0))
    }


async def test_a_page_is_first_in_what_its_target_may_have(bench: Bench) -> None:
    await due(bench, 5)
    await due(bench, 1, urgency=Urgency.PAGE)

    assert Urgency.PAGE in {n.urgency for n in await taken(bench)}


async def test_F62_of_a_target_given_up_one_message_a_minute_goes_and_nobody_else_waits(
    bench: Bench,
) -> None:
    await failed(bench)
    await due(bench, 40, "webhook:dead.example")
    await due(bench, 3, "webhook:well.example")
    assert ["webhook:well.example"] * 3 == [n.target for n in await taken(bench)]

    await bench.advance(seconds=60)
    assert ["webhook:dead.example"] == [n.target for n in await taken(bench)]
    assert [] == await taken(bench)


async def test_F62_a_probe_that_succeeds_lets_all_go(bench: Bench) -> None:
    await failed(bench)
    await due(bench, 9, "webhook:dead.example")
    await bench.advance(seconds=60)
    await recorded(bench, await taken(bench), Result(Outcome.SENT))

    assert 10 + 9 - 1 == len(await taken(bench))


async def test_F60_a_429_holds_all_that_goes_to_its_target(bench: Bench) -> None:
    await due(bench, 1, "webhook:busy.example")
    too_many = Result(Outcome.RETRY, "http 429", timedelta(seconds=30))
    await recorded(bench, await taken(bench), too_many)
    await due(bench, 9, "webhook:busy.example")

    assert [] == await taken(bench)
    await bench.advance(seconds=30)
    assert 10 == len(await taken(bench))


async def test_a_clock_set_back_holds_nobody(bench: Bench) -> None:
    await failed(bench)
    await bench.clock.move_to(bench.clock.now() - timedelta(hours=1))
    await due(bench, 1, "webhook:dead.example")

    assert 1 == len(await taken(bench))


async def test_D2_a_page_that_does_not_get_through_goes_over_the_fallback_as_well(
    bench: Bench,
) -> None:
    """Also when it only waits for its target: no attempt is needed for two minutes to pass."""
    bench.hooks.results = [FAILED] * 30
    now = bench.clock.now()
    page = a_notification(
        recipient_id="sofia", channel="webhook", target="webhook:hooks.example",
        template="handoff", urgency=Urgency.PAGE, planned_at=now, due_at=now,
    )  # fmt: skip
    async with bench.engine.begin() as tx:
        await rows.insert(tx, [page])
    for _ in range(11):
        await bench.deliver()
        await bench.advance(seconds=11)
    assert [("sofia", "webhook", "pending")] == await bench.rows("recipient_id, channel, status")

    for _ in range(3):
        await bench.deliver()
        await bench.advance(seconds=11)
    assert [("sofia", "email", "sent"), ("sofia", "webhook", "pending")] == await bench.rows(
        "recipient_id, channel, status"
    )


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[httpx2.AsyncClient]:
    async def ready() -> list[str]:
        return []

    catalogue = Catalogue("notifier")
    scopes = frozenset({"notifications:read", "recipients:write"})
    app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring({"tests": ApiKey(sha256=DIGEST, scopes=scopes)}, clock=bench.clock),
        readiness=ready,
        routes=[target_routes(bench.engine, bench.writer, bench.clock)],
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://test", headers={"x-api-key": KEY}
    ) as made:
        yield made


async def test_targets_are_listed_with_what_is_wrong_and_can_be_tried_again_at_once(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await failed(bench)
    await due(bench, 4, "webhook:dead.example")
    [told] = (await client.get("/v1/targets")).json()["targets"]
    assert ("open", 10, 4, "http 500") == (
        told["state"],
        told["failures_in_a_row"],
        told["waiting"],
        told["last_failure"],
    )

    assert 204 == (await client.post("/v1/targets/webhook:dead.example:reset")).status_code
    [told] = (await client.get("/v1/targets")).json()["targets"]
    assert ("closed", 4) == (told["state"], len(await taken(bench)))
    async with bench.engine.connect() as tx:
        assert [("reset_target",)] == [
            tuple(r) for r in await fetch(tx, "SELECT action FROM audit")
        ]


async def test_a_target_nothing_was_sent_to_is_not_found(client: httpx2.AsyncClient) -> None:
    assert 404 == (await client.post("/v1/targets/webhook:nobody.example:reset")).status_code

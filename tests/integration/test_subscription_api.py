"""`/v1/subscriptions`: who subscribes to what, secrets and their rotation, tests, re-sends and replays."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook, WebhookVerificationError

from shared.clock import SystemClock
from shared.contracts import EscalationRaised, SlaBreached, SlaWarning
from shared.db import audit
from tests.support.builders import a
from tests.support.sinks import HookSink, a_webhook_endpoint, answer
from tests.support.subscribing import Desk, a_desk

pytestmark = pytest.mark.postgres

GUIDE = Path(__file__).parents[2] / "docs" / "subscriptions.md"
DOCUMENTED = re.compile(r"```python\n(.*?)```", re.DOTALL)

BODY: dict[str, Any] = {
    "url": "https://hooks.example/tierline",
    "events": ["escalation.*", "sla.breached"],
    "filters": {"priority": ["critical"], "customer_tier": [], "team": [], "level": []},
    "description": "Status page",
    "owner": "ops@acme.example",
}


@pytest.fixture
async def sink() -> AsyncIterator[HookSink]:
    async with a_webhook_endpoint() as made:
        yield made


@pytest.fixture
async def desk(engine_for: Callable[[str], AsyncEngine], sink: HookSink) -> AsyncIterator[Desk]:
    async with a_desk(engine_for("notifier"), allowed=sink.allowed) as made:
        yield made


async def test_a_subscription_is_made_read_changed_and_removed(desk: Desk) -> None:
    made = await desk.ask("POST", "", json=BODY)
    path = f"/{made['subscription_id']}"
    got = await desk.ask("GET", path)
    changed = await desk.ask("PUT", path, json=BODY | {"events": ["sla.*"], "owner": None})
    listed = await desk.ask("GET", "")
    await desk.ask("DELETE", path)

    assert BODY == {name: made[name] for name in BODY}
    assert got == {name: value for name, value in made.items() if name != "secret"}
    assert (["sla.*"], None) == (changed["events"], changed["owner"])
    assert [changed] == listed
    await desk.ask("GET", path, expect=404)
    await desk.ask("DELETE", path, expect=404)


async def test_a_secret_is_32_random_bytes_and_shown_once(desk: Desk) -> None:
    made = await desk.ask("POST", "", json=BODY)
    path = f"/{made['subscription_id']}"
    later = [await desk.client.get(f"/v1/subscriptions{p}") for p in ("", path)]

    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
    assert not any(made["secret"] in answered.text for answered in later)
    assert [(made["secret"],)] == await desk.rows("SELECT secret FROM subscription_secret")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"url": "ftp://hooks.example/x"}, "body.url"),
        ({"url": "https://me:secret@hooks.example/x"}, "body.url"),
        ({"url": "https://hooks.example/x#part"}, "body.url"),
        ({"url": "https://hooks.example:99999/"}, "body.url"),
        ({"url": "https://hooks.example/a b"}, "body.url"),
        ({"events": ["sla.borken"]}, "body.events"),
        ({"events": ["ticket.opened"]}, "body.events"),
        ({"events": []}, "body.events"),
        ({"filters": {"priority": ["urgent"]}}, "body.filters.priority"),
        ({"filters": {"colour": ["red"]}}, "body.filters.colour"),
        ({"owner": "nobody"}, "body.owner"),
        ({"description": "a\x00b"}, "body.description"),
        ({"secret": "mine"}, "body.secret"),
    ],
)
async def test_what_could_never_be_delivered_is_refused_and_the_field_named(
    desk: Desk, change: dict[str, Any], named: str
) -> None:
    refused = await desk.ask("POST", "", json=BODY | change, expect=422)

    assert any(fault["field"].startswith(named) for fault in refused["errors"])


async def test_rotation_signs_with_both_secrets_for_a_day_and_then_with_the_new_one(
    desk: Desk, sink: HookSink
) -> None:
    """Verified by the specification's own library, whose clock is the real one."""
    await desk.clock.advance(SystemClock().now() - desk.clock.now())
    made = await desk.subscribe(sink.url)
    rotated = await desk.ask("POST", f"/{made['subscription_id']}/secrets:rotate")
    await desk.hear(a(EscalationRaised))
    await desk.deliver()
    [both] = sink.requests
    for secret in (made["secret"], rotated["secret"]):
        assert Webhook(secret).verify(both.body, both.headers)["subject"]
    await desk.ask("POST", f"/{made['subscription_id']}/secrets:rotate", json={"overlap_hours": 0})
    await desk.hear(a(SlaBreached))
    await desk.deliver()
    late = sink.requests[1]

    assert made["secret"] != rotated["secret"]
    assert 2 == len(both.headers["webhook-signature"].split(" "))
    assert 1 == len(late.headers["webhook-signature"].split(" "))
    with pytest.raises(WebhookVerificationError):
        Webhook(rotated["secret"]).verify(late.body, late.headers)


async def test_the_receiver_of_the_documentation_takes_what_is_sent_and_nothing_else(
    desk: Desk, sink: HookSink
) -> None:
    await desk.clock.advance(SystemClock().now() - desk.clock.now())
    made = await desk.subscribe(sink.url)
    await desk.hear(a(EscalationRaised))
    await desk.deliver()
    [got] = sink.requests
    names: dict[str, Any] = {}
    exec(DOCUMENTED.findall(GUIDE.read_text())[0], names)
    statuses = [
        names["receive"](body, got.headers, made["secret"])
        for body in (got.body, got.body, got.body + b" ")
    ]

    assert [204, 204, 401] == statuses
    assert {got.headers["webhook-id"]} == names["seen"]


async def test_a_rotated_secret_signs_no_longer_than_a_day(desk: Desk, sink: HookSink) -> None:
    made = await desk.subscribe(sink.url)
    await desk.ask("POST", f"/{made['subscription_id']}/secrets:rotate")
    counts = []
    for pause in (timedelta(hours=23, minutes=59), timedelta(minutes=1)):
        await desk.clock.advance(pause)
        await desk.hear(a(EscalationRaised, escalation_id=uuid4()))
        await desk.deliver()
        counts.append(len(sink.requests[-1].headers["webhook-signature"].split(" ")))

    assert [2, 1] == counts


async def test_no_more_than_five_secrets_sign_at_once(desk: Desk) -> None:
    made = await desk.subscribe("https://hooks.example/x")
    for _ in range(4):
        await desk.ask("POST", f"/{made['subscription_id']}/secrets:rotate")
    await desk.ask("POST", f"/{made['subscription_id']}/secrets:rotate", expect=409)

    assert [(5,)] == await desk.rows("SELECT count(*) FROM subscription_secret")


async def test_a_replay_sends_what_was_kept_with_the_same_ids_and_bytes(
    desk: Desk, sink: HookSink
) -> None:
    made = await desk.subscribe(sink.url, "sla.*")
    path = f"/{made['subscription_id']}"
    start = desk.clock.now()
    await desk.hear(a(SlaWarning))
    await desk.advance(hours=1)
    since = desk.clock.now()
    await desk.hear(a(SlaBreached))
    await desk.deliver()
    told = await desk.ask("POST", f"{path}:replay", json={"from": since.isoformat()})
    await desk.deliver()
    everything = await desk.ask("POST", f"{path}:replay", json={"from": start.isoformat()})
    await desk.deliver()

    first = {(r.headers["webhook-id"], r.body) for r in sink.requests[:2]}
    assert (1, True, 2) == (told["count"], told["complete"], everything["count"])
    assert 5 == len(sink.requests)
    assert first == {(r.headers["webhook-id"], r.body) for r in sink.requests[2:]}


async def test_a_replay_brings_back_what_was_missed_while_disabled(
    desk: Desk, sink: HookSink
) -> None:
    made = await desk.subscribe(sink.url)
    path = f"/{made['subscription_id']}"
    disabled = await desk.ask("POST", f"{path}:disable")
    [missed] = await desk.hear(a(EscalationRaised))
    await desk.deliver()
    await desk.ask("POST", f"{path}:replay", json={"from": made["created_at"]}, expect=409)
    enabled = await desk.ask("POST", f"{path}:enable")
    await desk.deliver()
    before = len(sink.requests)
    await desk.ask("POST", f"{path}:replay", json={"from": disabled["disabled_at"]})
    await desk.deliver()

    assert ((False, "asked"), True) == (
        (disabled["enabled"], disabled["disabled_because"]),
        enabled["enabled"],
    )
    assert (0, [f"{missed.id}"]) == (
        before,
        [d["event_id"] for d in await desk.log(made["subscription_id"])],
    )


async def test_a_replay_says_from_when_on_all_was_kept(desk: Desk) -> None:
    await desk.hear(a(EscalationRaised))
    await desk.advance(minutes=1)
    made = await desk.subscribe("https://hooks.example/x")
    early = (desk.clock.now() - timedelta(days=2)).isoformat()
    told = await desk.ask("POST", f"/{made['subscription_id']}:replay", json={"from": early})

    assert (0, False, made["created_at"]) == (told["count"], told["complete"], told["kept_since"])
    assert "while nobody subscribes, nothing is kept" in told["note"]


async def test_who_subscribes_to_more_has_that_kept_from_then_on(desk: Desk) -> None:
    made = await desk.subscribe("https://hooks.example/x", "sla.*")
    await desk.advance(hours=1)
    narrow = {"url": made["url"], "events": ["sla.met"]}
    wide = {"url": made["url"], "events": ["sla.*", "escalation.raised"]}
    path = f"/{made['subscription_id']}"
    narrowed = await desk.ask("PUT", path, json=narrow)
    widened = await desk.ask("PUT", path, json=wide)

    assert (made["created_at"], desk.clock.now().isoformat().replace("+00:00", "Z")) == (
        narrowed["kept_since"],
        widened["kept_since"],
    )


async def test_a_test_is_delivered_logged_and_not_made_twice_in_a_row(
    desk: Desk, sink: HookSink
) -> None:
    made = await desk.subscribe(sink.url, "sla.met")
    path = f"/{made['subscription_id']}"
    told = await desk.ask("POST", f"{path}:test")
    refused = await desk.client.post(f"/v1/subscriptions{path}:test")
    await desk.deliver()
    await desk.advance(seconds=10)
    await desk.ask("POST", f"{path}:test")

    assert (429, "10") == (refused.status_code, refused.headers["retry-after"])
    assert ["sent"] == await desk.outcomes(made["subscription_id"], told["event_id"])
    assert b'"type":"support.subscription.test.v1"' in sink.requests[0].body


async def test_the_log_can_be_narrowed_and_paged(desk: Desk, sink: HookSink) -> None:
    sink.answers = [answer(500)]
    made = await desk.subscribe(sink.url)
    path = f"/{made['subscription_id']}/deliveries"
    await desk.hear(a(EscalationRaised))
    await desk.deliver()
    await desk.advance(seconds=1)
    await desk.hear(a(SlaBreached))
    await desk.deliver()
    latest = await desk.ask("GET", path, params={"limit": 1})
    older = await desk.ask("GET", path, params={"before": latest[0]["planned_at"]})
    waiting = await desk.ask("GET", path, params={"status": "pending"})

    assert (["sla.breached"], ["escalation.raised"], ["escalation.raised"]) == (
        [d["event"] for d in latest],
        [d["event"] for d in older],
        [d["event"] for d in waiting],
    )
    assert 500 == waiting[0]["last"]["status"]


async def test_every_change_is_in_the_audit_log_without_a_secret(desk: Desk) -> None:
    made = await desk.subscribe("https://hooks.example/x")
    path = f"/{made['subscription_id']}"
    for action in ("/secrets:rotate", ":disable", ":enable"):
        await desk.ask("POST", f"{path}{action}")
    await desk.ask("DELETE", path)

    found = await desk.rows("SELECT principal, action, object FROM audit ORDER BY n")
    assert [
        "create_subscription",
        "rotate_subscription_secret",
        "disable_subscription",
        "enable_subscription",
        "remove_subscription",
    ] == [action for _, action, _ in found]
    assert {("tests", made["subscription_id"])} == {(by, about) for by, _, about in found}
    async with desk.engine.connect() as tx:
        assert None is await audit.first_broken(tx)


async def test_strangers_are_not_let_in_and_nothing_unknown_is_found(desk: Desk) -> None:
    path, event = f"/{uuid4()}", uuid4()
    for method, target, body in (
        ("GET", "", None),
        ("POST", "", BODY),
        ("GET", path, None),
        ("PUT", path, BODY),
        ("DELETE", path, None),
        ("POST", f"{path}/secrets:rotate", None),
        ("POST", f"{path}:enable", None),
        ("POST", f"{path}:disable", None),
        ("POST", f"{path}:test", None),
        ("POST", f"{path}:replay", {"from": "2026-06-01T10:00:00Z"}),
        ("GET", f"{path}/deliveries", None),
        ("GET", f"{path}/deliveries/{event}", None),
        ("POST", f"{path}/deliveries/{event}:resend", None),
    ):
        await desk.ask(method, target, json=body, headers={"x-api-key": "no"}, expect=401)
        if target:
            await desk.ask(method, target, json=body, expect=404)

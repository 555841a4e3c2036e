"""What tells a repeat of a provider's call, and how its source must be configured."""

from __future__ import annotations

import json
from typing import Final

import pytest
from starlette.datastructures import Headers

from services.intake.channels import CHANNELS, Call, Channel, Member, SecretError, Source
from tests.support.signing import SIGNINGS

NAMES: Final = ("zendesk", "freshdesk", "intercom", "hubspot", "github")
VENDORS: Final = {name: CHANNELS[name](SIGNINGS[name].source) for name in NAMES}


def vendor(name: str) -> Channel:
    return VENDORS[name]


def members(name: str, raw: bytes, **headers: str) -> list[Member]:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return list(vendor(name).members(Call("POST", Headers(named), raw)))


def test_a_zendesk_event_has_an_id_that_is_signed() -> None:
    body = {"type": "zen:event-type:ticket.created", "id": "e-1", "detail": {"id": "1"}}

    [member] = members("zendesk", json.dumps(body).encode(), x_zendesk_webhook_invocation_id="i")

    assert member.key == "e-1"


@pytest.mark.parametrize("name", ["zendesk", "freshdesk"])
def test_a_rules_body_is_told_by_ticket_version_event_and_itself(name: str) -> None:
    body = {"event": "status_changed", "ticket_id": "1", "updated_at": "2026-06-01T10:00:00Z"}
    others = [
        {**body, "event": "rated"},
        {**body, "ticket_id": "2"},
        {**body, "updated_at": "2026-06-01T10:00:01Z"},
        {**body, "status": "open"},
    ]

    keys = [members(name, json.dumps(one).encode())[0].key for one in [body, body, *others]]

    assert keys[0] == keys[1]
    assert len(set(keys)) == 5


def test_an_attempt_of_intercom_counts_itself_and_is_a_repeat_all_the_same() -> None:
    first = {"id": "notif_1", "topic": "conversation.user.replied", "delivery_attempts": 1}
    again = {**first, "delivery_attempts": 2, "delivered_at": 1780306200}
    other = {**first, "topic": "conversation.admin.replied"}

    made = [members("intercom", json.dumps(one).encode())[0] for one in (first, again, other)]

    assert {member.key for member in made} == {"notif_1"}
    assert made[0].digest == made[1].digest != made[2].digest


def test_F58_every_event_of_hubspot_is_a_member_and_a_bad_one_spoils_no_other() -> None:
    good = {"eventId": 7, "subscriptionType": "ticket.creation", "objectId": 1, "occurredAt": 9}
    bad = {"eventId": 8, "subscriptionType": "ticket.creation", "objectId": None}

    made = members("hubspot", json.dumps([good, bad, "rubbish", {**good, "eventId": 9}]).encode())
    read = [vendor("hubspot").parse(member.raw) for member in made]

    assert [member.key for member in made][:2] == ["7:ticket.creation:1::9", "8:ticket.creation:::"]
    assert [len(part.commands) for part in read] == [1, 0, 0, 1]
    assert [len(part.unreadable) for part in read] == [0, 1, 1, 0]


def test_an_attempt_of_hubspot_counts_itself_and_is_a_repeat_all_the_same() -> None:
    first = {"eventId": 7, "subscriptionType": "ticket.creation", "objectId": 1}
    again = [{"attemptNumber": 3, **first}]

    [one], [two] = (members("hubspot", json.dumps(body).encode()) for body in ([first], again))

    assert (one.key, one.digest) == (two.key, two.digest)


def test_more_events_than_hubspot_sends_at_once_are_one_thing_that_cannot_be_read() -> None:
    [member] = members("hubspot", json.dumps([{"eventId": 1}] * 501).encode())

    assert len(vendor("hubspot").parse(member.raw).unreadable) == 1


def test_a_delivery_of_github_keeps_its_id_when_it_is_sent_again_by_hand() -> None:
    raw = b'{"action": "opened", "issue": {}}'

    assert members("github", raw, x_github_delivery="72d3162e")[0].key == "72d3162e"
    assert members("github", raw, x_github_delivery="x" * 500) == members("github", raw)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("github", {"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {}}),
        ("intercom", {"type": "notification_event", "topic": "ping", "id": "notif_1"}),
    ],
)
def test_a_ping_is_heard_and_means_nothing(name: str, body: object) -> None:
    assert members(name, json.dumps(body).encode()) == []


@pytest.mark.parametrize(
    ("name", "source", "told", "setting"),
    [
        ("hubspot", Source("s", ("secret",)), "has none", "PUBLIC_URL"),
        ("freshdesk", Source("s", ("guess me",)), "no token", "SECRETS"),
        ("github", Source("s", ()), "has no secret", "SECRETS"),
        ("intercom", Source("s", ("",)), "empty secret", "SECRETS"),
        ("zendesk", Source("s", ()), "has no secret", "SECRETS"),
        (
            "zendesk",
            Source("s", ("good", "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==")),
            "public test secret",
            "SECRETS",
        ),
    ],
)
def test_S01_a_source_without_its_protection_is_refused_at_the_start(
    name: str, source: Source, told: str, setting: str
) -> None:
    with pytest.raises(SecretError, match=told) as refused:
        CHANNELS[name](source)

    assert refused.value.setting == setting


def test_intercom_is_told_503_where_others_are_told_429() -> None:
    codes = {name: vendor(name).codes for name in NAMES}

    assert {name: code.crowded for name, code in codes.items()} == {
        **dict.fromkeys(NAMES, 429),
        "intercom": 503,
    }
    assert {(code.accepted, code.repeated, code.refused) for code in codes.values()} == {
        (200, 200, 401)
    }


def test_what_github_is_refused_in_busy_times_would_not_come_again() -> None:
    assert [name for name in NAMES if not vendor(name).retried] == ["github"]

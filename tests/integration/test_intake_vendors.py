"""Vendors' webhooks through the whole of intake: what is opened, what follows, what is kept out (D1)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from pydantic import SecretStr

from services.intake.channels import Call
from services.intake.config import IntakeSection, SourceSettings
from shared.clock import FakeClock
from shared.contracts import TicketAssignmentRequested
from tests.support.intake import IntakeUnderTest, intake_under_test, settings
from tests.support.signing import SIGNINGS, URL

GOLDEN: Final = Path(__file__).parents[1] / "unit" / "intake" / "channels" / "golden"

#: For every vendor the cases of a beginning, of something the customer says after it, and of an end.
STORIES: Final[Mapping[str, tuple[str, str, str]]] = {
    "zendesk": (
        "a ticket is created by mail",
        "the customer comments",
        "the status becomes SOLVED",
    ),
    "freshdesk": (
        "a ticket is created by phone",
        "the customer comments",
        "the status becomes Resolved",
    ),
    "intercom": (
        "a user writes (newer shape)",
        "the user replies",
        "a teammate snoozes",
    ),
    "hubspot": (
        "a ticket is created",
        "the description comes from a form",
        "the stage becomes 2",
    ),
    "github": (
        "an issue is opened",
        "the one who asked comments",
        "the issue is closed",
    ),
}

ENDS: Final = {
    "zendesk": ["resolved"],
    "freshdesk": ["resolved"],
    "intercom": ["paused"],
    "hubspot": ["paused"],
    "github": ["resolved", "closed"],
}

every_vendor = pytest.mark.parametrize("vendor", STORIES)


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    sources = {
        vendor: SourceSettings(
            channel=vendor,
            secrets=tuple(SecretStr(secret) for secret in SIGNINGS[vendor].secrets),
            public_url=URL,
        )
        for vendor in STORIES
    }
    configured = settings(database_url).model_copy(
        update={"intake": IntakeSection(sources=sources)}
    )
    async with intake_under_test(configured, clock) as running:
        yield running


def body_of(vendor: str, what: str) -> Any:
    """A case's body, under an id of its own where the vendor gives one."""
    cases = json.loads((GOLDEN / f"{vendor}.json").read_text())
    [body] = [case["body"] for case in cases if case["what"] == what]
    if "id" in body:
        body["id"] = what
    return [body] if vendor == "hubspot" else body


def the_call(intake: IntakeUnderTest, vendor: str, body: object) -> Call:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SIGNINGS[vendor].call(intake.clock.now(), body=raw)


async def send(intake: IntakeUnderTest, vendor: str, call: Call) -> httpx2.Response:
    token = f"/{call.token}" if call.token else ""
    path = f"/v1/channels/{vendor}/webhook{token}"
    return await intake.client.post(path, content=call.raw, headers=call.headers.raw)


async def tell(intake: IntakeUnderTest, vendor: str, what: str) -> httpx2.Response:
    return await send(intake, vendor, the_call(intake, vendor, body_of(vendor, what)))


@every_vendor
async def test_a_ticket_is_opened_followed_up_and_settled(
    intake: IntakeUnderTest, vendor: str
) -> None:
    answers = [await tell(intake, vendor, what) for what in STORIES[vendor]]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.json()["outcome"] for answer in answers} == {"accepted"}
    [ticket] = {answer.json()["ticket_id"] for answer in answers}
    assert await intake.names(ticket) == ["opened", "message_added", *ENDS[vendor]]


@every_vendor
async def test_what_follows_may_come_before_the_beginning(
    intake: IntakeUnderTest, vendor: str
) -> None:
    opening, reply, end = STORIES[vendor]
    early = [await tell(intake, vendor, what) for what in (reply, end)]
    assert {answer.json()["outcome"] for answer in early} == {"buffered"}

    opened = await tell(intake, vendor, opening)

    names = await intake.names(opened.json()["ticket_id"])
    assert names == ["opened", "message_added", *ENDS[vendor]]


@every_vendor
async def test_D1_a_repeat_is_answered_alike_and_changes_nothing(
    intake: IntakeUnderTest, vendor: str
) -> None:
    for what in STORIES[vendor][:2]:
        first, again = [await tell(intake, vendor, what) for _ in range(2)]

        assert (again.status_code, again.json()) == (200, first.json())
    assert await intake.count("delivery") == 2
    assert await intake.count("outbox") == 2


@every_vendor
async def test_S01_what_is_forged_is_answered_401_and_leaves_nothing(
    intake: IntakeUnderTest, vendor: str
) -> None:
    right = the_call(intake, vendor, body_of(vendor, STORIES[vendor][0]))
    signing = SIGNINGS[vendor]
    forged = signing.call(intake.clock.now(), body=right.raw, secret="x" * 24)

    assert (await send(intake, vendor, forged)).status_code == 401
    assert await intake.count("delivery") == 0


@every_vendor
async def test_D1_what_is_authentic_and_unreadable_is_answered_200_and_kept(
    intake: IntakeUnderTest, vendor: str
) -> None:
    answer = await send(intake, vendor, the_call(intake, vendor, b'{"a": '))

    assert (answer.status_code, answer.json()["outcome"]) == (200, "parked")
    assert await intake.rows("SELECT topic, raw FROM dead_letter") == [(vendor, b'{"a": ')]


@every_vendor
async def test_what_concerns_us_not_is_answered_200_and_means_nothing(
    intake: IntakeUnderTest, vendor: str
) -> None:
    strange = {
        "zendesk": "an event that concerns us not",
        "freshdesk": "an event of a rule that concerns us not",
        "intercom": "a topic that concerns us not",
        "hubspot": "another property",
        "github": "a push",
    }
    answer = await tell(intake, vendor, strange[vendor])

    assert (answer.status_code, answer.content) == (200, b"{}")
    assert await intake.count("outbox") == 0
    assert await intake.count("dead_letter") == 0


async def test_a_ping_is_answered_200(intake: IntakeUnderTest) -> None:
    for vendor, body in (
        ("github", {"zen": "Speak like a human."}),
        ("intercom", {"topic": "ping"}),
    ):
        answer = await send(intake, vendor, the_call(intake, vendor, body))

        assert (answer.status_code, answer.content) == (200, b"{}")


async def test_F58_a_bad_event_of_a_batch_is_kept_and_the_good_ones_count(
    intake: IntakeUnderTest,
) -> None:
    good = body_of("hubspot", "a ticket is created")[0]
    bad = {**good, "eventId": 2, "objectId": None}
    call = the_call(intake, "hubspot", [bad, good])

    answer = await send(intake, "hubspot", call)

    assert answer.status_code == 200
    assert [one["outcome"] for one in answer.json()["results"]] == ["parked", "accepted"]
    assert await intake.count("ticket") == 1
    assert await intake.count("dead_letter") == 1


async def test_an_attempt_that_counts_itself_is_no_conflict(intake: IntakeUnderTest) -> None:
    body = body_of("hubspot", "a ticket is created")
    first = await send(intake, "hubspot", the_call(intake, "hubspot", body))
    body[0]["attemptNumber"] = 4

    again = await send(intake, "hubspot", the_call(intake, "hubspot", body))

    assert again.json() == first.json()
    assert await intake.count("dead_letter") == 0


async def test_D1_an_id_that_was_used_for_another_body_is_quarantined(
    intake: IntakeUnderTest,
) -> None:
    body = body_of("zendesk", "a ticket is created by mail")
    await send(intake, "zendesk", the_call(intake, "zendesk", body))
    body["detail"]["subject"] = "Something else"

    other = await send(intake, "zendesk", the_call(intake, "zendesk", body))

    assert (other.status_code, other.json()["outcome"]) == (200, "quarantined")
    assert await intake.count("ticket") == 1


async def test_one_person_at_two_vendors_is_one_customer(intake: IntakeUnderTest) -> None:
    """Both know the same mail address; ids of customers travel, addresses do not (D9)."""
    await tell(intake, "intercom", "a user writes (newer shape)")
    await tell(intake, "zendesk", "a trigger: a ticket is created")

    assert await intake.count("ticket") == 2
    assert len(await intake.rows("SELECT DISTINCT customer_id FROM ticket")) == 1
    documents = await intake.rows("SELECT value FROM outbox")
    assert not any(b"ana@example.org" in document for (document,) in documents)


async def test_an_assignment_in_the_channel_is_the_routers_to_hear(
    intake: IntakeUnderTest,
) -> None:
    opened = await tell(intake, "github", "an issue is opened")
    await tell(intake, "github", "the issue is assigned")

    said = (await intake.said(opened.json()["ticket_id"]))[-1]
    assert isinstance(said, TicketAssignmentRequested)
    assert said.assignee == "maria"

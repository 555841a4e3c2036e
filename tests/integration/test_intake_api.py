"""Our own API: tickets and commands with a key, idempotent, with problems that name the field."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.clock import FakeClock
from shared.contracts import TicketEscalationRequested
from tests.support.intake import IntakeUnderTest, an_open, intake_under_test, settings

UNKNOWN = "00000000-0000-7000-8000-000000000000"
AGENT = {"kind": "agent", "id": "ana"}


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


def a_ticket(**fields: Any) -> dict[str, Any]:
    customer = {"id": "customer-1", "tier": "professional", "email": "jo@customers.example"}
    return {"customer": customer, "subject": "The export fails", "body": "Half way.", **fields}


async def opened(intake: IntakeUnderTest, **fields: Any) -> str:
    answer = await intake.post("/v1/tickets", a_ticket(**fields), key=str(uuid4()))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["ticket_id"])


async def test_D1_a_repeat_with_its_key_is_answered_200_with_the_same_ticket(
    intake: IntakeUnderTest,
) -> None:
    first = await intake.post("/v1/tickets", a_ticket(), key="k-1")
    again = await intake.post("/v1/tickets", a_ticket(), key="k-1")

    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    assert await intake.count("ticket") == 1


async def test_D1_a_key_used_for_another_body_is_answered_409_and_nothing_is_parked(
    intake: IntakeUnderTest,
) -> None:
    await intake.post("/v1/tickets", a_ticket(), key="k-1")
    other = await intake.post("/v1/tickets", a_ticket(subject="Another"), key="k-1")

    assert (other.status_code, other.json()["title"]) == (409, "Idempotency key reused")
    assert await intake.count("ticket") == 1
    assert await intake.count("dead_letter") == 0


async def test_a_key_belongs_to_one_route(intake: IntakeUnderTest) -> None:
    one, other = await opened(intake), await opened(intake)
    rating = {"score": 5}

    first = await intake.post(f"/v1/tickets/{one}/rating", rating, key="k-1")
    second = await intake.post(f"/v1/tickets/{other}/rating", rating, key="k-1")

    assert (first.status_code, second.status_code) == (202, 409)


async def test_the_same_request_many_times_at_once_makes_one_ticket(
    intake: IntakeUnderTest,
) -> None:
    answers = await asyncio.gather(
        *(intake.post("/v1/tickets", a_ticket(), key="k-1") for _ in range(30))
    )

    assert len({answer.json()["ticket_id"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 29 + [202]


async def test_opening_a_ticket_needs_a_key(intake: IntakeUnderTest) -> None:
    answer = await intake.post("/v1/tickets", a_ticket())

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "header.idempotency-key"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (a_ticket(subjekt="x"), "body.subjekt"),
        (a_ticket(subject="a\0b"), "body.subject"),
        (a_ticket(subject=" "), "body.subject"),
        (a_ticket(customer={"id": "c\0"}), "body.customer.id"),
        (a_ticket(priority="urgent"), "body.priority"),
        (a_ticket(amount="1e999"), "body.amount"),
        (a_ticket(occurred_at="2026-06-01T10:00:00"), "body.occurred_at"),
        ({"subject": "No customer"}, "body.customer"),
        (a_ticket(body="x" * 70_000), "body.body"),
    ],
)
async def test_a_malformed_request_is_answered_422_naming_the_field(
    intake: IntakeUnderTest, body: dict[str, Any], field: str
) -> None:
    answer = await intake.post("/v1/tickets", body, key="k-1")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await intake.count("delivery") == 0


@pytest.mark.parametrize(
    "raw",
    [b"{broken", b'{"subject": "\\ud800", "customer": {"id": "c"}}', b"\xff\xfe", b"[" * 50_000],
    ids=["broken JSON", "lone surrogate", "bad UTF-8", "too deep"],
)
async def test_bytes_that_are_no_request_are_never_an_error_of_ours(
    intake: IntakeUnderTest, raw: bytes
) -> None:
    answer = await intake.client.post(
        "/v1/tickets",
        content=raw,
        headers={
            "authorization": "Bearer tl_test",
            "idempotency-key": "k-1",
            "content-type": "application/json",
        },
    )

    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_strangers_are_answered_401(intake: IntakeUnderTest) -> None:
    answer = await intake.client.post("/v1/tickets", json=a_ticket())

    assert answer.status_code == 401


async def test_every_command_does_its_work(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("messages", {"author": AGENT, "body": "Have you tried again?"}),
        ("pause", {"reason": "waiting_on_customer", "by": AGENT}),
        ("resume", {}),
        ("priority", {"impact": "high", "urgency": "high"}),
        ("escalation-request", {"reason": "manager_requested", "by": AGENT}),
        ("resolution", {"resolution_code": "fixed", "by": AGENT}),
        ("reopening", {}),
        ("closing", {"reason": "confirmed"}),
        ("rating", {"score": 4, "comment": "Fine in the end."}),
    ]
    for path, body in steps:
        answer = await intake.post(f"/v1/tickets/{ticket}/{path}", body)
        assert (answer.status_code, answer.json()["outcome"]) == (202, "accepted"), answer.text

    assert await intake.names(ticket) == [
        "opened",
        "message_added",
        "paused",
        "resumed",
        "reclassified",
        "escalation_requested",
        "resolved",
        "reopened",
        "resolved",
        "closed",
        "rated",
    ]


async def test_V16_a_request_by_an_agent_is_told_as_theirs(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    body = {"reason": "policy_exception", "by": AGENT, "to_level": "management"}
    await intake.post(f"/v1/tickets/{ticket}/escalation-request", body)

    said = (await intake.said(ticket))[-1]
    assert isinstance(said, TicketEscalationRequested)
    assert (said.by.id, said.reason, said.to_level) == ("ana", "policy_exception", "management")


@pytest.mark.parametrize(
    ("path", "body", "status", "title"),
    [
        ("resume", {}, 409, "Not paused"),
        ("reopening", {}, 409, "Not settled"),
        ("priority", {"priority": "medium"}, 409, "Unchanged"),
        ("priority", {"priority": "low", "by": AGENT}, 422, "Invalid request"),
        ("escalation-request", {"reason": "bad mood"}, 422, "Invalid request"),
        ("pause", {"reason": "waiting_on_third_party"}, 422, "Invalid request"),
        ("rating", {"score": 6}, 422, "Invalid request"),
    ],
)
async def test_a_command_that_is_not_possible_says_why(
    intake: IntakeUnderTest, path: str, body: dict[str, Any], status: int, title: str
) -> None:
    ticket = await opened(intake)
    answer = await intake.post(f"/v1/tickets/{ticket}/{path}", body)

    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert await intake.names(ticket) == ["opened"]


async def test_a_refusal_is_repeated_as_a_refusal(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    first = await intake.post(f"/v1/tickets/{ticket}/resume", {}, key="k-1")
    again = await intake.post(f"/v1/tickets/{ticket}/resume", {}, key="k-1")

    assert (again.status_code, again.json()) == (first.status_code, first.json())


async def test_a_command_on_an_unknown_ticket_is_answered_404(intake: IntakeUnderTest) -> None:
    answer = await intake.post(f"/v1/tickets/{UNKNOWN}/rating", {"score": 5})

    assert answer.status_code == 404
    assert (await intake.get(f"/v1/tickets/{UNKNOWN}")).status_code == 404
    assert (await intake.get("/v1/tickets/nonsense")).status_code == 422


async def test_a_second_ticket_under_one_external_id_is_answered_409_with_the_first(
    intake: IntakeUnderTest,
) -> None:
    ticket = await opened(intake, external_id="A-1")
    answer = await intake.post("/v1/tickets", a_ticket(external_id="A-1"), key="k-2")

    assert answer.status_code == 409
    assert ticket in answer.json()["detail"]


async def test_a_ticket_is_shown_with_what_was_written_on_it(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    await intake.post(f"/v1/tickets/{ticket}/messages", {"author": AGENT, "body": "On it."})

    shown = (await intake.get(f"/v1/tickets/{ticket}")).json()

    assert (shown["status"], shown["subject"]) == ("open", "The export fails")
    assert [one["body"] for one in shown["messages"]] == ["Half way.", "On it."]


async def test_tickets_are_listed_page_by_page_the_newest_first(intake: IntakeUnderTest) -> None:
    made = [await opened(intake, external_id=f"A-{n}") for n in range(5)]

    seen, path = [], "/v1/tickets?limit=2&customer_id=customer-1"
    while path:
        page = await intake.get(path)
        seen += [one["ticket_id"] for one in page.json()["tickets"]]
        link = page.headers.get("link", "")
        path = link[1 : link.index(">")] if link else ""

    assert seen == made[::-1]


async def test_tickets_are_found_by_status_and_by_their_sources_name(
    intake: IntakeUnderTest,
) -> None:
    first = (await intake.webhook(an_open("A-1"))).json()["ticket_id"]
    second = (await intake.webhook(an_open("A-2"))).json()["ticket_id"]
    await intake.post(f"/v1/tickets/{second}/resolution", {})

    by_name = (await intake.get("/v1/tickets?external_id=A-1")).json()["tickets"]
    by_status = (await intake.get("/v1/tickets?status=resolved")).json()["tickets"]

    assert [one["ticket_id"] for one in by_name] == [first]
    assert [one["ticket_id"] for one in by_status] == [second]


async def test_a_customers_contact_is_what_was_said_last(intake: IntakeUnderTest) -> None:
    await opened(intake)
    shown = await intake.get("/v1/customers/customer-1/contact")
    assert shown.json()["email"] == "jo@customers.example"

    changed = await intake.put(
        "/v1/customers/customer-1/contact", {"email": "new@customers.example", "language": "de"}
    )

    assert changed.status_code == 200
    shown = await intake.get("/v1/customers/customer-1/contact")
    assert shown.json() == {
        "customer_id": "customer-1",
        "name": None,
        "email": "new@customers.example",
        "phone": None,
        "language": "de",
        "time_zone": None,
        "preferred_channel": None,
        "account_manager": None,
    }
    assert await intake.rows("SELECT tier FROM customer") == [("professional",)]


async def test_a_customers_id_may_hold_a_slash(intake: IntakeUnderTest) -> None:
    assert (await intake.put("/v1/customers/acme%2Fjo/contact", {"name": "Jo"})).is_success

    assert (await intake.get("/v1/customers/acme%2Fjo/contact")).json()["customer_id"] == "acme/jo"


@pytest.mark.parametrize("customer", ["stranger", "a%00b"])
async def test_the_contact_of_an_unknown_customer_is_not_found(
    intake: IntakeUnderTest, customer: str
) -> None:
    answer = await intake.get(f"/v1/customers/{customer}/contact")

    assert answer.status_code in {404, 422}


async def test_the_database_being_away_is_answered_503(clock: FakeClock) -> None:
    nowhere = settings("postgresql://nobody@127.0.0.1:1/none")
    async with intake_under_test(nowhere, clock) as intake:
        answer = await intake.post("/v1/tickets", a_ticket(), key="k-1")

        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_ids_of_new_tickets_rise_with_time(intake: IntakeUnderTest) -> None:
    ids = [UUID(await opened(intake)) for _ in range(3)]

    assert ids == sorted(ids)

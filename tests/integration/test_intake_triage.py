"""Triage over HTTP: the preview of a text, and the reasons a ticket keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.clock import FakeClock
from tests.support.intake import IntakeUnderTest, a_message, an_open, intake_under_test, settings


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


TEXT = {
    "subject": "I was charged twice",
    "body": "This is unacceptable. Please refund it asap, or my lawyer will write to you.",
}


async def test_a_preview_tells_every_value_and_why_and_opens_nothing(
    intake: IntakeUnderTest,
) -> None:
    answer = await intake.post("/v1/triage:preview", TEXT)

    assert answer.status_code == 200
    found = answer.json()
    rules = {(one["field"], one["value"]): one["rule"] for one in found.pop("evidence")}
    sentiment = found.pop("sentiment")
    assert found == {
        "priority": "high",
        "impact": "medium",
        "urgency": "high",
        "category": "billing",
        "complexity": "l1",
        "language": "en",
        "signals": ["urgent", "legal", "angry"],
        "customer_tier": "standard",
        "contact_number": 1,
    }
    assert (sentiment["label"], sentiment["score"] < 0) == ("threatening", True)
    assert rules == {
        ("customer_tier", "standard"): "default",
        ("language", "en"): "detected",
        ("category", "billing"): "model",
        ("complexity", "l1"): "default",
        ("impact", "medium"): "default",
        ("urgency", "high"): "word",
        ("signals", "urgent"): "word",
        ("signals", "legal"): "word",
        ("signals", "angry"): "word",
        ("priority", "high"): "matrix",
        ("sentiment", "threatening"): rules["sentiment", "threatening"],
    }
    assert await intake.count("ticket") == await intake.count("customer") == 0


async def test_a_preview_counts_what_is_known_of_the_customer(intake: IntakeUnderTest) -> None:
    known = {"id": "customer-1", "tier": "enterprise"}
    await intake.webhook(an_open(customer=known, category="billing"))

    answer = await intake.post(
        "/v1/triage:preview",
        {"subject": "My invoice", "customer": {"id": "customer-1"}, "priority": "low"},
    )

    found = answer.json()
    assert ("enterprise", 2, "high") == (
        found["customer_tier"],
        found["contact_number"],
        found["priority"],
    )
    assert {"field": "priority", "value": "high", "rule": "floor", "words": ["vip"]} in found[
        "evidence"
    ]


async def test_a_preview_of_nothing_is_a_verdict_like_any_other(intake: IntakeUnderTest) -> None:
    found = (await intake.post("/v1/triage:preview", {})).json()

    assert ("medium", "technical", None, []) == (
        found["priority"],
        found["category"],
        found["language"],
        found["signals"],
    )


async def test_a_preview_names_the_field_it_does_not_know(intake: IntakeUnderTest) -> None:
    answer = await intake.post("/v1/triage:preview", {"text": "hello"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.text"


async def test_a_ticket_shows_its_evidence_with_the_message_that_shows_it(
    intake: IntakeUnderTest,
) -> None:
    body = {**an_open("4711"), **TEXT, "category": None}
    opened = await intake.webhook(body)
    await intake.webhook(a_message("4711", body="It is still broken."))

    shown = (await intake.get(f"/v1/tickets/{opened.json()['ticket_id']}")).json()

    first, second = shown["messages"]
    category = next(one for one in shown["evidence"] if one["field"] == "category")
    assert ("billing", "model", ["charged", "charged twice", "refund"]) == (
        category["value"],
        category["rule"],
        category["words"],
    )
    assert (first["message_id"], shown["opened_at"]) == (category["message_id"], category["at"])
    last = shown["evidence"][-1]
    assert ("signals", "urgent", ["broken"], second["message_id"]) == (
        last["field"],
        last["value"],
        last["words"],
        last["message_id"],
    )

"""What intake understands of what customers write, after it was stored (semantics V3, P4, P5, M5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake import reading_store
from services.intake.analyst import Analyst
from services.intake.metrics import IntakeMetrics
from shared import failpoints
from shared.clock import FakeClock
from shared.contracts import (
    DuplicateCandidate,
    TicketAnalysed,
    TicketAssignmentRequested,
    TicketMerged,
    TicketReclassified,
    TicketUnmerged,
)
from shared.contracts.vocabulary import SentimentLabel
from shared.observability.metrics import Catalogue
from shared.runtime.worker import Worker
from tests.support.asked import packaged
from tests.support.crashes import CrashError, crash_at
from tests.support.intake import IntakeUnderTest, a_message, an_open, intake_under_test, settings

ANGRY = "This is a ridiculous waste of time, your support is useless!"
FRUSTRATED = "I am getting frustrated, this still fails"


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_failpoints_left() -> Iterator[None]:
    yield
    failpoints.clear()


def analyst(intake: IntakeUnderTest) -> Worker:
    """The worker that reads."""
    [found] = [worker for worker in intake.service.workers if worker.name == "analyst"]
    return found


async def read_all(intake: IntakeUnderTest) -> None:
    """Let the analyst read until nothing is left."""
    while await analyst(intake).run_once():
        pass


async def opened(intake: IntakeUnderTest, external_id: str = "4711", **fields: Any) -> UUID:
    """A ticket, opened and read."""
    answer = await intake.webhook(an_open(external_id, **fields))
    await read_all(intake)
    return UUID(answer.json()["ticket_id"])


async def said(intake: IntakeUnderTest, ticket_id: UUID, kind: type[Any]) -> list[Any]:
    """What was said of a ticket, of one kind."""
    return [one for one in await intake.said(ticket_id) if isinstance(one, kind)]


async def labels(intake: IntakeUnderTest, ticket_id: UUID) -> list[SentimentLabel]:
    """The moods that were told."""
    return [
        one.sentiment.label
        for one in await said(intake, ticket_id, TicketAnalysed)
        if one.sentiment is not None
    ]


async def shown(intake: IntakeUnderTest, ticket_id: UUID) -> dict[str, Any]:
    """The ticket as the API shows it."""
    body: dict[str, Any] = (await intake.get(f"/v1/tickets/{ticket_id}")).json()
    return body


async def merged_into(intake: IntakeUnderTest, ticket_id: UUID) -> list[UUID]:
    """Where a ticket went on."""
    return [one.into_ticket_id for one in await said(intake, ticket_id, TicketMerged)]


# Messages


async def test_P5_a_message_is_read_after_it_was_stored(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake, body=ANGRY)

    [analysed] = await said(intake, ticket, TicketAnalysed)
    assert analysed.sentiment.label is SentimentLabel.ANGRY
    assert analysed.sentiment.score < -0.7
    assert (await shown(intake, ticket))["sentiment"] == "angry"


async def test_every_message_of_a_customer_is_read_once(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    await intake.webhook(a_message())
    await read_all(intake)
    await read_all(intake)

    assert len(await said(intake, ticket, TicketAnalysed)) == 2


@pytest.mark.parametrize(
    "fields", [{"kind": "agent"}, {"kind": "customer", "automatic": True}, {"kind": "system"}]
)
async def test_only_what_customers_themselves_write_is_read(
    intake: IntakeUnderTest, fields: dict[str, Any]
) -> None:
    ticket = await opened(intake)
    await intake.webhook(a_message(**fields))
    await read_all(intake)

    assert len(await said(intake, ticket, TicketAnalysed)) == 1


async def test_V3_two_frustrated_messages_in_a_row_are_heard_in_their_order(
    intake: IntakeUnderTest,
) -> None:
    ticket = await opened(intake)
    await intake.webhook([a_message(body=FRUSTRATED), a_message(body=FRUSTRATED)])
    await read_all(intake)

    calm, frustrated = SentimentLabel.CALM, SentimentLabel.FRUSTRATED
    assert await labels(intake, ticket) == [calm, calm, frustrated]


async def test_P4_anger_raises_the_priority_once(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake, impact="low", urgency="low")
    for _ in range(2):
        await intake.webhook(a_message(body=ANGRY))
        await read_all(intake)

    [raised] = await said(intake, ticket, TicketReclassified)
    assert raised.reason == "sentiment"
    assert (await shown(intake, ticket))["priority"] == "medium"


async def test_V1_a_quoted_threat_means_nothing(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake, body="> This is terrible, my lawyer will call\n\nThanks, solved.")

    assert await labels(intake, ticket) == [SentimentLabel.CALM]


async def test_why_a_mood_is_what_it_is_stays_with_the_ticket(intake: IntakeUnderTest) -> None:
    await opened(intake, body="This is unacceptable, the worst support I have ever had")

    rows = await intake.rows("SELECT why::text FROM evidence WHERE why::text LIKE '%sentiment%'")
    assert len(rows) == 1
    assert "unacceptable" in rows[0][0]


async def test_what_belongs_to_a_merged_ticket_is_heard_by_the_one_it_went_on_as(
    intake: IntakeUnderTest,
) -> None:
    target = await opened(intake, "4711")
    source = await opened(intake, "4712", subject="Something else", body="The login is slow today.")
    await intake.post(f"/v1/tickets/{source}/merge", {"into": str(target)})
    await intake.webhook(a_message("4712", body=ANGRY))
    await read_all(intake)

    assert (await labels(intake, target))[-1] is SentimentLabel.ANGRY
    assert len(await labels(intake, source)) == 1


# The line


async def test_an_analyst_who_dies_before_the_commit_has_read_nothing(
    intake: IntakeUnderTest,
) -> None:
    answer = await intake.webhook(an_open(body=ANGRY))
    ticket = UUID(answer.json()["ticket_id"])
    crash_at("analyst.before_commit")
    with pytest.raises(CrashError):
        await analyst(intake).run_once()

    assert await said(intake, ticket, TicketAnalysed) == []
    await read_all(intake)
    assert len(await said(intake, ticket, TicketAnalysed)) == 1


async def test_an_analyst_who_dies_after_the_commit_has_said_it_once(
    intake: IntakeUnderTest,
) -> None:
    answer = await intake.webhook(an_open(body=ANGRY))
    ticket = UUID(answer.json()["ticket_id"])
    crash_at("writer.after_commit")
    with pytest.raises(CrashError):
        await analyst(intake).run_once()
    await read_all(intake)

    assert len(await said(intake, ticket, TicketAnalysed)) == 1


async def test_two_analysts_share_the_line(
    intake: IntakeUnderTest, database_url: str, clock: FakeClock
) -> None:
    await intake.webhook([an_open(f"t-{n}", body=f"Report {n} is late") for n in range(120)])
    async with intake_under_test(settings(database_url), clock) as other:
        async with other.service.engine.begin() as tx:
            theirs = {one.message_id for one in await reading_store.claim(tx, 50)}
            await analyst(intake).run_once()
        rows = await intake.rows("SELECT message_id FROM message WHERE analysed_at IS NOT NULL")
        ours = {message_id for (message_id,) in rows}

    assert (len(theirs), len(ours), ours & theirs) == (50, 50, set())


async def test_what_another_analyst_has_in_hand_comes_first_in_its_ticket(
    intake: IntakeUnderTest,
) -> None:
    await intake.webhook([an_open(body="One"), a_message(body="Two"), a_message(body="Three")])
    async with intake.service.engine.begin() as tx:
        assert len(await reading_store.claim(tx, 1)) == 1
        assert await analyst(intake).run_once() is False

    assert await analyst(intake).run_once() is True


async def test_a_message_that_cannot_be_read_holds_nobody_up(intake: IntakeUnderTest) -> None:
    await intake.webhook([an_open(f"t-{n}", body=f"Report {n}") for n in range(3)])
    left = [2]  # the batch, then the first message alone

    def fail(_: str) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise ValueError("unreadable")

    failpoints.install("analyst.hear", fail)
    await read_all(intake)

    [(told,)] = await intake.rows("SELECT count(*) FROM outbox WHERE topic LIKE '%tickets'")
    assert told == 3 + 2
    [(why,)] = await intake.rows("SELECT why::text FROM evidence WHERE why::text LIKE '%failed%'")
    assert "unreadable" in why
    text = (await intake.client.get("/metrics")).text
    assert 'tierline_analysis_failures_total{service="intake"} 1.0' in text
    assert 'tierline_analysis_pending{service="intake"} 0.0' in text


async def test_a_crowd_at_the_front_door_comes_first(intake: IntakeUnderTest) -> None:
    await intake.webhook(an_open())
    metrics = IntakeMetrics(Catalogue("intake"))
    waiting = Analyst(intake.service.writer, packaged(), metrics, is_crowded=lambda: True)

    assert await waiting.step() is False
    assert await analyst(intake).run_once() is True


# Duplicates


def an_invoice(external_id: str, body: str, **fields: Any) -> dict[str, Any]:
    """A ticket about an invoice, of the same customer as all others."""
    return {
        "external_id": external_id,
        "category": "billing",
        "subject": body,
        "body": body,
        **fields,
    }


FIRST = "Invoice 8812 wrong amount please correct"
AGAIN = "Invoice 8812 wrong amount, please correct it"


async def test_M_d_near_identical_tickets_of_one_requester_become_one(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    older = await opened(intake, **an_invoice("a", FIRST))
    await clock.move_to(clock.now() + timedelta(hours=2))
    newer = await opened(intake, **an_invoice("b", AGAIN))

    assert await merged_into(intake, newer) == [older]
    assert (await shown(intake, newer))["merged_into"] == str(older)
    assert (await shown(intake, older))["merged"] == [str(newer)]


async def test_M_d_another_number_is_suggested_only(intake: IntakeUnderTest) -> None:
    first = await opened(intake, **an_invoice("a", FIRST))
    second = await opened(intake, **an_invoice("b", AGAIN.replace("8812", "8813")))

    assert await merged_into(intake, second) == []
    [analysed] = await said(intake, second, TicketAnalysed)
    [candidate] = analysed.duplicate_candidates
    assert candidate == DuplicateCandidate(ticket_id=first, score=candidate.score)
    assert candidate.score >= 80


@pytest.mark.parametrize(
    "fields",
    [
        {"customer": {"id": "customer-2"}},
        {"category": "account"},
        {"body": "Invoice 8812 wrong amount please correct the tax of Lisbon"},
    ],
)
async def test_M5_all_of_the_strict_rule_must_hold(
    intake: IntakeUnderTest, fields: dict[str, Any]
) -> None:
    await opened(intake, **an_invoice("a", FIRST))
    other = await opened(intake, **an_invoice("b", AGAIN) | fields)

    assert await merged_into(intake, other) == []


async def test_M5_a_day_later_it_is_another_ticket(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    await opened(intake, **an_invoice("a", FIRST))
    await clock.move_to(clock.now() + timedelta(hours=24, milliseconds=1))
    later = await opened(intake, **an_invoice("b", AGAIN))

    assert await merged_into(intake, later) == []


async def test_M5_a_settled_ticket_takes_nothing_in(intake: IntakeUnderTest) -> None:
    await opened(intake, **an_invoice("a", FIRST))
    await intake.webhook({"type": "ticket.status", "external_id": "a", "status": "resolved"})
    other = await opened(intake, **an_invoice("b", AGAIN))

    assert await merged_into(intake, other) == []


async def test_M5_tickets_read_together_are_merged_into_the_oldest(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    tickets = []
    for n in range(3):
        answer = await intake.webhook(an_open(**an_invoice(f"t-{n}", FIRST)))
        tickets.append(UUID(answer.json()["ticket_id"]))
        await clock.move_to(clock.now() + timedelta(minutes=1))
    await read_all(intake)

    assert [await merged_into(intake, one) for one in tickets] == [[], [tickets[0]], [tickets[0]]]


async def test_M1_an_automatic_merge_takes_the_higher_priority_along(
    intake: IntakeUnderTest,
) -> None:
    older = await opened(intake, **an_invoice("a", FIRST, impact="low", urgency="low"))
    await opened(intake, **an_invoice("b", AGAIN, impact="high", urgency="high"))

    assert (await shown(intake, older))["priority"] == "critical"


async def test_M4_what_somebody_parted_no_rule_merges_again(intake: IntakeUnderTest) -> None:
    older = await opened(intake, **an_invoice("a", FIRST))
    newer = await opened(intake, **an_invoice("b", AGAIN))
    answer = await intake.post(f"/v1/tickets/{newer}/unmerge", {})
    await read_all(intake)
    third = await opened(intake, **an_invoice("c", AGAIN))

    assert answer.status_code == 202
    [apart] = await said(intake, newer, TicketUnmerged)
    assert apart.from_ticket_id == older
    assert await merged_into(intake, newer) == [older]
    assert await merged_into(intake, third) == [older]
    assert (await shown(intake, newer))["merged_into"] is None


async def test_M_c_the_same_delivery_is_a_repeat_and_another_body_is_quarantined(
    intake: IntakeUnderTest,
) -> None:
    first = await intake.webhook(an_open(), message_id="m-1")
    same = await intake.webhook(an_open(), message_id="m-1")
    other = await intake.webhook(an_open(body="Since this morning!"), message_id="m-1")

    assert (same.status_code, same.json()["ticket_id"]) == (200, first.json()["ticket_id"])
    assert (other.status_code, other.json()["outcome"]) == (202, "quarantined")
    assert len((await shown(intake, UUID(first.json()["ticket_id"])))["messages"]) == 1


async def test_a_ticket_of_somebody_else_about_the_same_is_suggested(
    intake: IntakeUnderTest,
) -> None:
    theirs = await opened(
        intake,
        "a",
        customer={"id": "customer-2"},
        subject="PDF export stops half way",
        body="The PDF export of large reports stops half way with a timeout.",
    )
    await opened(intake, "b", subject="New address", body="Where do I change our postal address?")
    ours = await opened(
        intake,
        "c",
        subject="Exporting reports as PDF stops",
        body="Since the update the export of my large report to PDF stops with a timeout.",
    )

    answer = await intake.get(f"/v1/tickets/{ours}/suggestions")
    [found] = answer.json()["suggestions"]
    assert found["ticket_id"] == str(theirs)
    assert found["subject"] == "PDF export stops half way"
    assert 0 < found["score"] <= 100


async def test_a_ticket_without_a_text_is_found_by_its_subject(intake: IntakeUnderTest) -> None:
    older = await opened(intake, "a", subject="Invoice 8812 wrong amount", body="")
    newer = await opened(intake, "b", subject="Invoice 8812 wrong amount", body="")

    assert await merged_into(intake, newer) == [older]


# The API


async def test_M1_a_person_merges_and_both_become_one_conversation(
    intake: IntakeUnderTest,
) -> None:
    target = await opened(intake, "a")
    source = await opened(intake, "b", subject="Login", body="The login is slow.")
    answer = await intake.post(f"/v1/tickets/{source}/merge", {"into": str(target)})

    assert answer.status_code == 202
    united = await shown(intake, target)
    assert [one["ticket_id"] for one in united["messages"]] == [str(target), str(source)]
    assert united["merged"] == [str(source)]


@pytest.mark.parametrize(
    ("case", "status", "title"),
    [
        ("itself", 409, "Circle"),
        ("twice", 409, "Already merged"),
        ("settled", 409, "Target settled"),
        ("unknown", 422, "Invalid request"),
    ],
)
async def test_M1_a_merge_that_cannot_be_is_refused(
    intake: IntakeUnderTest, case: str, status: int, title: str
) -> None:
    target = await opened(intake, "a")
    source = await opened(intake, "b", subject="Login", body="The login is slow.")
    into = {"itself": source, "unknown": UUID(int=1)}.get(case, target)
    if case == "settled":
        await intake.post(f"/v1/tickets/{target}/resolution", {})
    if case == "twice":
        await intake.post(f"/v1/tickets/{source}/merge", {"into": str(into)})
    answer = await intake.post(f"/v1/tickets/{source}/merge", {"into": str(into)})

    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_ticket_that_was_never_merged_cannot_be_parted(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    answer = await intake.post(f"/v1/tickets/{ticket}/unmerge", {})

    assert (answer.status_code, answer.json()["title"]) == (409, "Not merged")


async def test_a_person_classifies_anew(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    answer = await intake.post(
        f"/v1/tickets/{ticket}/classification", {"category": "billing", "complexity": "l2"}
    )

    assert answer.status_code == 202
    now = await shown(intake, ticket)
    assert (now["category"], now["complexity"]) == ("billing", "l2")


@pytest.mark.parametrize("body", [{}, {"category": "gardening"}, {"complexity": "l9"}])
async def test_a_classification_nobody_knows_is_refused(
    intake: IntakeUnderTest, body: dict[str, str]
) -> None:
    ticket = await opened(intake)
    answer = await intake.post(f"/v1/tickets/{ticket}/classification", body)

    assert answer.status_code == 422


async def test_an_assignment_is_asked_for(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    answer = await intake.post(f"/v1/tickets/{ticket}/assignment", {"assignee": "ana"})

    assert answer.status_code == 202
    [asked] = await said(intake, ticket, TicketAssignmentRequested)
    assert (asked.assignee, asked.by.kind) == ("ana", "agent")


async def test_suggestions_of_an_unknown_ticket_are_not_found(intake: IntakeUnderTest) -> None:
    answer = await intake.get(f"/v1/tickets/{UUID(int=1)}/suggestions")

    assert answer.status_code == 404

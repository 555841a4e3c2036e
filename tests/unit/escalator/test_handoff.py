"""The hand-off document (semantics X4, X9): facts in the event, sentences and prose for its reader."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.escalator.domain.document import Document, compose
from services.escalator.domain.items import Acknowledge
from services.escalator.domain.masking import LONGEST, masked
from services.escalator.domain.written import Content, missing, next_version
from services.escalator.handoff_api import matching, wants_markdown
from services.escalator.handoff_page import markdown
from services.escalator.store_handoffs import HandoffRow
from shared.contracts import EscalationAdvanced, EscalationRaised, TicketEscalationRequested
from shared.contracts.escalations import Handoff
from shared.contracts.vocabulary import SentimentLabel
from shared.http.problems import DomainError
from tests.support.builders import AGENT, TICKET
from tests.support.cases import Story, at

PROSE = Content(
    summary="Dana (dana@acme.example, +49 30 1234567) cannot sign in.",
    tried=("Reset the session keys: no change.",),
    sentiment=SentimentLabel.ANGRY,
    expectation="Wants to work again today.",
    next_steps=("Read the server's log.", "Call Dana."),
)


def critical(**changes: Any) -> Story:
    story = Story()
    story.open("critical", "enterprise", **changes)
    return story


def write(story: Story, content: Content, clock: str, by: str = "maria") -> None:
    before = story.case.ticket.written
    story.hear(next_version(content, before, by=by, at=at(clock)), at(clock))


def raised(story: Story) -> Handoff:
    """The document of the ticket's one escalation."""
    [handoff] = [s.payload.handoff for s in story.said if isinstance(s.payload, EscalationRaised)]
    return handoff


def holds_until(story: Story) -> datetime:
    escalation = story.case.open_escalation
    assert escalation is not None
    assert escalation.holds_until is not None
    return escalation.holds_until


def document(story: Story, clock: str, content: Content | None = None) -> Document:
    return compose(story.case, content or Content(), at=at(clock), policy=story.policy)


def test_X4_an_automatic_escalation_has_a_document_that_nobody_wrote() -> None:
    story = critical()
    story.agent_replies("10:05")
    story.customer_writes("10:06")
    story.pass_to("12:00")

    handoff = raised(story)

    assert (True, None, []) == (handoff.generated, handoff.version, handoff.written)
    assert ["agent_replied"] == handoff.tried
    assert ["answer_customer", "resolve"] == handoff.next_steps
    assert "acme" == handoff.customer_id


def test_X4_a_request_that_comes_as_an_event_goes_with_a_generated_document() -> None:
    story = critical()

    story.tell(
        TicketEscalationRequested(ticket_id=TICKET, by=AGENT, reason="outside_authority"), "10:01"
    )

    assert raised(story).generated is True


@pytest.mark.parametrize(
    ("content", "needed"),
    [
        (Content(), ["tried", "next_steps"]),
        (Content(summary="All is said.", tried=("This.",)), ["next_steps"]),
        (Content(next_steps=("That.",)), ["tried"]),
        (Content(tried=("This.",), next_steps=("That.",)), []),
    ],
)
def test_X4_what_was_tried_and_what_comes_next_are_needed(
    content: Content, needed: list[str]
) -> None:
    assert needed == missing(content.fields)


def test_X4_a_change_of_level_carries_a_document_and_a_repeated_page_does_not() -> None:
    story = critical()
    story.pass_to("10:19")

    told = [s.payload for s in story.said if isinstance(s.payload, EscalationAdvanced)]

    assert {True} == {one.handoff is not None for one in told if one.from_level != one.to_level}
    assert {False} == {one.handoff is not None for one in told if one.from_level == one.to_level}


def test_X9_what_people_wrote_is_named_in_the_event_and_not_quoted() -> None:
    story = critical()
    write(story, PROSE, "10:01")
    story.pass_to("10:12")

    handoff = raised(story)

    assert (False, 1, SentimentLabel.ANGRY) == (
        handoff.generated,
        handoff.version,
        handoff.sentiment,
    )
    assert ["summary", "tried", "sentiment", "expectation", "next_steps"] == handoff.written
    told = msgspec.json.encode(story.said).decode() + msgspec.json.encode(story.case).decode()
    words = (PROSE.summary, *PROSE.tried, PROSE.expectation, *PROSE.next_steps)
    assert [] == [word for word in words if word and word in told]


@pytest.mark.parametrize("usual", [True, False])
def test_X9_the_summary_is_two_or_three_sentences_of_classifications(*, usual: bool) -> None:
    unusual: dict[str, Any] = (
        {} if usual else {"contact_number": 3, "reopened_count": 1, "signals": ["legal"]}
    )
    story = critical(**unusual)
    story.pass_to("10:12")

    summary = document(story, "10:12").summary

    assert (2 if usual else 3) == len(re.findall(r"\.(?: |$)", summary))
    assert summary.startswith(
        "A critical account ticket of an enterprise customer, open for 12 min"
    )
    assert usual == ("contact number 3, reopened 1 times, signs of legal" not in summary)


def test_X9_the_timeline_has_the_first_contact_the_actions_and_the_trigger() -> None:
    story = critical()
    story.agent_replies("10:05")
    story.customer_writes("10:06")
    story.pass_to("12:00")

    lines = raised(story).timeline

    assert "opened" == lines[0].kind
    assert ["agent_replied", "customer_wrote"] == [o.kind for o in lines if o.message_id]
    assert sorted(o.at for o in lines) == [o.at for o in lines]
    assert lines[-1].detail is not None, "the trigger, and what showed it"


def test_X9_what_nobody_wrote_is_filled_from_the_log() -> None:
    story = critical()
    story.agent_replies("10:05")
    story.pass_to("13:12")

    told = document(story, "13:12")

    assert (TICKET, "acme", "critical", True) == (
        told.ticket_id,
        told.customer_id,
        told.priority,
        told.generated,
    )
    assert (story.case.level, "specialists") == (told.escalating_to, told.team)
    assert ["An agent replied, last at 2026-06-01 10:05 UTC."] == told.tried
    assert ["Solve it by 2026-06-01 14:00 UTC."] == told.next_steps
    assert "Resolution by 2026-06-01 14:00 UTC, as promised." == told.expectation
    assert 1 == len(told.attachments)


def test_X9_what_somebody_wrote_stands_in_its_place_word_for_word() -> None:
    story = critical()
    story.pass_to("10:12")

    told = document(story, "10:12", PROSE)

    assert PROSE == Content(
        summary=told.summary,
        tried=tuple(told.tried),
        sentiment=told.sentiment,
        expectation=told.expectation,
        next_steps=tuple(told.next_steps),
    )
    assert list(PROSE.fields) == told.written


def test_X9_the_reason_of_a_request_by_hand_is_the_one_that_was_given() -> None:
    story = critical()
    story.tell(
        TicketEscalationRequested(ticket_id=TICKET, by=AGENT, reason="outside_authority"), "10:01"
    )

    assert "outside_authority" == document(story, "10:02").reason


def test_a_ticket_that_nobody_escalated_has_a_document_that_goes_nowhere_yet() -> None:
    told = document(critical(), "10:02")

    assert (None, None, None) == (told.escalating_to, told.reason, told.escalation_id)
    assert told.summary.startswith("This is a critical account ticket")


def test_L4_a_document_that_was_written_is_progress() -> None:
    story = critical()
    story.pass_to("10:12")
    story.hear(Acknowledge(by="maria", via="api", at=at("10:12:30")), at("10:12:30"))
    before = holds_until(story)

    write(story, PROSE, "10:13")

    assert before + timedelta(seconds=30) == holds_until(story)


def test_a_later_version_replaces_the_one_before() -> None:
    story = critical()
    write(story, PROSE, "10:01")
    write(story, Content(tried=("Something else.",)), "10:02", by="tom")

    written = story.case.ticket.written

    assert written is not None
    assert (2, "tom", ("tried",)) == (written.version, written.by, written.fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ask dana.k+x@acme.example.", "Ask [e-mail address]"),
        ("Call +49 30 1234567 now", "Call [phone number] now"),
        ("Call (030) 123-45-67", "Call [phone number]"),
        ("Call 0049301234567,", "Call [phone number],"),
        ("Since 2026-06-01 10:15 on P1", "Since 2026-06-01 10:15 on P1"),
        (f"See {TICKET}", f"See {TICKET}"),
        ("Order 8812, 3 times", "Order 8812, 3 times"),
    ],
)
def test_X9_ways_to_reach_somebody_are_masked(text: str, expected: str) -> None:
    assert expected == masked(text)


def test_X9_no_text_of_more_than_500_characters_enters_an_event() -> None:
    assert LONGEST == len(masked("a@b " * 125))


def test_the_page_says_whose_words_it_holds_and_takes_none_of_them_for_markup() -> None:
    story = critical()
    content = Content(summary="# <b>Look</b>\n- [here](x)", next_steps=("One.", "Two."))
    row = HandoffRow(3, "maria", at("10:11"), content)

    page = markdown(document(story, "10:12", content), row)

    assert "\\# \\<b\\>Look\\</b\\> - \\[here\\](x)" in page
    assert "1. One.\n2. Two." in page
    assert "Written by people: summary, next steps (version 3, maria at 2026-06-01 10:11" in page


def test_X9_the_page_has_every_field_of_the_document() -> None:
    story = critical()
    story.agent_replies("10:05")
    story.pass_to("13:12")

    page = markdown(document(story, "13:12"), None)

    titles = re.findall(r"^## (.*)$", page, re.MULTILINE)
    facts = re.findall(r"^- \*\*(.*)\*\*", page, re.MULTILINE)
    assert ["Ticket", "Customer", "Priority", "Escalating to", "Reason"] == facts
    assert [
        "Summary",
        "Timeline",
        "Tried so far",
        "How the customer feels",
        "What the customer expects",
        "Next steps",
        "Attachments",
    ] == titles
    assert "generated from the ticket's events" in page


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", False),
        ("application/json", False),
        ("text/markdown", True),
        ("text/markdown;q=0.5, application/json", False),
        ("application/json;q=0.1, Text/Markdown", True),
        ("text/markdown;q=0", False),
        ("", False),
    ],
)
def test_markdown_is_sent_to_those_who_like_it_best(accept: str, *, expected: bool) -> None:
    assert expected == wants_markdown(accept)


@pytest.mark.parametrize(
    ("header", "expected"),
    [("*", None), ('"3"', {3}), ('"3", "4"', {3, 4}), ("3", set()), ('"x"', set())],
)
def test_if_match_names_the_versions_that_may_be_replaced(
    header: str, expected: set[int] | None
) -> None:
    assert expected == matching(header)


def test_without_if_match_nothing_is_replaced() -> None:
    with pytest.raises(DomainError) as refused:
        matching(None)

    assert 428 == refused.value.status

"""Why a ticket is classified as it is: every derived value carries its rule, words and score."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.intake.domain.commands import AddMessage, CustomerFacts
from services.intake.domain.evidence import Evidence
from services.intake.domain.history import CustomerHistory, PastTicket
from services.intake.domain.lifecycle import open_ticket
from services.intake.domain.triage import IntakePolicy
from shared.contracts import TicketOpened
from shared.contracts.vocabulary import Complexity, Grade, Priority
from shared.policy import parse_workflow
from tests.support.asked import CUSTOMER, TICKET, Story, asked, clock, opening


def evidence(history: CustomerHistory | None = None, **fields: Any) -> list[Evidence]:
    """Why a ticket with these fields is what it is."""
    command = opening(**fields)
    circumstances = asked(clock("08:00"), command_id=UUID(int=1), history=history)
    return list(open_ticket(command, command.customer, circumstances, TICKET).evidence)


def why(field: str, **fields: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    """The steps that led to one field's value: value, rule, words."""
    return [(e.value, e.rule, e.words) for e in evidence(**fields) if e.field == field]


def test_P5_a_priority_shows_the_cell_it_was_read_from() -> None:
    assert [("high", "matrix", ("impact medium", "urgency high"))] == why(
        "priority", impact=Grade.MEDIUM, urgency=Grade.HIGH
    )


def test_P5_a_given_priority_says_so() -> None:
    assert [("low", "given", ())] == why("priority", priority=Priority.LOW)


def test_P7_a_phrase_shows_its_words_after_the_matrix() -> None:
    assert [
        ("medium", "matrix", ("impact medium", "urgency medium")),
        ("critical", "phrase", ("security breach",)),
    ] == why("priority", subject="A security breach", body="")


def test_P4_floor_and_bump_show_condition_and_words_in_their_order() -> None:
    customer = CustomerFacts(customer_id="c", tier="enterprise")

    assert [
        ("low", "given", ()),
        ("high", "floor", ("vip",)),
    ] == why("priority", priority=Priority.LOW, customer=customer, body="the worst")
    assert [("low", "given", ()), ("medium", "bump", ("worst",))] == why(
        "priority", priority=Priority.LOW, body="the worst"
    )


def test_V4_urgency_shows_all_words_as_one_fact() -> None:
    text = "Everything is DOWN, fix it asap!!"

    assert [("high", "word", ("DOWN", "asap"))] == why("urgency", subject="Help", body=text)
    assert [("urgent", "word", ("DOWN", "asap"))] == why("signals", subject="Help", body=text)


def test_V_the_lawyer_example_lists_every_signal_with_its_words() -> None:
    assert [("legal", "word", ("sue",)), ("angry", "word", ("terrible",))] == why(
        "signals", subject="Hello", body="This is terrible, I will sue."
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"category": "API"}, ("integration", "given", ("API",))),
        (
            {"subject": "I was charged twice", "body": "Please refund"},
            ("billing", "model", ("charged", "charged twice", "refund")),
        ),
        ({"subject": "Hello", "body": "Anybody there?"}, ("technical", "default", ())),
        (
            {"subject": "New laptop", "body": "for the finance team"},
            ("technical", "unsure", ("laptop",)),
        ),
        (
            {"category": "gardening", "subject": "My invoice", "body": ""},
            ("billing", "model", ("invoice",)),
        ),
    ],
)
def test_a_category_shows_whether_it_was_given_judged_or_unsure(
    given: dict[str, Any], expected: tuple[str, str, tuple[str, ...]]
) -> None:
    assert [expected] == why("category", **given)


def test_a_judged_category_has_its_probability_as_score() -> None:
    [found] = [e for e in evidence(subject="My invoice", body="") if e.field == "category"]

    assert found.score == pytest.approx(0.834, abs=0.001)


def test_a_category_rule_settles_what_no_model_is_asked_about() -> None:
    workflow = parse_workflow(
        "triage: {category_rules: ["
        "{phrases: ['carte perdue'], category: account, language: fr},"
        "{phrases: ['lost my badge'], category: Account}]}"
    )
    policy = IntakePolicy.of(workflow, lambda _: ("en", 0.9))

    def judged(text: str) -> Evidence:
        command = opening(subject=text, body="")
        circumstances = asked(clock("08:00"), command_id=UUID(int=1), policy=policy)
        found = open_ticket(command, command.customer, circumstances, TICKET).evidence
        return next(one for one in found if one.field == "category")

    assert ("account", "rule", ("lost my badge",)) == (
        judged("I lost my badge and my invoice").value,
        judged("I lost my badge").rule,
        judged("I lost my badge").words,
    )
    assert judged("carte perdue").rule == "default"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"complexity": Complexity.L3}, ("l3", "given", ())),
        ({"subject": "How do I export?"}, ("l1", "phrase", ("How do I",))),
        ({"subject": "How do I fix this error message"}, ("l2", "phrase", ("error message",))),
        ({"subject": "A timeout, and then data loss"}, ("l3", "phrase", ("data loss",))),
        ({"subject": "Nothing said"}, ("l1", "default", ())),
        ({"body": "Windows says 0x80070005"}, ("l2", "trace", ("0x80070005",))),
        (
            {"body": "```\njava.lang.NullPointerException\n```"},
            ("l2", "trace", ("NullPointerException",)),
        ),
        ({"body": "There is an Error in my invoice"}, ("l1", "default", ())),
        ({"body": "This is no data loss"}, ("l1", "default", ())),
    ],
)
def test_S0_04_complexity_is_given_or_the_highest_that_the_text_shows(
    fields: dict[str, Any], expected: tuple[str, str, tuple[str, ...]]
) -> None:
    assert [expected] == why("complexity", **fields)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("de-AT", "de"), ("EN_us", "en"), ("fr", "fr"), ("German", None), (None, None)],
)
def test_a_given_language_is_known_by_its_code(given: str | None, expected: str | None) -> None:
    found = why("language", language=given)

    assert ([(expected, "given", ())] if expected else []) == found


def test_a_detected_language_shows_its_score_and_chooses_the_model() -> None:
    policy = IntakePolicy.of(parse_workflow("company: X"), lambda _: ("de", 0.98765))
    command = opening(subject="Die Rechnung", body="")
    circumstances = asked(clock("08:00"), command_id=UUID(int=1), policy=policy)
    decision = open_ticket(command, command.customer, circumstances, TICKET)

    assert Evidence(field="language", value="de", rule="detected", score=0.988) in decision.evidence
    opened = decision.facts[0].payload
    assert isinstance(opened, TicketOpened)
    assert ("de", "billing") == (opened.language, opened.category)


def test_V18_a_repeated_contact_shows_its_number() -> None:
    past = PastTicket(
        ticket_id=UUID(int=7),
        customer_id="customer-1",
        category="technical",
        opened_at=clock("07:00"),
    )

    found = evidence(CustomerHistory([past]), category="technical")

    assert Evidence(field="contact_number", value="2", rule="30 days") in found


def test_a_tier_the_workflow_does_not_know_is_shown_as_the_default() -> None:
    customer = CustomerFacts(customer_id="c", tier="platinum", vip=True)

    assert [("standard", "default", ())] == why("customer_tier", customer=customer)
    assert [("true", "given", ())] == why("customer_vip", customer=customer)
    assert [("professional", "given", ())] == why("customer_tier")


def test_V1_the_signals_of_a_message_show_their_words() -> None:
    story = Story()
    story.does("09:00", AddMessage(body="It is broken, asap please", by=CUSTOMER, public=True))

    assert (
        Evidence(field="signals", value="urgent", rule="word", words=("broken", "asap")),
    ) == story.decisions[-1].evidence

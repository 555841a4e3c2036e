"""What a ticket is on arrival (semantics P4–P7, V4)."""

from __future__ import annotations

import pytest

from services.intake.domain.commands import CustomerFacts
from services.intake.domain.triage import subject_line
from shared.contracts.vocabulary import Grade, Priority
from tests.support.asked import opened

_MATRIX = {
    ("high", "high"): "critical",
    ("high", "medium"): "high",
    ("high", "low"): "medium",
    ("medium", "high"): "high",
    ("medium", "medium"): "medium",
    ("medium", "low"): "low",
    ("low", "high"): "medium",
    ("low", "medium"): "low",
    ("low", "low"): "low",
}


@pytest.mark.parametrize(("grades", "expected"), _MATRIX.items())
def test_P6_priority_is_impact_times_urgency(grades: tuple[str, str], expected: str) -> None:
    said = opened(impact=Grade(grades[0]), urgency=Grade(grades[1]))

    assert expected == said.priority


def test_P5_an_unknown_impact_or_urgency_counts_as_medium() -> None:
    assert opened(urgency=Grade.HIGH).impact == Grade.MEDIUM
    assert opened(urgency=Grade.HIGH).priority == Priority.HIGH
    assert opened().priority == Priority.MEDIUM


def test_P5_a_trusted_sources_priority_wins_over_the_matrix() -> None:
    assert opened(priority=Priority.LOW, impact=Grade.HIGH, urgency=Grade.HIGH).priority == "low"


@pytest.mark.parametrize(
    "customer",
    [
        CustomerFacts(customer_id="c", tier="enterprise"),
        CustomerFacts(customer_id="c", lifetime_value=10_000.01),
        CustomerFacts(customer_id="c", vip=True),
    ],
    ids=["enterprise", "worth more than 10000", "flag"],
)
def test_P4_a_VIPs_ticket_is_at_least_high_and_a_critical_one_stays_critical(
    customer: CustomerFacts,
) -> None:
    assert opened(customer=customer, priority=Priority.LOW).priority == Priority.HIGH
    assert opened(customer=customer, priority=Priority.CRITICAL).priority == Priority.CRITICAL


def test_V20_a_lifetime_value_of_exactly_the_threshold_makes_no_VIP() -> None:
    customer = CustomerFacts(customer_id="c", lifetime_value=10_000)

    assert opened(customer=customer, priority=Priority.LOW).priority == Priority.LOW


def test_V4_urgency_words_make_urgency_high_before_the_matrix_is_read() -> None:
    said = opened(subject="All is broken", impact=Grade.HIGH, urgency=Grade.LOW)

    assert (Grade.HIGH, Priority.CRITICAL) == (said.urgency, said.priority)
    assert said.signals == ["urgent"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Our system down since noon", "critical"),
        ("There is a billing error", "high"),
        ("An account question", "medium"),
        ("A feature request", "low"),
        ("A feature request and a billing error", "high"),
        ("A general inquiry, asap please", "high"),
        ("Nothing of the kind", "medium"),
    ],
)
def test_P7_phrases_are_read_when_the_source_grades_nothing(text: str, expected: str) -> None:
    assert expected == opened(subject=text).priority


def test_P7_a_graded_ticket_is_not_read() -> None:
    assert opened(subject="A billing error", impact=Grade.LOW).priority == Priority.LOW


@pytest.mark.parametrize(
    ("given", "expected"), [("low", "medium"), ("medium", "high"), ("high", "high")]
)
def test_P4_anger_raises_by_one_step_at_most_to_high(given: str, expected: str) -> None:
    said = opened(body="This is the worst.", priority=Priority(given))

    assert expected == said.priority


def test_a_category_goes_by_its_alias_and_an_unknown_one_by_the_default() -> None:
    assert opened(category="API").category == "integration"
    assert opened(category="gardening").category == "technical"
    assert opened().category == "technical"


def test_an_unknown_tier_or_channel_is_one_the_workflow_knows() -> None:
    said = opened(
        customer=CustomerFacts(customer_id="c", tier="platinum"), channel="carrier pigeon"
    )

    assert ("standard", "api") == (said.customer.tier, said.channel)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Hello", "Hello"),
        ("a\r\nBcc: x@y.example\tz", "a Bcc: x@y.example z"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x" * 300, "x" * 200),
        (" \x00\x07 ", "(no subject)"),
        ("", "(no subject)"),
    ],
)
def test_a_subject_is_one_clean_line_of_at_most_200_characters(written: str, expected: str) -> None:
    assert expected == subject_line(written)

"""What a customer has been through lately (semantics V18, R5, V13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from services.intake.domain.history import CustomerHistory, PastTicket


def a_past_ticket(
    number: int, opened: str, *reopened: str, category: str = "billing"
) -> PastTicket:
    return PastTicket(
        ticket_id=UUID(int=number),
        customer_id="c",
        category=category,
        opened_at=day(opened),
        reopened_at=[day(one) for one in reopened],
    )


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def test_V9_contacts_on_1_and_10_may_make_the_one_on_20_may_the_third() -> None:
    history = CustomerHistory([a_past_ticket(1, "05-01"), a_past_ticket(2, "05-10")])

    assert history.contacts("billing", at=day("05-20")) == 2


def test_V9_a_contact_more_than_30_days_ago_does_not_count() -> None:
    history = CustomerHistory([a_past_ticket(1, "05-01"), a_past_ticket(2, "05-10")])

    assert history.contacts("billing", at=day("06-02")) == 1


def test_V18_a_reopening_is_a_contact_and_another_category_is_not_the_same_issue() -> None:
    history = CustomerHistory(
        [
            a_past_ticket(1, "03-01", "05-12"),
            a_past_ticket(2, "05-10", category="technical"),
        ]
    )

    assert history.contacts("billing", at=day("05-20")) == 1


def test_R5_a_ticket_reopened_twice_is_one_reopened_ticket() -> None:
    history = CustomerHistory(
        [a_past_ticket(1, "05-01", "05-02", "05-03"), a_past_ticket(2, "05-04", "05-05")]
    )

    assert history.reopened(at=day("05-20")) == 2
    assert history.reopened(at=day("05-20"), but=UUID(int=2)) == 1


def test_exactly_30_days_ago_still_counts() -> None:
    history = CustomerHistory([a_past_ticket(1, "05-01")])

    assert history.contacts("billing", at=day("05-01") + timedelta(days=30)) == 1


def test_what_happens_in_a_group_is_counted_within_it() -> None:
    history = CustomerHistory([])
    history.remember(a_past_ticket(1, "05-01"))
    history.remember(a_past_ticket(1, "05-01", "05-02"))

    assert history.contacts("billing", at=day("05-20")) == 2


def test_V13_the_last_ratings_are_those_given_last_whatever_the_age_of_the_ticket() -> None:
    given = [("05-09", 1), ("05-08", 2), ("05-20", 3), ("05-11", 4), ("05-12", 5), ("05-13", 1)]
    history = CustomerHistory(
        [
            msgspec.structs.replace(a_past_ticket(n, "05-01"), rating=score, rated_at=day(rated))
            for n, (rated, score) in enumerate(given, start=1)
        ]
    )

    assert history.ratings(but=UUID(int=9)) == [1, 4, 5, 1, 3]
    assert history.ratings(but=UUID(int=3)) == [2, 1, 4, 5, 1]


def test_V13_a_ticket_nobody_has_rated_has_no_rating() -> None:
    assert CustomerHistory([a_past_ticket(1, "05-01")]).ratings(but=UUID(int=9)) == []

"""Further triggers by the rules V: contacts, ratings, complaints of a VIP, bugs, who asks for a manager."""

from __future__ import annotations

from typing import Any

import pytest

from services.escalator.domain.items import Deescalate, Request
from shared.contracts import (
    Customer,
    EscalationAdvanced,
    EscalationRaised,
    TicketRated,
    TicketReopened,
)
from shared.contracts.vocabulary import Complexity
from shared.policy import load_workflow
from tests.support.builders import CUSTOMER, TICKET
from tests.support.cases import Story, at, of_ladder

VIP = Customer(customer_id="x", tier="standard", vip=True)


def opened(**changes: Any) -> Story:
    """A ticket of the priority high."""
    story = Story()
    story.open("high", "standard", **changes)
    return story


def vip() -> Story:
    """A VIP's ticket under the packaged workflow."""
    story = Story(load_workflow(None))
    story.open("high", "standard", customer=VIP)
    return story


def rated(score: int, *before: int) -> TicketRated:
    """A rating after earlier ones of the same customer."""
    recent = [*before, score]
    return TicketRated(ticket_id=TICKET, score=score, comment_given=False, recent=recent)


def solved() -> Story:
    story = opened()
    story.agent_replies("10:05")
    story.resolved("10:10")
    return story


@pytest.mark.parametrize(
    ("before", "score", "fires"),
    [
        ((), 2, 1),
        ((), 3, 0),
        ((3, 2), 3, 1),
        ((2,), 3, 0),
        ((3, 3), 3, 0),
        ((1, 3, 3, 3, 3), 3, 0),
        ((2, 2, 2), 4, 0),
        ((5, 1, 3, 3, 3), 3, 1),
    ],
    ids=[
        "one bad rating",
        "three is not below three",
        "the mean of three falls below",
        "two are too few for a mean",
        "a mean of three is not below three",
        "the sixth from the end does not count",
        "below before, and getting better",
        "the mean falls below when a good old rating drops out",
    ],
)
def test_V13_a_rating_or_the_mean_of_the_last_five(
    before: tuple[int, ...], score: int, fires: int
) -> None:
    said = of_ladder(solved().tell(rated(score, *before), "10:20"))

    assert ["10:20:00 escalation.raised management low_satisfaction"] * fires == said


def test_V13_the_ticket_is_not_reopened() -> None:
    story = solved()
    story.tell(rated(1), "10:20")

    assert "resolved" == story.case.timeline.status


@pytest.mark.parametrize(("number", "raised"), [(2, []), (3, ["tier_2"]), (None, [])])
def test_V9_V18_a_reopening_may_be_the_third_contact(number: int | None, raised: list[str]) -> None:
    again = TicketReopened(
        ticket_id=TICKET, by=CUSTOMER, reopened_count=1, recent_reopened=1, contact_number=number
    )

    said = solved().tell(again, "11:00")

    assert raised == [s.payload.level for s in said if isinstance(s.payload, EscalationRaised)]


def test_V11_a_bare_vip_only_starts_higher() -> None:
    assert ["10:00:00 escalation.raised tier_2 vip_customer"] == of_ladder(vip().said)


def test_V11_those_who_answer_for_management_are_told_once_that_a_vip_is_there() -> None:
    story = vip()
    story.pass_to("13:00")

    told = [
        s.payload.audience
        for s in story.said
        if isinstance(s.payload, EscalationRaised | EscalationAdvanced)
    ]
    managers = ["support_manager", "customer_success_director"]
    assert ["account_manager", *managers] == told[0]
    assert [] == [audience for audience in told[1:] if "account_manager" in audience]


def test_V11_a_vip_who_complains_goes_to_management() -> None:
    story = vip()

    assert ["10:05:00 escalation.advanced management worsened"] == of_ladder(
        story.customer_writes("10:05", signals=["angry"])
    )


def test_V11_a_promise_to_a_vip_that_is_broken_is_a_complaint() -> None:
    story = vip()
    story.hear(Deescalate(reason="settled", at=at("10:01")), at("10:01"))

    story.pass_to("13:00")

    escalation = story.case.open_escalation
    assert escalation is not None
    assert "management" == escalation.level
    assert "vip_customer" in {ground.trigger for ground in escalation.grounds}


def test_V11_a_low_rating_of_a_vip_is_a_complaint() -> None:
    story = vip()
    story.agent_replies("10:05")
    story.resolved("10:10")

    story.tell(rated(2), "10:20")

    escalation = story.case.open_escalation
    assert escalation is not None
    assert {"low_satisfaction", "vip_customer"} == {g.trigger for g in escalation.grounds}


def test_V12_revenue_impact_tells_the_account_manager() -> None:
    said = opened(revenue_impact=1000.01).said

    [raised] = [s.payload for s in said if isinstance(s.payload, EscalationRaised)]

    assert ("tier_2", "revenue_impact", ["account_manager"]) == (
        raised.level,
        raised.reason,
        raised.audience,
    )


def test_V15_a_bug_raises_at_tier_2_only() -> None:
    bug = {"category": "product", "complexity": "l2"}
    below, there = opened(), opened(contact_number=3)

    assert [] == of_ladder(below.reclassified("10:05", **bug))
    assert ["10:05:00 escalation.advanced tier_3 worsened"] == of_ladder(
        there.reclassified("10:05", **bug)
    )


def test_X6_what_held_before_the_ticket_came_does_not_become_true_at_the_level() -> None:
    story = opened(complexity=Complexity.L3)
    wish = Request(by="ana", reason="cross_department", at=at("10:04"), key="k")
    story.hear(wish, at("10:04"))

    assert [] == of_ladder(story.customer_writes("10:05"))


@pytest.mark.parametrize("words", ["opening", "later"])
def test_V16_a_customer_who_asks_for_a_manager_gets_one(words: str) -> None:
    story = opened(signals=["manager"] if words == "opening" else [])
    if words == "later":
        story.customer_writes("10:00", signals=["manager"])

    assert ["10:00:00 escalation.raised management manager_requested"] == of_ladder(story.said)


@pytest.mark.parametrize(
    ("reason", "level"),
    [
        ("outside_authority", "tier_2"),
        ("cross_department", "tier_2"),
        ("manager_requested", "management"),
        ("policy_exception", "management"),
        ("reputation_risk", "management"),
    ],
)
def test_V16_the_five_reasons_of_a_request(reason: str, level: str) -> None:
    story = opened()
    wish = Request(by="ana", reason=reason, at=at("10:04"), key="k")

    assert [f"10:04:00 escalation.raised {level} requested"] == of_ladder(
        story.hear(wish, at("10:04"))
    )

"""Triggers by the rules V and X6: each once for its evidence, level conditions when they become true."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.escalator.domain.items import Deescalate
from shared.contracts import (
    Customer,
    EscalationRaised,
    Sentiment,
    TicketAnalysed,
    TicketQueued,
    TicketRated,
)
from shared.contracts.vocabulary import Complexity, QueueReason, SentimentLabel
from shared.policy import load_workflow
from tests.support.builders import TICKET
from tests.support.cases import Story, at, of_ladder


def analysed(message_id: UUID, score: float, label: SentimentLabel) -> TicketAnalysed:
    return TicketAnalysed(
        ticket_id=TICKET, message_id=message_id, sentiment=Sentiment(score=score, label=label)
    )


def queued(entry: int) -> TicketQueued:
    return TicketQueued(
        ticket_id=TICKET,
        queue="specialists",
        level="tier_2",
        rank=50,
        weight=1,
        reason=QueueReason.ESCALATION,
        required_skills={},
        entry=entry,
    )


def opened(**changes: Any) -> Story:
    story = Story()
    story.open("high", "standard", **changes)
    return story


def test_V5_a_legal_threat_goes_to_management() -> None:
    story = opened()

    said = story.customer_writes("10:05", signals=["legal"])

    assert ["10:05:00 escalation.raised management legal_threat"] == of_ladder(said)


def test_V2_the_same_evidence_never_fires_again() -> None:
    story = opened()
    story.customer_writes("10:05", signals=["legal"])
    message_id = story.case.ticket.text
    assert message_id is not None
    story.hear(Deescalate(reason="settled", at=at("10:10")), at("10:10"))

    story.reclassified("10:11", category="billing")
    said = story.tell(analysed(message_id, 0.1, SentimentLabel.CALM), "10:12")

    assert [] == of_ladder(said)


def test_V2_new_evidence_fires_again() -> None:
    story = opened()
    story.customer_writes("10:05", signals=["legal"])
    story.hear(Deescalate(reason="settled", at=at("10:10")), at("10:10"))

    said = story.customer_writes("10:15", signals=["legal"])

    assert ["10:15:00 escalation.raised management legal_threat"] == of_ladder(said)


def test_L10_a_later_trigger_advances_with_all_evidence() -> None:
    story = opened(contact_number=3)
    assert ["10:00:00 escalation.raised tier_2 repeat_contact"] == of_ladder(story.said)

    story.customer_writes("10:05", signals=["public"])

    escalation = story.case.open_escalation
    assert escalation is not None
    assert ["repeat_contact", "public_complaint"] == [g.trigger for g in escalation.grounds]
    assert "management" == escalation.level


def test_V8_frustration_raises_a_ticket_of_tier_1() -> None:
    story = opened()
    story.customer_writes("10:05")
    assert story.case.ticket.text is not None

    said = story.tell(analysed(story.case.ticket.text, -0.5, SentimentLabel.FRUSTRATED), "10:05:01")

    raised = [s.payload for s in said if isinstance(s.payload, EscalationRaised)]
    assert ["tier_2"] == [payload.level for payload in raised]
    assert SentimentLabel.FRUSTRATED == raised[0].handoff.sentiment


def test_X6_a_condition_of_another_level_does_nothing() -> None:
    story = opened()

    assert [] == of_ladder(story.reclassified("10:05", complexity=Complexity.L3))


def test_X6_V15_a_condition_acts_when_it_becomes_true_at_its_level() -> None:
    story = opened(contact_number=3)

    said = story.reclassified("10:05", complexity=Complexity.L3)

    assert ["10:05:00 escalation.advanced tier_3 worsened"] == of_ladder(said)


def test_X6_what_was_true_before_does_not_act_again() -> None:
    story = opened(contact_number=3)
    story.reclassified("10:05", complexity=Complexity.L3)

    assert [] == of_ladder(story.reclassified("10:06", category="billing"))


def test_L10_several_triggers_of_one_fact_are_one_escalation_of_the_highest_level() -> None:
    story = opened(contact_number=3, revenue_impact=5000.0, signals=["legal", "public"])

    [raised] = [s.payload for s in story.said if isinstance(s.payload, EscalationRaised)]

    assert "management" == raised.level
    assert {"repeat_contact", "revenue_impact", "legal_threat", "public_complaint"} == {
        evidence.trigger for evidence in raised.evidence
    }


def test_V13_a_bad_rating_after_the_solution_goes_to_management() -> None:
    story = opened()
    story.agent_replies("10:05")
    story.resolved("10:10")

    said = story.tell(TicketRated(ticket_id=TICKET, score=2, comment_given=False), "10:20")

    assert ["10:20:00 escalation.raised management low_satisfaction"] == of_ladder(said)


def test_X3_the_third_return_to_a_level_is_told_to_management() -> None:
    story = opened()

    assert [] == of_ladder(story.tell(queued(entry=3), "10:10"))
    said = story.tell(queued(entry=4), "10:20")

    assert ["10:20:00 escalation.raised management ping_pong"] == of_ladder(said)


def test_V20_comparisons_are_strict() -> None:
    assert [] == of_ladder(opened(revenue_impact=1000.0).said)
    assert [] != of_ladder(opened(revenue_impact=1000.01).said)


def test_G11_a_vip_starts_at_tier_2_and_nobody_need_acknowledge() -> None:
    story = Story(load_workflow(None))

    story.open(
        "high",
        "standard",
        customer=Customer(customer_id="x", tier="standard", lifetime_value=20_000.0),
    )

    [raised] = [s.payload for s in story.said if isinstance(s.payload, EscalationRaised)]
    assert ("tier_2", "vip_customer", None) == (
        raised.level,
        raised.reason,
        raised.acknowledge_by,
    )


def test_V1_what_an_agent_writes_fires_nothing() -> None:
    story = opened()

    assert [] == of_ladder(story.agent_replies("10:05", signals=["legal"]))

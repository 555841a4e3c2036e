"""The worked examples L and L9 of the ladder, line by line."""

from __future__ import annotations

from services.escalator.domain.items import Acknowledge
from shared.contracts import (
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    TicketAccepted,
)
from shared.contracts.vocabulary import AcceptedVia, Metric
from tests.support.builders import TICKET
from tests.support.cases import Story, at, words

ANSWER = str(Metric.FIRST_RESPONSE)


def critical() -> Story:
    """Critical, enterprise, opened 10:00; an agent of tier_1 accepts at 10:03 and writes nothing."""
    story = Story()
    story.open("critical", "enterprise")
    accepted = TicketAccepted(
        ticket_id=TICKET, agent_id="ana", level="tier_1", after_seconds=180, via=AcceptedVia.SAID
    )
    story.tell(accepted, "10:03")
    return story


def told(story: Story, since: str) -> list[str]:
    """What was said of the answer that is owed and by the ladder, from `since` on."""
    lines = words([said for said in story.said if said.time >= at(since)])
    return [line for line in lines if ANSWER in line or "escalation." in line]


def windows(story: Story) -> list[str]:
    """Until when each step of the ladder might be acknowledged."""
    moves = [s.payload for s in story.said]
    return [
        move.acknowledge_by.strftime("%H:%M:%S")
        for move in moves
        if isinstance(move, EscalationRaised | EscalationAdvanced) and move.acknowledge_by
    ]


def test_example_L_nobody_reacts_then_a_manager_confirms() -> None:
    story = critical()
    story.pass_to("10:19")
    story.hear(Acknowledge(by="maria", via="link", at=at("10:20")), at("10:20"))
    story.pass_to("10:39")
    story.agent_replies("10:40")
    story.pass_to("11:10")

    assert [
        "10:07:30 sla.warning first_response 50",
        "10:11:15 sla.warning first_response 75",
        "10:12:00 sla.warning first_response 80",
        "10:12:00 escalation.raised tier_2 sla_at_risk",
        "10:13:30 sla.warning first_response 90",
        "10:13:30 escalation.advanced tier_3 unacknowledged",
        "10:14:30 escalation.advanced management unacknowledged",
        "10:15:00 sla.breached first_response",
        "10:15:30 escalation.advanced management repeated",
        "10:18:45 sla.warning first_response 125",
        "10:20:00 escalation.acknowledged management",
        "10:22:30 sla.warning first_response 150",
        "10:30:00 sla.warning first_response 200",
        "10:40:00 sla.closed_late first_response",
        "11:10:00 escalation.advanced management repeated",
    ] == told(story, "10:07")
    assert ["10:13:30", "10:14:30", "10:15:30", "10:35:30"] == windows(story)[:4]


def test_example_L_the_acknowledgement_holds_until_and_is_extended_by_a_reply() -> None:
    story = critical()
    story.pass_to("10:19")
    said = story.hear(Acknowledge(by="maria", via="link", at=at("10:20")), at("10:20"))

    [confirmed] = [s.payload for s in said if isinstance(s.payload, EscalationAcknowledged)]
    assert at("10:50") == confirmed.holds_until
    story.pass_to("10:39")
    story.agent_replies("10:40")
    escalation = story.case.open_escalation
    assert escalation is not None
    assert at("11:10") == escalation.holds_until


def test_example_L9_after_an_outage_every_fact_has_its_own_instant() -> None:
    story = critical()
    story.pass_to("10:05")

    story.wake_at("10:40:01")

    assert [
        "10:07:30 sla.warning first_response 50",
        "10:11:15 sla.warning first_response 75",
        "10:12:00 sla.warning first_response 80",
        "10:13:30 sla.warning first_response 90",
        "10:15:00 sla.breached first_response",
        "10:18:45 sla.warning first_response 125",
        "10:22:30 sla.warning first_response 150",
        "10:30:00 sla.warning first_response 200",
    ] == [line for line in told(story, "10:01") if "sla." in line]


def test_example_L9_the_ladder_stands_at_the_highest_level_due_with_a_window_from_now_on() -> None:
    story = critical()
    story.pass_to("10:05")

    story.wake_at("10:40:01")

    assert [
        "10:12:00 escalation.raised tier_2 sla_at_risk",
        "10:15:00 escalation.advanced tier_3 worsened",
    ] == [line for line in told(story, "10:04") if "escalation." in line]
    escalation = story.case.open_escalation
    assert escalation is not None
    assert ("tier_3", at("11:10:01")) == (escalation.level, escalation.acknowledge_by)

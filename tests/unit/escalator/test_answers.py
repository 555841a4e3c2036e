"""What people answer to a page, as the ladder takes it (semantics L4, L10, D7)."""

from __future__ import annotations

from uuid import UUID

from shared.contracts import (
    EscalationAcknowledged,
    EscalationAdvanced,
    NotificationAcknowledged,
    NotificationAnswered,
    Payload,
)
from shared.contracts.vocabulary import Answer
from shared.ids import derived_id
from tests.support.builders import TICKET, a
from tests.support.cases import Story, at, of_ladder

ESCALATION = derived_id(TICKET, "escalation:0")
TIER_2 = derived_id(ESCALATION, "escalation.raised:tier_2:0")
TIER_3 = derived_id(ESCALATION, "escalation.advanced:tier_3:0")


def raised() -> Story:
    """Raised to tier_2 at 10:12:00, to be acknowledged by 10:13:30."""
    story = Story()
    story.open("critical", "enterprise")
    story.pass_to("10:12")
    return story


def answer(
    what: Answer,
    *,
    by: str = "maria",
    about: UUID = TIER_2,
    until: str | None = None,
    reason: str | None = None,
) -> NotificationAnswered:
    return a(
        NotificationAnswered,
        ticket_id=TICKET,
        escalation_id=ESCALATION,
        recipient_id=by,
        about=about,
        answer=what,
        until=at(until) if until else None,
        reason=reason,
    )


def further(by: str = "maria", about: UUID = TIER_2, reason: str = "outside_authority") -> Payload:
    return answer(Answer.ESCALATE, by=by, about=about, reason=reason)


def acknowledged(story: Story) -> list[EscalationAcknowledged]:
    return [s.payload for s in story.said if isinstance(s.payload, EscalationAcknowledged)]


def advanced(story: Story) -> list[EscalationAdvanced]:
    return [s.payload for s in story.said if isinstance(s.payload, EscalationAdvanced)]


def test_L4_who_takes_the_ticket_has_acknowledged() -> None:
    story = raised()

    said = of_ladder(story.tell(answer(Answer.TAKE), "10:12:30"))

    assert ["10:12:30 escalation.acknowledged tier_2"] == said
    assert ("maria", "link") == (acknowledged(story)[0].by, acknowledged(story)[0].via)


def test_L4_a_snooze_ends_when_it_was_asked_for_and_the_ladder_goes_on() -> None:
    story = raised()
    story.tell(answer(Answer.SNOOZE, until="10:14"), "10:12:30")

    assert at("10:14") == acknowledged(story)[0].holds_until
    assert ["10:14:00 escalation.advanced tier_3 no_response"] == of_ladder(story.pass_to("10:14"))


def test_L4_a_snooze_holds_no_longer_than_an_acknowledgement() -> None:
    story = raised()
    story.tell(answer(Answer.SNOOZE, until="11:30"), "10:12:30")

    other = raised()
    other.tell(a(NotificationAcknowledged, ticket_id=TICKET, escalation_id=ESCALATION), "10:12:30")

    assert acknowledged(other)[0].holds_until == acknowledged(story)[0].holds_until


def test_L4_who_snoozes_what_somebody_has_changes_nothing() -> None:
    story = raised()
    story.tell(answer(Answer.TAKE, by="ana"), "10:12:30")

    assert [] == of_ladder(story.tell(answer(Answer.SNOOZE, until="10:13"), "10:12:31"))


def test_L10_escalating_further_moves_to_the_next_level_at_once_and_says_who() -> None:
    story = raised()

    said = of_ladder(story.tell(further(), "10:12:30"))

    assert ["10:12:30 escalation.advanced tier_3 manual"] == said
    assert "maria" == advanced(story)[0].by
    assert "outside_authority" == advanced(story)[0].evidence[-1].detail


def test_L10_two_people_who_ask_at_once_move_it_once() -> None:
    story = raised()
    story.tell(further("maria"), "10:12:30")

    assert [] == of_ladder(story.tell(further("ana"), "10:12:30.500"))
    assert 1 == len(advanced(story))


def test_L10_whoever_was_paged_at_the_next_level_may_ask_for_the_one_above() -> None:
    story = raised()
    story.tell(further(), "10:12:30")

    said = of_ladder(story.tell(further("eve", about=TIER_3), "10:12:50"))

    assert ["10:12:50 escalation.advanced management manual"] == said


def test_V16_a_reason_that_leads_to_a_level_goes_there() -> None:
    story = raised()

    said = of_ladder(story.tell(further(reason="reputation_risk"), "10:12:30"))

    assert ["10:12:30 escalation.advanced management manual"] == said


def test_L10_above_the_last_level_there_is_nothing_and_nothing_is_said() -> None:
    story = raised()
    story.tell(further(reason="reputation_risk"), "10:12:30")
    page = derived_id(ESCALATION, "escalation.advanced:management:0")

    assert [] == of_ladder(story.tell(further(about=page), "10:12:40"))


def test_escalating_further_takes_it_from_who_had_acknowledged() -> None:
    story = raised()
    story.tell(answer(Answer.TAKE, by="ana"), "10:12:20")
    story.tell(further("maria"), "10:12:30")

    escalation = story.case.open_escalation
    assert escalation is not None
    assert ("tier_3", None) == (escalation.level, escalation.acknowledged_by)


def test_a_late_answer_to_an_escalation_that_is_over_says_nothing() -> None:
    story = raised()
    old = a(
        NotificationAnswered,
        ticket_id=TICKET,
        escalation_id=UUID(int=1),
        answer=Answer.ESCALATE,
        reason="outside_authority",
    )

    assert [] == story.tell(old, "10:12:30")

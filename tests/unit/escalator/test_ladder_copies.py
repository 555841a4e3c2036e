"""An open escalation goes by the ladder it was raised with; people are looked up when a step fires."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.escalator import state
from services.escalator.domain.items import Deescalate
from services.escalator.domain.rungs import ladder_of
from shared.contracts import EscalationAdvanced
from tests.support.cases import NO_FAST_TRACK, Story, a_policy, at, of_ladder

#: The same company after a change: longer windows, fewer repeats, tier_2 leads to management at once.
CHANGED = (
    NO_FAST_TRACK
    + """
escalation_matrix:
  tier_2: {escalate_to: management}
  management: {triggers: [legal_threat], notify: [duty_manager]}
escalation:
  acknowledge_within: {tier_2: 15_minutes, tier_3: 5_hours, management: 6_hours}
  window: {share: 1, floor: 1_hour}
  repeats: 1
"""
)

#: A company that calls all of its levels otherwise.
RENAMED = (
    NO_FAST_TRACK
    + """
levels:
  desk: {title: Desk, team: desk, respond_within: 2_hours}
  boss: {title: Boss, team: bosses, respond_within: immediately}
queues: {general: {level: desk}, bosses: {level: boss}}
escalated_to: {boss: bosses}
escalation_matrix: {boss: {triggers: [legal_threat]}}
notifications: {rules: []}
agent_roles: {}
routing_boosts: []
escalation:
  acknowledge_within: {boss: 10_minutes}
  triggers:
    - {name: sla_breached, on: sla.breached, to: next_level}
  manual_reasons: {outside_authority: next_level}
"""
)


def raised() -> Story:
    """A critical ticket that was raised at 10:12, its window ending at 10:13:30."""
    story = Story()
    story.open("critical", "enterprise")
    story.pass_to("10:12")
    return story


def test_L3_a_changed_workflow_moves_no_open_ladder() -> None:
    story = raised()
    story.policy = a_policy(CHANGED)

    said = of_ladder(story.pass_to("10:15:30"))

    assert [
        "10:13:30 escalation.advanced tier_3 unacknowledged",
        "10:14:30 escalation.advanced management unacknowledged",
        "10:15:30 escalation.advanced management repeated",
    ] == said
    story.pass_to("+3 00:00")
    assert 9 == sum("repeated" in line for line in of_ladder(story.said))


def test_L3_who_is_told_is_looked_up_when_the_step_fires() -> None:
    story = raised()
    story.policy = a_policy(CHANGED)
    story.pass_to("10:14:30")

    told = [s.payload for s in story.said if isinstance(s.payload, EscalationAdvanced)]

    assert ["duty_manager"] == told[-1].audience


def test_F1_what_is_raised_after_the_change_goes_by_the_new_ladder() -> None:
    story = raised()
    story.hear(Deescalate(reason="settled", at=at("10:12:10")), at("10:12:10"))
    story.policy = a_policy(CHANGED)

    assert ["10:15:00 escalation.raised management sla_breached"] == of_ladder(
        story.pass_to("10:15")
    )
    escalation = story.case.open_escalation
    assert escalation is not None
    assert ladder_of(a_policy(CHANGED)) == escalation.ladder


def test_F3_levels_that_are_gone_from_the_workflow_still_lead_on() -> None:
    story = raised()
    story.policy = a_policy(RENAMED)

    said = story.pass_to("10:14:30")

    advanced = [s.payload for s in said if isinstance(s.payload, EscalationAdvanced)]
    assert [("tier_3", "engineering"), ("management", "managers")] == [
        (one.to_level, one.to_team) for one in advanced
    ]


def test_F3_a_ticket_at_a_level_that_is_gone_can_be_raised_in_the_new_ladder() -> None:
    story = Story()
    story.open("critical", "enterprise")
    story.policy = a_policy(RENAMED)

    assert "10:15:00 escalation.raised boss sla_breached" in of_ladder(story.pass_to("10:15"))


def test_L3_the_copy_survives_its_row_and_is_small() -> None:
    story = raised()

    row = state.encoded(story.case)
    again = state.decoded(UUID(int=0), row.decode())

    assert story.case == again
    assert again.open_escalation is not None
    copy = again.open_escalation.ladder
    assert copy is not None
    assert timedelta(minutes=15) == copy.window("tier_2")
    assert len(row) < 8_000


def test_L3_a_row_from_before_there_were_copies_goes_by_the_workflow_in_force() -> None:
    story = raised()
    row = state.encoded(story.case).decode()
    start = row.index(',"ladder":{')
    end = row.index("}", row.index('"repeat_limit"', start)) + 1

    story.case = state.decoded(story.case.ticket_id, row[:start] + row[end:])

    assert story.case.open_escalation is not None
    assert story.case.open_escalation.ladder is None
    assert ["10:13:30 escalation.advanced tier_3 unacknowledged"] == of_ladder(
        story.pass_to("10:13:30")
    )

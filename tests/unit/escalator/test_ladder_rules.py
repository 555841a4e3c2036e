"""Further rules of the ladder: who cannot be told, who accepts, what a rating raises after the solution."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.escalator.domain.items import Acknowledge, Deescalate, Request
from services.escalator.domain.sla import deadline
from services.escalator.domain.windows import left_of_nearest
from shared.contracts import (
    Customer,
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    NotificationSuppressed,
    TicketAccepted,
    TicketAssigned,
    TicketRated,
)
from shared.contracts.vocabulary import AcceptedVia, SuppressReason
from shared.policy import load_workflow
from tests.support.builders import TICKET, a
from tests.support.cases import NO_FAST_TRACK, Story, a_policy, at, of_clocks, of_ladder


def critical() -> Story:
    """Raised to tier_2 at 10:12."""
    story = Story()
    story.open("critical", "enterprise")
    story.pass_to("10:12")
    return story


def accepted(agent: str, level: str) -> TicketAccepted:
    """`agent`, who belongs to `level`, says that they work on the ticket."""
    return TicketAccepted(
        ticket_id=TICKET, agent_id=agent, level=level, after_seconds=1, via=AcceptedVia.SAID
    )


def page_of(story: Story) -> UUID:
    """The id of the fact that last moved the ladder."""
    moves = [s for s in story.said if isinstance(s.payload, EscalationRaised | EscalationAdvanced)]
    return moves[-1].id


def nobody_told(story: Story, clock: str, about: UUID | None = None) -> list[str]:
    """The notifier says that nobody can be told of the last step, or of the fact `about`."""
    payload = a(
        NotificationSuppressed,
        ticket_id=TICKET,
        about=about or page_of(story),
        reason=SuppressReason.UNREACHABLE,
        nobody_told=True,
    )
    return of_ladder(story.tell(payload, clock))


def test_L3_a_level_nobody_of_which_can_be_told_is_skipped_at_once() -> None:
    story = critical()

    assert ["10:12:01 escalation.advanced tier_3 unreachable"] == nobody_told(story, "10:12:01")
    assert ["10:12:02 escalation.advanced management unreachable"] == nobody_told(story, "10:12:02")


def test_L3_only_the_last_page_counts_and_only_once() -> None:
    story = critical()
    first = page_of(story)
    nobody_told(story, "10:12:01", first)

    assert [] == nobody_told(story, "10:12:02", first)
    assert [] == nobody_told(story, "10:12:03", UUID(int=7))


def test_L5_the_last_level_is_never_left_in_silence_because_nobody_can_be_told() -> None:
    story = critical()
    nobody_told(story, "10:12:01")
    nobody_told(story, "10:12:02")

    assert [] == nobody_told(story, "10:12:03")
    said = of_ladder(story.pass_to("+4 00:00"))
    assert 9 == sum(line.endswith("repeated") for line in said)
    assert said[-1].endswith("exhausted")


def test_L3_that_some_could_not_be_told_skips_nothing() -> None:
    story = critical()
    some = a(
        NotificationSuppressed,
        ticket_id=TICKET,
        about=page_of(story),
        reason=SuppressReason.UNREACHABLE,
    )

    assert [] == story.tell(some, "10:12:01")


def test_L3_who_has_acknowledged_is_not_skipped() -> None:
    story = critical()
    page = page_of(story)
    story.hear(Acknowledge(by="maria", via="api", at=at("10:12:01")), at("10:12:01"))

    assert [] == nobody_told(story, "10:12:02", page)


def test_L4_acceptance_by_an_agent_of_the_raised_level_acknowledges() -> None:
    story = critical()

    said = story.tell(accepted("eve", "tier_2"), "10:12:20")

    [told] = [s.payload for s in said if isinstance(s.payload, EscalationAcknowledged)]
    assert ("eve", "accepted", 20) == (told.by, told.via, told.after_seconds)


def test_L4_who_takes_the_ticket_themselves_accepts_it() -> None:
    story = critical()
    taken = a(TicketAssigned, ticket_id=TICKET, agent_id="eve", level="tier_2", claimed=True)

    assert "10:12:20 escalation.acknowledged tier_2" in of_ladder(story.tell(taken, "10:12:20"))


def test_L4_acceptance_below_the_raised_level_acknowledges_nothing() -> None:
    story = critical()

    assert [] == of_ladder(story.tell(accepted("ana", "tier_1"), "10:12:20"))


def test_L4_only_promises_to_the_customer_bound_the_window() -> None:
    story = critical()
    first = story.case.timeline.clocks[0]
    ends = deadline(first, story.policy.calendars)
    assert ends is not None

    assert ends - at("10:12") == left_of_nearest(story.case, at("10:12"), story.policy)


def test_G11_a_starting_level_waits_for_nobody() -> None:
    """No window, no hold: whoever accepts or confirms it does not start the ladder by that."""
    story = Story(load_workflow(None))
    story.open("high", "standard", customer=Customer(customer_id="x", tier="standard", vip=True))

    assert [] == of_ladder(story.tell(accepted("eve", "tier_2"), "10:01"))
    assert [] == nobody_told(story, "10:02")
    story.hear(Acknowledge(by="eve", via="api", at=at("10:03")), at("10:03"))
    escalation = story.case.open_escalation
    assert escalation is not None
    assert escalation.holds_until is None


def test_V13_what_a_rating_raised_is_not_settled_by_closing_the_ticket() -> None:
    story = Story()
    story.open("high", "standard")
    story.agent_replies("10:05")
    story.resolved("10:10")
    story.tell(TicketRated(ticket_id=TICKET, score=1, comment_given=False), "10:20")

    assert [] == of_ladder(story.closed("10:21"))
    said = story.hear(Deescalate(reason="called them", at=at("10:25")), at("10:25"))
    assert ["10:25:00 escalation.resolved management called them de_escalated"] == of_ladder(said)


def test_V13_what_a_rating_raised_is_paged_like_any_other() -> None:
    story = Story()
    story.open("high", "standard")
    story.agent_replies("10:05")
    story.resolved("10:10")
    story.tell(TicketRated(ticket_id=TICKET, score=1, comment_given=False), "10:20")

    assert ["10:30:00 escalation.advanced management repeated"] == of_ladder(story.pass_to("10:30"))


def test_V13_solving_the_ticket_again_settles_it() -> None:
    story = Story()
    story.open("high", "standard")
    story.agent_replies("10:05")
    story.resolved("10:10")
    story.tell(TicketRated(ticket_id=TICKET, score=1, comment_given=False), "10:20")
    story.reopened("10:21")

    assert ["10:22:00 escalation.resolved management ticket_resolved"] == of_ladder(
        story.resolved("10:22")
    )


def test_X8_whatever_raises_to_management_its_own_people_are_told() -> None:
    story = critical()
    wish = Request(by="ana", reason="manager_requested", at=at("10:12:10"), key="k")

    story.hear(wish, at("10:12:10"))

    [advanced] = [s.payload for s in story.said if isinstance(s.payload, EscalationAdvanced)]
    assert ["support_manager", "customer_success_director"] == advanced.audience


ACTIONS = (
    NO_FAST_TRACK
    + """
sla: {thresholds: [30, 60, 100], overdue: [150]}
notifications: {rules: []}
escalation:
  triggers:
    - {name: early, on: sla.warning, threshold: 30, to: tier_2, notify: team_lead, priority_boost: 1}
    - {name: late, on: sla.warning, threshold: 60, to: tier_3, notify: duty_manager, priority_boost: 2}
    - {name: reminder, on: sla.warning, threshold: 150, to: management}
"""
)


def test_L1_each_threshold_of_any_list_has_its_own_floor_audience_and_boost() -> None:
    story = Story(a_policy(ACTIONS))
    story.open("critical", "enterprise")

    said = [s.payload for s in story.pass_to("10:09")]

    raised = [p for p in said if isinstance(p, EscalationRaised)]
    advanced = [p for p in said if isinstance(p, EscalationAdvanced)]
    assert [("tier_2", ["team_lead"], 1)] == [
        (p.level, p.audience, p.priority_boost) for p in raised
    ]
    assert ("tier_3", ["duty_manager"], 2) in [
        (p.to_level, p.audience, p.priority_boost) for p in advanced
    ]


@pytest.mark.parametrize(
    ("priority", "lines"),
    [
        ("critical", ["10:07:30 sla.warning first_response 50"]),
        ("low", []),
    ],
)
def test_K11_a_cell_may_have_thresholds_of_its_own(priority: str, lines: list[str]) -> None:
    policy = a_policy(
        NO_FAST_TRACK
        + """
SLA_MATRIX:
  ('critical', 'any'): {first_response: 15, resolution: 240}
  ('any', 'any'): {first_response: 15, resolution: 240, thresholds: [70, 100]}
  ('critical', 'enterprise'): {thresholds: [50, 100]}
"""
    )
    story = Story(policy)
    story.open(priority, "enterprise")

    assert lines == [line for line in of_clocks(story.pass_to("10:08")) if "warning" in line]

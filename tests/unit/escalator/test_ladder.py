"""The ladder by the rules L and X of the semantics: raise, advance, acknowledge, repeat, end."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from services.escalator.domain.items import Acknowledge, Deescalate, Request
from services.escalator.domain.windows import acknowledge_by
from shared.contracts import (
    Author,
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    NotificationAcknowledged,
    TicketAssigned,
    TicketEscalationRequested,
)
from shared.contracts.vocabulary import AuthorKind
from shared.ids import derived_id
from tests.support.builders import AGENT, TICKET, a
from tests.support.cases import Story, a_policy, at, of_clocks, of_ladder

ESCALATION = derived_id(TICKET, "escalation:0")


def critical() -> Story:
    story = Story()
    story.open("critical", "enterprise")
    return story


def acknowledge(story: Story, clock: str, by: str = "maria") -> list[str]:
    return of_ladder(story.hear(Acknowledge(by=by, via="api", at=at(clock)), at(clock)))


def window_of(story: Story) -> str | None:
    escalation = story.case.open_escalation
    ends = escalation.acknowledge_by if escalation else None
    return ends.strftime("%H:%M:%S") if ends else None


def test_example_L_without_level_clocks() -> None:
    story = critical()

    assert ["10:12:00 escalation.raised tier_2 sla_at_risk"] == of_ladder(story.pass_to("10:12"))
    assert "10:13:30" == window_of(story)
    assert ["10:13:30 escalation.advanced tier_3 unacknowledged"] == of_ladder(
        story.pass_to("10:13:30")
    )
    assert "10:14:30" == window_of(story), "45 s, raised to 60 s"
    assert ["10:14:30 escalation.advanced management unacknowledged"] == of_ladder(
        story.pass_to("10:14:30")
    )
    assert "10:15:30" == window_of(story)
    assert [] == of_ladder(story.pass_to("10:15")), "already at the top"
    assert ["10:15:30 escalation.advanced management repeated"] == of_ladder(story.pass_to("10:19"))
    assert "10:35:30" == window_of(story), "10 min, doubled"
    assert ["10:20:00 escalation.acknowledged management"] == acknowledge(story, "10:20")
    escalation = story.case.open_escalation
    assert escalation is not None
    assert at("10:50") == escalation.holds_until
    assert [] == of_ladder(story.pass_to("10:39"))
    assert ["10:40:00 sla.closed_late first_response"] == of_clocks(story.agent_replies("10:40"))
    held = story.case.open_escalation
    assert held is not None
    assert at("11:10") == held.holds_until
    assert ["11:10:00 escalation.advanced management repeated"] == of_ladder(story.pass_to("11:10"))


def test_L9_after_an_outage_the_ladder_stands_at_the_highest_level_due() -> None:
    story = critical()
    story.pass_to("10:05")

    said = of_ladder(story.wake_at("10:40:01"))

    assert [
        "10:12:00 escalation.raised tier_2 sla_at_risk",
        "10:15:00 escalation.advanced tier_3 worsened",
    ] == said
    assert "11:10:01" == window_of(story), "windows count from when it was recorded"


def test_L1_a_missed_window_comes_before_a_later_breach() -> None:
    """The escalator slept from 10:12:30 on: what ran out first is said first."""
    story = critical()
    story.pass_to("10:12:30")

    said = of_ladder(story.wake_at("10:40"))

    assert [
        "10:13:30 escalation.advanced tier_3 unacknowledged",
        "10:15:00 escalation.advanced management worsened",
    ] == said


def test_L4_acknowledging_stops_the_paging_and_not_the_clock() -> None:
    story = critical()
    story.pass_to("10:12")

    acknowledge(story, "10:12:30")

    said = story.pass_to("10:14:59")
    assert [] == of_ladder(said)
    assert ["10:13:30 sla.warning first_response 90"] == of_clocks(said)


def test_L4_acknowledging_again_says_nothing() -> None:
    story = critical()
    story.pass_to("10:12")
    acknowledge(story, "10:12:10")

    assert [] == acknowledge(story, "10:12:20", by="ben")


def test_L4_an_acknowledgement_runs_out_once_and_the_ladder_goes_on() -> None:
    story = critical()
    story.agent_replies("10:05")
    story.pass_to("13:12")
    acknowledge(story, "13:12:30")

    said = of_ladder(story.pass_to("13:24:29"))

    assert ["13:24:22.500 escalation.advanced tier_3 no_response"] == said


def test_L4_at_least_five_minutes_are_held() -> None:
    story = critical()
    story.pass_to("10:12")

    acknowledge(story, "10:12:30")

    escalation = story.case.open_escalation
    assert escalation is not None
    assert at("10:17:30") == escalation.holds_until


def test_L4_a_progress_fact_extends_the_hold() -> None:
    story = critical()
    story.pass_to("10:12")
    acknowledge(story, "10:12:30")

    story.agent_replies("10:13")

    escalation = story.case.open_escalation
    assert escalation is not None
    assert at("10:43") == escalation.holds_until


def test_L4_the_first_reply_by_the_agent_of_the_raised_level_acknowledges() -> None:
    story = critical()
    story.pass_to("10:12")
    story.tell(a(TicketAssigned, ticket_id=TICKET, agent_id="eve", level="tier_2"), "10:12:20")

    said = story.agent_replies("10:12:40", agent=Author(kind=AuthorKind.AGENT, id="eve"))

    assert ["10:12:40 escalation.acknowledged tier_2"] == of_ladder(said)
    [told] = [s.payload for s in said if isinstance(s.payload, EscalationAcknowledged)]
    assert ("eve", "reply", 40) == (told.by, told.via, told.after_seconds)


def test_L4_a_reply_from_below_acknowledges_nothing() -> None:
    story = critical()
    story.pass_to("10:12")
    story.tell(a(TicketAssigned, ticket_id=TICKET, agent_id="ana", level="tier_1"), "10:12:20")

    assert [] == of_ladder(story.agent_replies("10:12:40"))


def test_L4_a_link_to_an_escalation_that_is_over_acknowledges_nothing() -> None:
    story = critical()
    story.pass_to("10:12")

    old = a(NotificationAcknowledged, ticket_id=TICKET, escalation_id=UUID(int=1))

    assert [] == story.tell(old, "10:12:30")


def test_L5_the_ladder_ends_with_the_duty_manager_and_never_in_silence() -> None:
    story = critical()

    said = of_ladder(story.pass_to("+4 00:00"))

    assert 9 == sum(line.endswith("repeated") for line in said)
    assert said[-1].endswith("escalation.advanced management exhausted")
    [last] = [s.payload for s in story.said if isinstance(s.payload, EscalationAdvanced)][-1:]
    assert (["duty_manager"], None) == (last.audience, last.acknowledge_by)


def test_L5_the_gaps_double_up_to_four_hours() -> None:
    story = critical()
    story.pass_to("+4 00:00")

    repeats = [
        s.payload.acknowledge_by - s.time
        for s in story.said
        if isinstance(s.payload, EscalationAdvanced)
        and s.payload.reason == "repeated"
        and s.payload.acknowledge_by
    ]

    assert [20, 40, 80, 160, 240] == [gap // timedelta(minutes=1) for gap in repeats[:5]]


def test_T9_every_fact_of_the_ladder_has_an_id_of_its_own() -> None:
    story = critical()
    story.pass_to("+4 00:00")

    ids = [s.id for s in story.said]

    assert len(ids) == len(set(ids))
    assert derived_id(ESCALATION, "escalation.raised:tier_2:0") in ids
    assert derived_id(ESCALATION, "escalation.advanced:management:1") in ids


def test_L8_solving_ends_the_escalation_and_what_it_would_have_done() -> None:
    story = critical()
    story.pass_to("10:12")

    said = story.resolved("10:12:30")

    assert ["10:12:30 escalation.resolved tier_2 ticket_resolved"] == of_ladder(said)
    assert [] == story.pass_to("+1 00:00")


def test_L8_merging_cancels_it() -> None:
    story = critical()
    story.pass_to("10:12")

    assert ["10:12:30 escalation.resolved tier_2 merged cancelled"] == of_ladder(
        story.merged("10:12:30")
    )


def test_L8_a_pause_suspends_the_steps_of_its_clock() -> None:
    story = critical()
    story.agent_replies("10:05")
    story.pending("10:06")

    assert [] == of_ladder(story.pass_to("+3 00:00"))


def test_L10_a_named_level_is_a_floor() -> None:
    story = critical()
    wish = Request(by="x", reason="r", at=at("10:01"), key="x", to_level="tier_3")
    story.hear(wish, at("10:01"))
    story.hear(Deescalate(reason="settled", at=at("10:02")), at("10:02"))

    assert [] == of_ladder(story.pass_to("10:14"))


def test_X8_after_management_the_ladder_goes_on_from_who_has_the_ticket() -> None:
    story = Story()
    story.open("critical", "enterprise", signals=["legal"])
    story.hear(Deescalate(reason="settled", at=at("10:01")), at("10:01"))

    assert ["10:12:00 escalation.raised tier_2 sla_at_risk"] == of_ladder(story.pass_to("10:13"))


def test_L10_a_later_trigger_adds_its_evidence() -> None:
    story = critical()
    story.agent_replies("10:05")
    story.pass_to("13:12")
    acknowledge(story, "13:12:10")
    story.customer_writes("13:12:30", signals=["angry"])

    escalation = story.case.open_escalation
    assert escalation is not None
    assert "sla_at_risk" == escalation.grounds[0].trigger
    assert 1 == sum(isinstance(s.payload, EscalationRaised) for s in story.said)


def test_X5_after_a_de_escalation_the_ladder_goes_on_from_where_it_was() -> None:
    story = critical()
    story.pass_to("10:12")

    said = story.hear(Deescalate(reason="in hand", at=at("10:12:30")), at("10:12:30"))

    assert ["10:12:30 escalation.resolved tier_2 in hand de_escalated"] == of_ladder(said)
    assert ["10:15:00 escalation.raised tier_3 sla_breached"] == of_ladder(story.pass_to("10:15"))


def test_X8_management_is_told_and_the_ticket_does_not_move() -> None:
    story = Story()
    story.open("critical", "enterprise", signals=["legal"])

    [raised] = [s.payload for s in story.said if isinstance(s.payload, EscalationRaised)]

    assert raised.transfer is False
    assert ["support_manager", "customer_success_director"] == raised.audience


def test_X8_another_level_takes_the_ticket_over() -> None:
    story = critical()
    story.pass_to("10:12")

    [raised] = [s.payload for s in story.said if isinstance(s.payload, EscalationRaised)]

    assert raised.transfer is None
    assert ("specialists", "tier_1") == (raised.to_team, raised.from_level)


def test_T3_a_withdrawn_ground_does_not_block_the_same_trigger_later() -> None:
    story = critical()
    story.agent_replies("10:05")
    story.pass_to("13:12")
    story.agent_replies("12:00", heard="13:12:10")
    story.pending("12:30", heard="13:12:10")
    assert story.case.open_escalation is None

    story.resumed("13:13")
    said = of_ladder(story.pass_to("13:59"))

    assert ["13:55:00 escalation.raised tier_2 sla_at_risk"] == said


@pytest.mark.parametrize(
    ("reason", "level"),
    [
        ("outside_authority", "tier_2"),
        ("manager_requested", "management"),
        ("unheard_of", "tier_2"),
    ],
)
def test_V16_a_request_raises_to_where_its_reason_leads(reason: str, level: str) -> None:
    story = critical()
    payload = TicketEscalationRequested(ticket_id=TICKET, by=AGENT, reason=reason)

    assert [f"10:01:00 escalation.raised {level} requested"] == of_ladder(
        story.tell(payload, "10:01")
    )


def test_V16_a_request_may_name_a_level_and_an_unknown_one_is_passed_over() -> None:
    story = critical()

    def ask(level: str, clock: str) -> list[str]:
        wish = Request(
            by="ana", reason="outside_authority", at=at(clock), key=clock, to_level=level
        )
        return of_ladder(story.hear(wish, at(clock)))

    assert ["10:01:00 escalation.raised tier_2 requested"] == ask("tier_9", "10:01")
    assert ["10:02:00 escalation.advanced tier_3 worsened"] == ask("engineering_team", "10:02")
    assert [] == ask("tier_2", "10:03")


def test_L4_the_configured_window_counts_alone_when_every_clock_is_breached() -> None:
    story = critical()
    story.pass_to("13:59:59")
    left = acknowledge_by(story.case, "management", at("13:59:59"), story.policy)
    story.pass_to("14:00")

    alone = acknowledge_by(story.case, "management", at("14:00"), story.policy)

    assert (at("14:00:59"), at("14:10")) == (left, alone)


def test_L4_nobody_need_acknowledge_where_no_window_is_configured() -> None:
    story = Story(
        a_policy(
            """
            version: 1
            conditions: {vip: customer_vip}
            routing_rules: [{action: assign_to_frontline}]
            escalation:
              triggers:
                - {name: look, on: sla.warning, threshold: 50, notify: team_lead}
            """
        )
    )
    story.open("critical", "enterprise")

    assert ["10:07:30 escalation.raised tier_1 look"] == of_ladder(story.pass_to("10:08"))
    assert window_of(story) is None


def test_resolving_says_how_long_it_was_open() -> None:
    story = critical()
    story.pass_to("10:12")

    [ended] = [
        s.payload for s in story.resolved("10:12:30") if isinstance(s.payload, EscalationResolved)
    ]

    assert 30 == ended.open_seconds

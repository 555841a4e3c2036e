"""Unmerging (semantics M4): the clocks that the merge cancelled go on as if time had gone on."""

from __future__ import annotations

from datetime import timedelta

from services.escalator.domain.facts import fact_of
from services.escalator.domain.fold import fold
from services.escalator.domain.timeline import Phase
from shared.contracts import SlaResumed, TicketUnmerged
from shared.contracts.vocabulary import Metric, Priority
from tests.support.builders import OTHER_TICKET, TICKET, an_event
from tests.support.cases import Story, at, of_clocks, of_ladder


def high() -> Story:
    """High/professional, opened 10:00: first response until 12:00, resolution until 22:00."""
    story = Story()
    story.open("high", "professional")
    return story


def test_M4_the_clocks_run_on_with_their_old_deadlines() -> None:
    story = high()
    story.merged("10:10")

    said = story.unmerged("10:30")

    assert ["10:30:00 sla.resumed first_response", "10:30:00 sla.resumed resolution"] == of_clocks(
        said
    )
    resumed = [item.payload for item in said if isinstance(item.payload, SlaResumed)]
    assert [(1800, at("12:00")), (1800, at("22:00"))] == [
        (one.consumed_seconds, one.deadline) for one in resumed
    ]
    assert ["11:00:00 sla.warning first_response 50"] == of_clocks(story.pass_to("11:00"))


def test_M4_what_fell_due_meanwhile_is_told_now_with_its_own_instant() -> None:
    story = high()
    story.merged("10:10")
    story.pass_to("12:30")
    story.unmerged("12:30")

    assert [
        "11:00:00 sla.warning first_response 50",
        "11:30:00 sla.warning first_response 75",
        "11:36:00 sla.warning first_response 80",
        "11:48:00 sla.warning first_response 90",
        "12:00:00 sla.breached first_response",
        "12:30:00 sla.warning first_response 125",
    ] == of_clocks(story.wake_at("12:30"), Metric.FIRST_RESPONSE)


def test_M4_a_breach_meanwhile_raises_the_ticket() -> None:
    story = high()
    story.merged("10:10")
    story.unmerged("12:30")

    assert "escalation.raised tier_2 sla_at_risk" in " ".join(of_ladder(story.wake_at("12:30")))


def test_M4_a_clock_that_stood_stands_still() -> None:
    story = high()
    story.agent_replies("10:05")
    story.pending("10:06")
    story.merged("10:10")

    said = story.unmerged("+1 10:00")

    assert ["+1 10:00:00 sla.paused resolution"] == of_clocks(said)
    assert [] == of_clocks(story.pass_to("+2 10:00"))


def test_M4_what_had_ended_before_the_merge_stays_ended() -> None:
    story = high()
    story.resolved("10:05")
    story.merged("10:10")

    assert [] == of_clocks(story.unmerged("10:30"))
    assert Phase.RESOLVED is story.case.timeline.phase


def test_M4_a_ticket_merged_again_cancels_its_clocks_again() -> None:
    story = high()
    first = story.merged("10:10")
    story.unmerged("10:20")

    second = story.merged("10:30")

    assert [
        "10:30:00 sla.cancelled first_response merged",
        "10:30:00 sla.cancelled resolution merged",
    ] == of_clocks(second)
    assert set() == {item.id for item in first} & {item.id for item in second}


def test_M4_unmerging_what_is_not_merged_changes_nothing() -> None:
    story = high()

    assert [] == of_clocks(story.unmerged("10:30"))
    assert ["11:00:00 sla.warning first_response 50"] == of_clocks(story.pass_to("11:00"))


def test_T3_a_reply_from_before_the_merge_that_is_heard_after_it_is_put_in_its_place() -> None:
    story = high()
    story.merged("10:10")
    story.unmerged("10:30")

    story.agent_replies("10:05", heard="10:31")

    assert [] == of_clocks(story.pass_to("12:00"), Metric.FIRST_RESPONSE)


def test_M4_a_new_price_after_it_counts_all_the_time_that_has_gone_by() -> None:
    story = high()
    story.merged("10:10")
    story.unmerged("10:30")

    said = story.reclassified("10:40", priority="critical")

    assert "10:40:00 sla.breached first_response repriced" in of_clocks(said)


def test_H9_facts_folded_in_any_order_come_to_the_same() -> None:
    story = high()
    story.merged("10:10")
    story.unmerged("10:30")
    story.agent_replies("10:40")
    timeline, _ = fold(reversed(story.case.facts), story.policy)

    assert story.case.timeline.clocks == timeline.clocks


def test_a_ticket_merged_before_we_remembered_how_it_stood_stays_merged() -> None:
    story = high()
    story.merged("10:10")
    forgetful = story.case.timeline.__class__(phase=Phase.MERGED, priority=Priority.HIGH)
    event = an_event(
        TicketUnmerged(ticket_id=TICKET, from_ticket_id=OTHER_TICKET),
        at=at("10:10") + timedelta(hours=1),
    )
    fact = fact_of(event, story.policy)
    assert fact is not None

    assert Phase.MERGED is fold([fact], story.policy, base=forgetful)[0].phase

"""Merging: the ticket that goes on keeps the strictest promise of both (semantics M2, M3, H5)."""

from __future__ import annotations

from msgspec.structs import replace

from services.escalator.domain.merging import merging_of
from shared.contracts import TicketMerged
from shared.contracts.vocabulary import Metric, Priority
from tests.support.builders import OTHER_TICKET, TICKET
from tests.support.cases import Story, at, of_clocks


def merge(source: Story, into: Story, clock: str) -> list[str]:
    """`source` goes on as `into`; what the clocks of `into` say of it."""
    event = source.event(TicketMerged(ticket_id=OTHER_TICKET, into_ticket_id=TICKET), clock)
    merging = merging_of(replace(source.case, ticket_id=OTHER_TICKET), event, source.policy)
    return of_clocks(into.hear(merging, at(clock)))


def a_ticket(priority: str, tier: str, clock: str) -> Story:
    story = Story()
    story.open(priority, tier, clock)
    return story


def test_M_a_the_stricter_of_both_promises_is_kept_and_what_it_jumps_over_is_told_once() -> None:
    kept, gone = (
        a_ticket("high", "professional", "10:00"),
        a_ticket("critical", "enterprise", "9:50"),
    )
    gone.pass_to("10:01:59")
    kept.pass_to("10:01:59")

    said = merge(gone, kept, "10:02")

    assert said == [
        "10:02:00 sla.repriced first_response merged",
        "10:02:00 sla.warning first_response 80 merged",
        "10:02:00 sla.repriced resolution merged",
    ]
    assert of_clocks(kept.pass_to("10:06"), Metric.FIRST_RESPONSE) == [
        "10:03:30 sla.warning first_response 90",
        "10:05:00 sla.breached first_response",
    ]
    assert kept.case.timeline.priority is Priority.CRITICAL
    assert kept.case.timeline.tier == "enterprise"


def test_M_b_an_unanswered_message_of_the_other_is_owed_from_when_it_was_written() -> None:
    kept, gone = a_ticket("high", "professional", "10:00"), a_ticket("medium", "standard", "10:40")
    kept.agent_replies("10:30")

    said = merge(gone, kept, "11:00")

    assert said == ["10:40:00 sla.started next_response"]
    assert of_clocks(kept.pass_to("12:41"), Metric.NEXT_RESPONSE)[-1] == (
        "12:40:00 sla.breached next_response"
    )


def test_M2_it_ends_no_later_than_the_other_had_promised() -> None:
    kept, gone = a_ticket("low", "standard", "08:00"), a_ticket("critical", "enterprise", "10:40")
    kept.agent_replies("08:10")

    merge(gone, kept, "10:41")

    assert "10:55:00 sla.breached next_response" in of_clocks(kept.pass_to("10:56"))


def test_M2_a_deadline_that_has_passed_is_breached_at_the_merge() -> None:
    kept, gone = a_ticket("low", "standard", "10:00"), a_ticket("critical", "enterprise", "10:00")

    said = merge(gone, kept, "10:20")

    assert "10:20:00 sla.breached first_response merged" in said


def test_M2_a_laxer_promise_changes_nothing() -> None:
    kept, gone = a_ticket("critical", "enterprise", "10:00"), a_ticket("low", "standard", "10:00")
    before = kept.case.timeline.clocks

    assert merge(gone, kept, "10:02") == []
    assert kept.case.timeline.clocks == before


def test_M3_what_was_announced_of_ours_is_not_announced_again() -> None:
    kept, gone = (
        a_ticket("high", "enterprise", "09:00"),
        a_ticket("critical", "enterprise", "09:40"),
    )
    kept.pass_to("09:46")  # 75 % of our hour

    said = merge(gone, kept, "09:48")  # 8 of their 15 minutes

    assert [line for line in said if "warning" in line] == []


def test_M2_waiting_for_the_customer_ends_when_they_wait_for_us() -> None:
    kept, gone = (
        a_ticket("high", "professional", "10:00"),
        a_ticket("high", "professional", "11:00"),
    )
    kept.agent_replies("10:10")
    kept.pending("10:11")

    said = merge(gone, kept, "11:30")

    assert "11:30:00 sla.resumed resolution" in said


def test_H9_a_merge_heard_before_the_opening_waits_for_it() -> None:
    early, gone = Story(), a_ticket("critical", "enterprise", "10:00")
    punctual = a_ticket("low", "standard", "10:00")
    merge(gone, punctual, "10:02")

    merge(gone, early, "10:02")
    early.open("low", "standard", "10:00")

    assert [clock.budget for clock in early.case.timeline.unfinished] == [
        clock.budget for clock in punctual.case.timeline.unfinished
    ]

"""Why a clock stands where it stands: new prices, reopenings, merges and levels, segment by segment."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from services.escalator.domain.merging import merging_of
from shared.contracts import TicketMerged
from tests.support.builders import OTHER_TICKET, TICKET
from tests.support.cases import NO_FAST_TRACK, Story, a_policy, at
from tests.support.explained import risk, solved, spans, told, why


def lowered(mode: str = "carry") -> Story:
    """Example P: low/professional, opened 09:00, answered 10:00."""
    story = Story(a_policy(f"{NO_FAST_TRACK}sla: {{reprice: {mode}}}"))
    story.open("low", "professional", "09:00")
    story.agent_replies("10:00")
    return story


def test_P_a_the_new_price_has_its_old_and_new_deadline() -> None:
    story = lowered()
    story.pass_to("13:30")
    story.reclassified("13:30", priority="critical")
    story.pass_to("15:10")

    assert [
        "resolution 1: running, 370 min of 480 min used (77.1 %)",
        (
            "ran       2026-06-01 09:00:00 – 13:30:00  270 min open, 270 min in all, then repriced: "
            "a new priority"
        ),
        "ran       2026-06-01 13:30:00 – now  270 min + 100 min = 370 min, and it runs",
        (
            "repriced  2026-06-01 13:30:00  2880 min → 480 min by a new priority, deadline "
            "2026-06-03 09:00:00 → 2026-06-01 17:00:00; critical/professional, epoch 1"
        ),
        (
            "marks     reached 50 % 2026-06-01 13:30:00 (repriced), 75 % 2026-06-01 15:00:00 · next 80 % "
            "2026-06-01 15:24:00 · then 90 %, 100 %, 125 %, 150 %, 200 %, 300 %, 400 %"
        ),
        (
            "deadline  2026-06-01 13:30 + 480 min − 270 min used, calendar always (UTC) = "
            "2026-06-01 17:00"
        ),
    ] == told(story, "15:10")


def test_P_b_thresholds_jumped_over_are_skipped() -> None:
    story = lowered()
    story.reclassified("15:45", priority="critical")

    marks = next(row for row in told(story, "15:45") if row.startswith("marks"))

    assert (
        "marks     jumped over 50 % 2026-06-01 15:45:00 (repriced), 75 % 2026-06-01 15:45:00 "
        "(repriced) · reached 80 % 2026-06-01 15:45:00 (repriced) · next 90 % 2026-06-01 16:12:00 · "
        "then 100 %, 125 %, 150 %, 200 %, 300 %, 400 %"
    ) == marks


def test_P_c_a_new_price_that_is_used_up_already_breaches_at_its_instant() -> None:
    story = lowered()
    story.reclassified("18:00", priority="critical")

    rows = told(story, "18:10")

    assert "resolution 1: breached running, 550 min of 480 min used (114.6 %)" == rows[0]
    assert "deadline  breached 2026-06-01 18:00: 70 min overdue and counts" == rows[-1]


def test_P_d_a_restart_leaves_a_cancelled_cycle_behind() -> None:
    story = lowered("restart")
    story.reclassified("13:30", priority="critical")

    assert [
        (
            "ran       2026-06-01 09:00:00 – 13:30:00  270 min open, 270 min in all, then cancelled: "
            "reclassified"
        ),
        "marks     none was reached",
        "verdict   cancelled after 270 min of 2880 min: it counts for nothing",
    ] == told(story, "14:00")[1:]
    assert [(30, 30)] == spans(story, "14:00", cycle=2)


def test_R_a_a_reopened_cycle_says_what_it_brought_along() -> None:
    story = solved()
    story.customer_writes("+2 09:00")
    story.reopened("+2 09:00")
    story.pass_to("+2 10:31")

    assert [
        "resolution 2: running, 361 min of 480 min used (75.2 %)",
        "carried   270 min used already when this clock began",
        "ran       2026-06-03 09:00:00 – now  270 min + 91 min = 361 min, and it runs",
        (
            "marks     brought along 50 % · reached 75 % 2026-06-03 10:30:00 · next 80 % "
            "2026-06-03 10:54:00 · then 90 %, 100 %, 125 %, 150 %, 200 %, 300 %, 400 %"
        ),
        (
            "deadline  2026-06-03 09:00 + 480 min − 270 min used, calendar always (UTC) = "
            "2026-06-03 12:30"
        ),
    ] == told(story, "+2 10:31", "resolution 2")


def test_R_d_the_first_cycle_stays_breached_and_a_quarter_is_left() -> None:
    story = Story()
    story.open("high", "enterprise", "08:00")
    story.resolved("17:00")
    story.reopened("+2 09:00")

    assert "verdict   late: 540 min used of 480 min, 60 min too much" == told(story, "+2 09:00")[-1]
    assert timedelta(minutes=360) == why(story, "+2 09:00", cycle=2).carried


def test_M1_a_merge_is_the_end_of_every_stretch_and_its_undoing_takes_that_back() -> None:
    story = Story()
    story.open("high", "professional")
    story.merged("10:20")

    assert ("cancelled", ("merged",)) == (
        why(story, "10:30").ran[-1].ended_by,
        why(story, "10:30").ran[-1].because,
    )

    story.unmerged("10:40")

    assert [(50, 50)] == spans(story, "10:50")
    assert why(story, "10:50").ran[-1].end is None


def test_M_a_a_merge_that_keeps_the_stricter_promise_shows_what_it_brought() -> None:
    kept, gone = Story(), Story()
    kept.open("high", "professional", "10:00")
    gone.open("critical", "enterprise", "9:50")
    event = gone.event(TicketMerged(ticket_id=OTHER_TICKET, into_ticket_id=TICKET), "10:02")
    other = msgspec.structs.replace(gone.case, ticket_id=OTHER_TICKET)
    kept.hear(merging_of(other, event, gone.policy), at("10:02"))

    rows = told(kept, "10:03", "first response 1")

    assert [
        "ran       2026-06-01 10:00:00 – 10:02:00  2 min open, 2 min in all, then repriced: a ticket that was merged into it",
        "ran       2026-06-01 10:02:00 – now  12 min + 1 min = 13 min, and it runs",
    ] == rows[1:3]
    assert rows[-1].endswith(
        "10:02 + 15 min − 12 min used, calendar always (UTC) = 2026-06-01 10:05"
    )


def test_X2_a_level_clock_says_whose_it_is_and_counts_for_no_risk() -> None:
    story = Story(levels=True)
    story.open("critical", "enterprise")

    rows = told(story, "10:03", "level accept 1 of tier_1")

    assert "level accept 1 of tier_1: running, 3 min of 7 min 30 s used (40 %)" == rows[0]
    assert 20.0 == risk(story, "10:03")


def test_X2_a_level_clock_is_aimed_anew_when_what_it_serves_moves() -> None:
    story = Story(levels=True)
    story.open("critical", "enterprise")
    story.reclassified("10:02", priority="high")

    rows = told(story, "10:03", "level accept 1 of tier_1")

    assert rows[1].endswith("then aimed anew: what it serves has another deadline")

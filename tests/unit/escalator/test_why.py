"""Why a clock stands where it stands: examples of answers, pauses and calendars, segment by segment."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from services.commands.ticket_why import lines
from services.escalator.clocks_example import CLOCKS
from services.escalator.clocks_view import ClocksView
from services.escalator.domain.why import explain
from shared.calendar_history import CalendarHistory, CalendarVersion
from shared.contracts.vocabulary import Metric, PauseReason
from tests.support.cases import NO_FAST_TRACK, Story, a_policy, at
from tests.support.explained import risk, solved, spans, told, why


def high() -> Story:
    """Example K: high/professional, opened 10:00, answered 11:10."""
    story = Story()
    story.open("high", "professional")
    story.pass_to("11:10")
    story.agent_replies("11:10")
    return story


def asked() -> Story:
    """Example Z-a: critical/professional, opened 08:00; asked, waiting 09:00:10 to 10:30:10."""
    story = Story()
    story.open("critical", "professional", "08:00")
    story.agent_replies("08:10")
    story.agent_replies("09:00")
    story.pending("09:00:10")
    story.customer_writes("10:30:10")
    story.resumed("10:45")
    return story


def test_K_a_clock_that_was_answered_in_time() -> None:
    assert [
        "first response 1: met, 70 min of 120 min used (58.3 %)",
        (
            "ran       2026-06-01 10:00:00 – 11:10:00  70 min open, 70 min in all, then stopped: "
            "a public reply"
        ),
        (
            "marks     reached 50 % 2026-06-01 11:00:00 · never 75 %, 80 %, 90 %, 100 %, 125 %, 150 %, "
            "200 %, 300 %, 400 %"
        ),
        "verdict   met: 70 min used of 120 min, 50 min to spare",
    ] == told(high(), "11:10", "first response 1")


def test_K4_the_second_message_is_no_new_stretch() -> None:
    story = high()
    story.customer_writes("13:00")
    story.customer_writes("13:30")

    assert [(60, 60)] == spans(story, "14:00", metric=Metric.NEXT_RESPONSE)


def test_K9_risk_is_what_is_used_of_the_promise_that_is_worst_off() -> None:
    """At 11:10 the answered clock counts no more: 70 of 720 min, and not 58 or 100."""
    story = Story()
    story.open("high", "professional")

    assert 50.0 == risk(story, "11:00")
    assert 9.7 == risk(high(), "11:10")


def test_K9_risk_stands_still_while_the_clock_does() -> None:
    story = asked()
    story.agent_replies("10:40")
    story.pending("10:50")

    assert (16.7, 16.7) == (risk(story, "11:00"), risk(story, "20:00"))


def test_K9_risk_is_not_capped() -> None:
    story = Story()
    story.open("critical", "enterprise")

    assert 200.0 == risk(story, "10:30")


def test_K9_without_an_open_promise_there_is_no_risk() -> None:
    assert risk(solved(), "12:30") is None


def test_Z_a_the_pause_has_its_reason_and_its_end() -> None:
    assert [
        "resolution 1: running, 60 min 10 s of 480 min used (12.5 %)",
        (
            "ran       2026-06-01 08:00:00 – 09:00:10  60 min 10 s open, 60 min 10 s in all, then paused: "
            "waits for the customer"
        ),
        "stood     2026-06-01 09:00:10 – 10:30:10  waits for the customer, until the customer wrote",
        "ran       2026-06-01 10:30:10 – now  0 min open, 60 min 10 s in all, and it runs",
        (
            "marks     next 50 % 2026-06-01 13:30:00 · then 75 %, 80 %, 90 %, 100 %, 125 %, 150 %, 200 %, "
            "300 %, 400 %"
        ),
        (
            "deadline  2026-06-01 10:30:10 + 480 min − 60 min 10 s used, calendar always (UTC) = "
            "2026-06-01 17:30"
        ),
    ] == told(asked(), "10:30:10")


def test_Z2_a_refused_pause_says_that_nobody_asked() -> None:
    """Z-b."""
    story = asked()
    story.pending("11:00")

    rows = told(story, "11:30")

    assert (
        "refused   2026-06-01 11:00:00 – now  a pause: waits for the customer, but the last public "
        "message is theirs, so nobody has asked them anything; the clock ran on"
    ) in rows
    assert rows[-1].endswith("= 2026-06-01 17:30")


def test_Z2_the_refusal_ends_when_we_ask_after_all() -> None:
    story = asked()
    story.pending("11:00")
    story.agent_replies("11:20")

    found = why(story, "12:00")

    [refused] = found.refused
    assert (at("11:00"), at("11:20"), "asked") == (refused.start, refused.end, refused.ended_by)
    assert (at("11:20"), None) == (found.stood[-1].start, found.stood[-1].end)


def test_Z2_a_clock_that_never_pauses_refuses_nothing() -> None:
    story = Story()
    story.open("critical", "professional", "08:00")
    story.pending("08:05")

    assert () == why(story, "08:10", Metric.FIRST_RESPONSE).refused
    assert 1 == len(why(story, "08:10").refused)


def test_Z3_two_reasons_are_one_pause_with_both_of_them() -> None:
    story = asked()
    story.agent_replies("11:00")
    story.pending("11:00")
    story.pending("11:10", PauseReason.WAITING_ON_THIRD_PARTY)

    assert tuple(PauseReason) == why(story, "12:00").stood[-1].reasons


def test_Z4_ten_pauses_are_ten_stretches_that_add_up() -> None:
    """Z-c: each of 50 s, each after a real question."""
    story = Story()
    story.open("critical", "professional", "08:00")
    for minute in range(10, 20):
        story.agent_replies(f"08:{minute}")
        story.pending(f"08:{minute}:05")
        story.customer_writes(f"08:{minute}:55")

    found = why(story, "09:00")

    assert 10 == len(found.stood)
    assert timedelta(minutes=60, seconds=-500) == sum((one.open for one in found.ran), timedelta())
    assert found.formula.endswith("= 2026-06-01 16:08:20")


def test_C_a_the_closed_hours_on_the_way_are_named_in_local_time() -> None:
    """C-a: four hours from Wednesday 16:00 in Berlin, with a short 24 December."""
    story = Story(
        a_policy(
            NO_FAST_TRACK
            + """
calendars:
  berlin:
    zone: Europe/Berlin
    hours: {mon-fri: ["09:00-12:00", "13:00-18:00"]}
    exceptions: {2026-12-24: ["09:00-12:00"], 2026-12-25: closed}
sla: {calendar: {default: berlin}}
"""
        )
    )
    story.open("medium", "professional", "+205 15:00")

    found = why(story, "+205 15:00", Metric.FIRST_RESPONSE)

    assert (
        "2026-12-23 15:00 + 240 min, calendar berlin (Europe/Berlin), closed 18:00–09:00 (900 min) = "
        "2026-12-24 10:00 (Thu 11:00 local)"
    ) == found.formula


def test_C4_a_calendar_that_changes_on_the_way_is_named_with_its_versions() -> None:
    calendars = a_policy().calendars
    history = CalendarHistory.of(
        [
            CalendarVersion(1, at("08:00"), calendars["always"]),
            CalendarVersion(2, at("11:00"), calendars["office"]),
        ]
    )
    story = Story(replace(a_policy(), calendars={"always": history}))
    story.open("high", "professional", "10:00")

    view = ClocksView.of(story.case, at("11:30"), story.policy).model_dump_json()

    said = " ".join("\n".join(lines(json.loads(view))).split())
    assert "version 1, 2 from 2026-06-01 11:00:00, never pauses" in said


def test_T3_when_the_facts_are_gone_the_totals_stay_and_it_says_so() -> None:
    story = solved()
    story.closed("12:30")
    story.pass_to("+8 00:00")

    view = ClocksView.of(story.case, at("+8 00:00"), story.policy)

    assert at("+7 12:30") == view.facts_let_go_at
    assert [(270, 270)] == spans(story, "+8 00:00")
    assert "What the clocks rest on was let go at 2026-06-08 12:30:00" in " ".join(
        lines(json.loads(view.model_dump_json()))
    )
    assert [] == view.upcoming


def test_T2_the_explanation_ends_where_the_clocks_do() -> None:
    """What is derived again is what the case itself has."""
    story = asked()
    story.reclassified("11:00", priority="high")
    story.pass_to("11:30")

    found = explain(story.case, at("11:30"), story.policy)

    assert story.case.timeline.clocks == tuple(one.clock for one in found.clocks)
    assert all(one.used == one.ran[-1].total for one in found.clocks)


def test_the_example_of_the_documentation_is_an_answer() -> None:
    assert CLOCKS == json.loads(ClocksView.model_validate(CLOCKS).model_dump_json())

"""A right log is clean; every change to it that changes its meaning is found, and found as what it is
(reliability, mutated histories; I28).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.auditor.report import Report
from services.auditor.verdict import audit
from shared.contracts import Event, SlaBreached, SlaWarning, SlaWithdrawn, TicketMerged
from shared.contracts.vocabulary import Metric
from shared.ids import derived_id
from tests.support.audits import Logged, verdict
from tests.support.builders import AGENT, OTHER_TICKET, TICKET, an_event
from tests.support.cases import a_policy, at, message, opened

WRONG = ("missing", "doubled", "early", "false", "misdated", "unpaired")
MINUTE = timedelta(minutes=1)

Log = list[Event]


def a_log() -> Log:
    """A ticket that is answered in time, asks again, breaches, pauses, is re-priced and solved."""
    story = Logged()
    story.open("high", "professional")
    story.pass_to("11:10")
    story.agent_replies("11:10")
    story.pass_to("13:00")
    story.customer_writes("13:00")
    story.pass_to("15:20")
    story.agent_replies("15:20")
    story.pending("15:40")
    story.pass_to("16:00")
    story.customer_writes("16:00")
    story.agent_replies("16:10")
    story.pass_to("17:00")
    story.reclassified("17:00", priority="critical")
    story.pass_to("20:00")
    story.resolved("20:00")
    story.pass_to("+1 00:00")
    return story.log


def counts(report: Report) -> dict[str, int]:
    """Only what is not zero."""
    return {name: n for name in WRONG if (n := len(getattr(report, name)))}


def judged(log: Log) -> dict[str, int]:
    return counts(verdict(log, a_policy()))


def judged_until(log: Log, until: str) -> dict[str, int]:
    return counts(verdict(log, a_policy(), until=until))


def breach(log: Log) -> Event:
    return next(event for event in log if isinstance(event.payload, SlaBreached))


def without(log: Log, gone: Event) -> Log:
    return [event for event in log if event is not gone]


def instead(log: Log, old: Event, new: Event) -> Log:
    return [new if event is old else event for event in log]


def again(event: Event, name: str = "again") -> Event:
    return replace(event, id=derived_id(TICKET, name), sequence=10_000)


def dropped(log: Log) -> Log:
    return without(log, breach(log))


def doubled(log: Log) -> Log:
    return [*log, again(breach(log))]


def doubled_under_one_id(log: Log) -> Log:
    return [*log, replace(breach(log), sequence=10_000)]


def repeated_by_the_relay(log: Log) -> Log:
    return [*log, breach(log)]


def written_too_early(log: Log) -> Log:
    said = breach(log)
    return instead(log, said, replace(said, recorded_time=said.time - MINUTE))


def dated_too_early(log: Log) -> Log:
    said = breach(log)
    return instead(log, said, replace(said, time=said.time - MINUTE))


def dated_too_late(log: Log) -> Log:
    said = breach(log)
    late = said.time + MINUTE
    return instead(log, said, replace(said, time=late, recorded_time=late))


def with_another_deadline(log: Log) -> Log:
    said = breach(log)
    payload = replace(said.payload, deadline=said.time + MINUTE)
    return instead(log, said, replace(said, payload=payload))


def of_another_clock(log: Log) -> Log:
    said = breach(log)
    payload = replace(said.payload, metric=Metric.FIRST_RESPONSE, cycle=1)
    return instead(log, said, replace(said, payload=payload))


def invented_for_a_met_clock(log: Log) -> Log:
    payload = replace(breach(log).payload, metric=Metric.FIRST_RESPONSE, deadline=at("12:00"))
    return [*log, again(replace(breach(log), payload=payload, time=at("12:00")))]


def taken_back(log: Log, metric: Metric) -> Log:
    payload = SlaWithdrawn(
        ticket_id=TICKET, metric=metric, cycle=1, deadline=at("19:00"), happened_at=at("18:00")
    )
    return [*log, an_event(payload, at=at("19:00"), sequence=10_000)]


def taken_back_though_right(log: Log) -> Log:
    return taken_back(log, Metric.RESOLUTION)


def taken_back_though_never_said(log: Log) -> Log:
    return taken_back(log, Metric.FIRST_RESPONSE)


def a_warning_dropped(log: Log) -> Log:
    return without(log, next(e for e in log if isinstance(e.payload, SlaWarning)))


@pytest.mark.parametrize(
    ("mutate", "expected"),
    [
        (list, {}),
        (repeated_by_the_relay, {}),
        (dropped, {"missing": 1}),
        (a_warning_dropped, {"missing": 1}),
        (doubled, {"doubled": 1}),
        (doubled_under_one_id, {"doubled": 1, "unpaired": 1}),
        (written_too_early, {"early": 1}),
        (dated_too_early, {"early": 1}),
        (dated_too_late, {"misdated": 1}),
        (with_another_deadline, {"misdated": 1}),
        (of_another_clock, {"missing": 1, "false": 1}),
        (invented_for_a_met_clock, {"false": 1}),
        (taken_back_though_right, {"missing": 1}),
        (taken_back_though_never_said, {"false": 1}),
    ],
)
def test_H4_one_changed_event_is_found_as_what_it_is(
    mutate: Callable[[Log], Log], expected: dict[str, int]
) -> None:
    assert expected == judged(mutate(a_log()))


def test_every_announcement_is_missed_when_it_is_dropped() -> None:
    log = a_log()
    told = [event for event in log if isinstance(event.payload, SlaWarning | SlaBreached)]

    assert len(told) > 8
    assert [{"missing": 1}] * len(told) == [judged(without(log, event)) for event in told]


def test_I28_what_is_due_and_fired_is_counted() -> None:
    report = verdict(a_log(), a_policy())

    assert (1, 10, 10) == (report.tickets, report.due, report.fired)
    assert report.clean


def test_a_window_judges_only_what_fell_due_in_it() -> None:
    log = dropped(a_log())
    until_before = verdict(log, a_policy(), until="14:59")
    from_after = verdict(log, a_policy(), since=at("15:00"))

    assert ({}, {}) == (counts(until_before), counts(from_after))


def test_what_is_late_by_less_than_the_grace_is_pending() -> None:
    report = verdict(dropped(a_log()), a_policy(), until="15:02", grace=3 * MINUTE)

    assert ({}, 1) == (counts(report), report.pending)


def test_T3_a_breach_that_was_withdrawn_is_not_false() -> None:
    story = Logged()
    story.open("critical", "enterprise")
    story.pass_to("10:15:20")
    story.agent_replies("10:14:30", heard="10:15:20")
    report = verdict(story.log, a_policy(), until="10:40")
    kept = [event for event in story.log if not isinstance(event.payload, SlaWithdrawn)]

    assert ({}, 1) == (counts(report), report.withdrawn)
    assert {"false": 1} == counts(verdict(kept, a_policy(), until="10:40"))


def test_T3_g_a_breach_that_comes_after_a_withdrawal_is_due_at_its_new_instant() -> None:
    story = Logged()
    story.open("critical", "enterprise")
    story.agent_replies("10:05")
    story.pass_to("14:00")
    story.customer_writes("13:29", heard="14:00:10")
    story.agent_replies("13:29:30", heard="14:00:11")
    story.pending("13:30", heard="14:00:12")
    story.customer_writes("13:50", heard="14:00:13")
    story.pass_to("14:30")
    again = [e for e in story.log if isinstance(e.payload, SlaBreached) and e.time == at("14:20")]
    report = verdict(story.log, a_policy(), until="14:30")

    assert () == report.missing + report.early + report.false
    assert {"missing": 1} == {
        name: n
        for name, n in judged_until(without(story.log, again[0]), "14:30").items()
        if name == "missing"
    }


def test_lateness_counts_from_when_it_could_be_known() -> None:
    story = Logged()
    story.open("critical", "enterprise")
    story.wake_at("10:16")
    report = verdict(story.log, a_policy(), until="10:20")

    assert (5, 240.0, 510.0) == (report.lateness.count, report.lateness.p50, report.lateness.max)
    assert report.clean


def test_a_ticket_without_its_opening_is_not_judged() -> None:
    report = verdict(a_log()[1:], a_policy())

    assert (1, 0, {}) == (report.unjudged, report.due, counts(report))


def test_F1_a_clock_of_another_workflow_is_judged_by_that_one_or_not_at_all() -> None:
    other = a_policy("version: 1\nsla: {grace: 1 s}")
    alone = verdict(a_log(), other)
    both = audit(
        a_log(), other, since=at("00:00"), until=at("23:00"), grace=MINUTE, earlier=[a_policy()]
    )

    assert (1, 0) == (alone.unjudged, alone.due)
    assert (0, 10, {}) == (both.unjudged, both.due, counts(both))


def test_M2_a_the_strictest_promise_of_both_tickets_is_due() -> None:
    merge = TicketMerged(ticket_id=OTHER_TICKET, into_ticket_id=TICKET)
    log = [
        an_event(replace(opened("critical", "enterprise"), ticket_id=OTHER_TICKET), at=at("09:50")),
        an_event(opened("high", "professional"), at=at("10:00")),
        an_event(merge, at=at("10:02"), sequence=2),
    ]
    report = verdict(log, a_policy(), since=at("10:01:59"), until="10:06", grace=timedelta(0))

    assert [
        (TICKET, "first_response", 80, at("10:02")),
        (TICKET, "first_response", 90, at("10:03:30")),
        (TICKET, "first_response", 100, at("10:05")),
    ] == [(f.point.ticket_id, f.point.metric, f.point.percent, f.due) for f in report.missing]


def test_M2_b_an_unanswered_message_is_owed_since_it_was_written() -> None:
    merge = TicketMerged(ticket_id=OTHER_TICKET, into_ticket_id=TICKET)
    log = [
        an_event(opened("high", "professional"), at=at("10:00")),
        an_event(message(1, AGENT), at=at("10:30"), sequence=2),
        an_event(replace(opened("medium", "standard"), ticket_id=OTHER_TICKET), at=at("10:40")),
        an_event(merge, at=at("11:00"), sequence=2),
    ]
    report = verdict(log, a_policy(), until="12:41", grace=timedelta(0))
    (missed,) = [f for f in report.missing if f.point.percent == 100]

    assert ("next_response", at("12:40")) == (missed.point.metric, missed.due)

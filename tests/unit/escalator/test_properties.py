"""What holds of every story: the invariants H of the semantics, over generated tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.escalator import state
from services.escalator.domain import fold
from services.escalator.domain.case import Case
from services.escalator.domain.decide import next_due, respond
from services.escalator.domain.items import Said, TimePassed
from services.escalator.domain.steps import BREACH, StepKind
from services.escalator.domain.timeline import Timeline
from shared.contracts import (
    Change,
    Event,
    Payload,
    SlaBreached,
    SlaWarning,
    SlaWithdrawn,
    TicketClosed,
    TicketPaused,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
)
from shared.contracts.vocabulary import CloseReason, PauseReason
from tests.support.builders import AGENT, CUSTOMER, MONDAY_10, SYSTEM, TICKET, an_event
from tests.support.cases import a_policy, message, opened

POLICY = a_policy(
    """
    version: 1
    conditions: {vip: customer_vip}
    routing_rules: [{action: assign_to_frontline}]
    sla: {calendar: {critical: always, default: office}}
    """
)
MINUTE = timedelta(minutes=1)


def reclassified(changes: dict[str, str]) -> Payload:
    named = {field: Change(from_="", to=value) for field, value in changes.items()}
    return TicketReclassified(ticket_id=TICKET, changes=named, reason="x", by=AGENT)


priorities = st.sampled_from(["critical", "high", "medium", "low"])
tiers = st.sampled_from(["enterprise", "professional", "standard"])
payloads = st.one_of(
    st.builds(message, st.integers(1, 5), st.sampled_from([AGENT, CUSTOMER])),
    st.builds(
        TicketPaused,
        ticket_id=st.just(TICKET),
        reason=st.sampled_from(list(PauseReason)),
        by=st.just(AGENT),
    ),
    st.just(TicketResumed(ticket_id=TICKET, reason="status", by=AGENT)),
    st.builds(lambda p: reclassified({"priority": p}), priorities),
    st.builds(lambda t: reclassified({"customer_tier": t}), tiers),
    st.just(TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False)),
    st.just(TicketReopened(ticket_id=TICKET, by=CUSTOMER, reopened_count=1, recent_reopened=1)),
    st.just(TicketClosed(ticket_id=TICKET, by=SYSTEM, reason=CloseReason.CONFIRMED)),
)


@st.composite
def stories(draw: Any, of: st.SearchStrategy[Any] = payloads) -> list[Event]:
    """A ticket's events in the order of their engine times, from its opening on."""
    first = an_event(opened(draw(priorities), draw(tiers)), sequence=1)
    events, at = [first], MONDAY_10
    for n, payload in enumerate(draw(st.lists(of, max_size=8)), start=2):
        at += draw(st.integers(0, 400)) * MINUTE
        events.append(an_event(payload, at=at, sequence=n))
    return events


class Telling:
    """One case, and all that was said of it."""

    def __init__(self) -> None:
        self.case = Case(ticket_id=TICKET)
        self.said: list[Said] = []

    def hear(self, heard: Event | TimePassed, now: datetime) -> None:
        self.case, said = respond(self.case, heard, policy=POLICY, now=now)
        self.said += said

    def pass_to(self, until: datetime) -> None:
        while (due := next_due(self.case, POLICY)) is not None and due <= until:
            before = self.case
            self.hear(TimePassed(as_of=due), due)
            assert before != self.case, "time passed and nothing moved"


def told_in_time(events: Sequence[Event], until: datetime) -> Telling:
    """Every event is heard at its own instant, time passing between."""
    telling = Telling()
    for event in events:
        telling.pass_to(event.time - timedelta(milliseconds=1))
        telling.hear(event, event.time)
    telling.pass_to(until)
    return telling


def promised(telling: Telling) -> Timeline:
    """The timeline as far as it concerns the customer: when a ticket moved between levels depends on when
    we heard what (semantics L1).
    """
    timeline = telling.case.timeline
    clocks = tuple(clock for clock in timeline.clocks if not clock.metric.of_level)
    return replace(timeline, clocks=clocks, entered=None, accepted=False, last=None, until=None)


def steps_said(telling: Telling) -> set[tuple[str, datetime]]:
    """The clocks' history as it was announced."""
    return {(said.step.key, said.time) for said in telling.said if said.step is not None}


@given(stories(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_H9_the_fold_does_not_depend_on_the_order_of_delivery(
    events: list[Event], random: Any
) -> None:
    until = events[-1].time + timedelta(days=3)
    shuffled = list(events)
    random.shuffle(shuffled)
    in_order, out_of_order = Telling(), Telling()
    for telling, order in ((in_order, events), (out_of_order, shuffled)):
        for event in order:
            telling.hear(event, until)
        telling.pass_to(until)

    assert promised(in_order) == promised(out_of_order)
    assert standing_breaches(in_order) == standing_breaches(out_of_order)
    assert standing_pauses(in_order) == standing_pauses(out_of_order)


@given(stories())
@settings(max_examples=40, deadline=None)
def test_T2_folding_step_by_step_is_folding_at_once(events: list[Event]) -> None:
    until = events[-1].time + timedelta(days=3)
    telling = told_in_time(events, until)
    if telling.case.base.opened_at:
        return

    timeline, steps = fold.fold(telling.case.facts, POLICY)
    timeline, more = fold.pass_time(timeline, until, POLICY)

    assert timeline == telling.case.timeline
    assert {(step.key, step.at) for step in (*steps, *more)} == steps_said(telling)


@given(stories())
@settings(max_examples=40, deadline=None)
def test_H14_announced_thresholds_rise_strictly(events: list[Event]) -> None:
    telling = told_in_time(events, events[-1].time + timedelta(days=9))

    announced: dict[tuple[object, int], list[tuple[int, datetime]]] = {}
    for said in telling.said:
        if isinstance(said.payload, SlaWarning | SlaBreached):
            assert said.step is not None
            clock = (said.payload.metric, said.payload.cycle)
            announced.setdefault(clock, []).append((said.step.threshold, said.time))
    for told in announced.values():
        assert [percent for percent, _ in told] == sorted({percent for percent, _ in told})
        assert [at for _, at in told] == sorted(at for _, at in told)


@given(stories())
@settings(max_examples=40, deadline=None)
def test_H3_every_fact_has_an_id_of_its_own(events: list[Event]) -> None:
    telling = told_in_time(events, events[-1].time + timedelta(days=9))

    ids = [said.id for said in telling.said]

    assert len(ids) == len(set(ids))


@given(stories())
@settings(max_examples=40, deadline=None)
def test_H1_the_running_segments_are_the_consumed_time(events: list[Event]) -> None:
    telling = told_in_time(events, events[-1].time + timedelta(days=3))

    for clock in telling.case.timeline.clocks:
        if clock.epoch or clock.cycle > 1 or clock.running_since is not None:
            continue
        calendar = POLICY.calendars[clock.calendar]
        ran = sum((calendar.between(s.start, s.end) for s in clock.segments), timedelta(0))
        assert ran == clock.consumed


@given(stories(), st.integers(0, 8))
@settings(max_examples=40, deadline=None)
def test_T3_what_was_announced_and_is_not_so_has_been_withdrawn(
    events: list[Event], held_back: int
) -> None:
    """H4: one event comes days late; what stands at the end is what a punctual telling holds."""
    until = events[-1].time + timedelta(days=3)
    late = events[min(max(held_back, 1), len(events) - 1)]
    telling = told_in_time([event for event in events if event is not late], until)
    if telling.case.base.opened_at or late is events[0]:
        return

    telling.hear(late, until)
    telling.pass_to(until)

    punctual = told_in_time(events, until)
    assert standing_breaches(punctual) == standing_breaches(telling)


def standing_breaches(telling: Telling) -> set[tuple[object, int]]:
    """The promises to the customer whose breach was announced and not taken back. A level's time counts
    from when its move was recorded, so that it differs with when we heard (semantics L1).
    """
    standing: set[tuple[object, int]] = set()
    for said in telling.said:
        match said.payload:
            case SlaBreached() as breach if not breach.metric.of_level:
                standing.add((breach.metric, breach.cycle))
            case SlaWithdrawn(threshold_percent=None) as withdrawn:
                standing.discard((withdrawn.metric, withdrawn.cycle))
    return standing


def standing_pauses(telling: Telling) -> set[tuple[str, object, datetime]]:
    """The pauses and resumptions that were announced and not undone."""
    standing: set[tuple[str, object, datetime]] = set()
    for said in telling.said:
        if said.step is None or said.step.kind not in (StepKind.PAUSED, StepKind.RESUMED):
            continue
        if said.step.correction:
            undone = {StepKind.PAUSED: StepKind.RESUMED, StepKind.RESUMED: StepKind.PAUSED}
            standing.discard((undone[said.step.kind], said.step.metric, said.time))
        else:
            standing.add((said.step.kind, said.step.metric, said.time))
    return standing


@given(stories())
@settings(max_examples=40, deadline=None)
def test_a_case_survives_its_row(events: list[Event]) -> None:
    telling = told_in_time(events, events[-1].time + timedelta(hours=5))

    row = state.encoded(telling.case)

    assert telling.case == state.decoded(UUID(int=0), row.decode())
    assert msgspec.json.decode(row)["v"] == 1


@given(stories())
@settings(max_examples=40, deadline=None)
def test_H15_a_ticket_has_at_most_one_open_escalation(events: list[Event]) -> None:
    telling = told_in_time(events, events[-1].time + timedelta(days=3))

    open_ones = 0
    for said in telling.said:
        name = type(said.payload).__name__
        open_ones += (name == "EscalationRaised") - (name == "EscalationResolved")
        assert open_ones in (0, 1)


@given(stories())
@settings(max_examples=40, deadline=None)
def test_K2_every_threshold_before_the_breach_lies_before_it(events: list[Event]) -> None:
    _, steps = fold.fold(told_in_time(events, events[-1].time).case.facts, POLICY)

    breaches = {(s.metric, s.cycle): s.at for s in steps if s.kind is StepKind.BREACHED}
    for step in steps:
        at = breaches.get((step.metric, step.cycle))
        if step.kind is StepKind.WARNING and at is not None:
            assert (step.at <= at) == (step.threshold < BREACH) or step.at == at

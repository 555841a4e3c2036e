"""What the router says to what it hears, under the packaged workflow."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.domain.decide import decide, left_behind
from services.router.domain.folding import evolve
from services.router.domain.line import priority_class
from services.router.domain.roster import Agent
from services.router.domain.work import Fact, WorkItem, WorkStatus, said
from shared.contracts import (
    Change,
    Customer,
    EscalationAdvanced,
    EscalationRaised,
    Handoff,
    Payload,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketPaused,
    TicketQueued,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnassigned,
    TicketUnmerged,
    TicketUnroutable,
)
from shared.contracts.vocabulary import (
    AssignReason,
    CloseReason,
    Complexity,
    PauseReason,
    Presence,
    Priority,
    QueueReason,
    UnassignReason,
    UnroutableCause,
)
from shared.fold import advance
from shared.policy import WorkflowPolicy, load_workflow
from tests.support.builders import AGENT, CUSTOMER, MONDAY_10, OTHER_TICKET, TICKET
from tests.support.desks import NOW, a_cause, a_ticket, an_agent

ENTERPRISE = Customer(customer_id="acme", tier="enterprise")
RESOLVED = TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False)
PAUSED = TicketPaused(ticket_id=TICKET, reason=PauseReason.WAITING_ON_CUSTOMER, by=AGENT)
RESUMED = TicketResumed(ticket_id=TICKET, reason="answered", by=CUSTOMER)
MERGED = TicketMerged(ticket_id=TICKET, into_ticket_id=OTHER_TICKET)
UNMERGED = TicketUnmerged(ticket_id=TICKET, from_ticket_id=OTHER_TICKET)
REOPENED = TicketReopened(ticket_id=TICKET, by=CUSTOMER, reopened_count=1, recent_reopened=1)


@cache
def policy() -> WorkflowPolicy:
    return load_workflow(None)


def raised(level: str, **changes: Any) -> EscalationRaised:
    plain: dict[str, Any] = {
        "ticket_id": TICKET,
        "escalation_id": UUID(int=7),
        "level": level,
        "from_level": "tier_1",
        "to_team": "specialists",
        "reason": "sla_at_risk",
        "evidence": [],
        "audience": [],
        "priority": Priority.HIGH,
        "handoff": Handoff(summary="", timeline=[]),
    }
    return EscalationRaised(**{**plain, **changes})


def advanced(level: str, **changes: Any) -> EscalationAdvanced:
    plain: dict[str, Any] = {
        "ticket_id": TICKET,
        "escalation_id": UUID(int=7),
        "from_level": "tier_2",
        "to_level": level,
        "to_team": "engineering",
        "reason": "unacknowledged",
        "evidence": [],
        "audience": [],
        "priority": Priority.HIGH,
    }
    return EscalationAdvanced(**{**plain, **changes})


def assigned(agent_id: str = "ana", level: str = "tier_1") -> TicketAssigned:
    return TicketAssigned(
        ticket_id=TICKET,
        agent_id=agent_id,
        team="frontline",
        queue="general",
        level=level,
        weight=1,
        skill_fit=1.0,
        waited_seconds=0,
        reason=AssignReason.SKILL_MATCH,
    )


def reclassified(**to: str) -> TicketReclassified:
    changes = {name: Change(from_="?", to=value) for name, value in to.items()}
    return TicketReclassified(ticket_id=TICKET, changes=changes, reason="agent", by=AGENT)


def live(
    *payloads: Payload, agent: Agent | None = None, at: Any = MONDAY_10
) -> tuple[WorkItem, list[Payload]]:
    """Live through `payloads`; the item at the end and what was said to the last of them."""
    item = WorkItem(ticket_id=TICKET)
    answers: list[Payload] = []
    for payload in payloads:
        if isinstance(payload, TicketAssigned | TicketUnassigned | TicketQueued):
            item = evolve(item, said(a_cause(repr(payload)), payload, at))
            continue
        heard = Fact(payload=payload, at=at, cause=a_cause(repr(payload)))

        def answer(state: WorkItem, fact: Fact) -> list[Fact]:
            spoken = decide(state, fact.payload, policy=policy(), agent=agent, now=NOW)
            return [said(fact.cause, one, NOW) for one in spoken]

        item, facts = advance(item, heard, evolve=evolve, decide=answer)
        answers = [fact.payload for fact in facts]
    return item, answers


def kinds(payloads: list[Payload]) -> list[str]:
    return [type(one).__name__ for one in payloads]


def queued_by(*payloads: Payload, **more: Any) -> TicketQueued:
    """The `ticket.queued` said to the last of `payloads`."""
    _, answers = live(*payloads, **more)
    [queued] = [one for one in answers if isinstance(one, TicketQueued)]
    return queued


def test_everything_queues() -> None:
    item, answers = live(a_ticket())

    assert ["TicketQueued"] == kinds(answers)
    assert WorkStatus.WAITING == item.status
    assert NOW == item.waiting_since


def test_the_subject_line_is_not_kept() -> None:
    item, _ = live(a_ticket())

    assert item.opened is not None
    assert "" == item.opened.subject_line


def test_G_g_a_critical_technical_enterprise_ticket_matches_the_first_rule() -> None:
    opened = a_ticket(priority=Priority.CRITICAL, category="technical", customer=ENTERPRISE)

    queued = queued_by(opened, at=MONDAY_10.replace(hour=3))

    assert ("technical_senior", "tier_3") == (queued.queue, queued.level)
    assert {"incident": 4} == queued.required_skills
    assert "manager_escalation" in queued.notify


@pytest.mark.parametrize(
    ("amount", "queue", "cc"),
    [(10000, "general", []), (10000.01, "billing", ["account_manager"]), (None, "general", [])],
)
def test_G_h_an_amount_of_exactly_ten_thousand_is_not_above_it(
    amount: float | None, queue: str, cc: list[str]
) -> None:
    queued = queued_by(a_ticket(category="billing", amount=amount))

    assert (queue, cc) == (queued.queue, queued.cc)


def test_G9_business_hours_are_judged_at_the_opening() -> None:
    opened = a_ticket(customer=ENTERPRISE)

    by_day, by_night = queued_by(opened), queued_by(opened, at=MONDAY_10.replace(hour=3))

    assert ["customer_success", "general"] == [by_day.queue, by_night.queue]
    assert "account_owner" == by_day.prefer


def test_G12_recent_escalations_lift_the_place_in_line_and_ask_for_a_senior() -> None:
    often = Customer(customer_id="acme", tier="standard", recent_escalations=3)

    plain, lifted = queued_by(a_ticket()), queued_by(a_ticket(customer=often))

    assert (None, True) == (plain.priority_boost, lifted.priority_boost)
    assert {"senior": 1} == lifted.preferred_skills


def test_N2_34_complexity_is_what_a_ticket_costs() -> None:
    costs = [queued_by(a_ticket(complexity=complexity)).weight for complexity in Complexity]

    assert [1, 2, 4] == costs


def test_an_escalation_takes_the_ticket_from_its_agent_to_the_queue_of_the_level() -> None:
    item, answers = live(a_ticket(), assigned(), raised("tier_2"))

    assert ["TicketUnassigned", "TicketQueued"] == kinds(answers)
    assert item.place is not None
    assert ("specialists", "tier_2") == (item.place.queue, item.place.level)
    assert QueueReason.ESCALATION == item.place.reason
    assert "ana" == item.previous_agent_id


def test_a_ticket_queued_elsewhere_has_waited_since_it_last_had_somebody() -> None:
    item, _ = live(a_ticket())
    later = queued_by(a_ticket(), raised("tier_2"))

    moved = evolve(item, said(a_cause("later"), later, NOW + timedelta(hours=1)))

    assert NOW == moved.waiting_since


def test_G5_in_a_new_queue_nothing_has_been_announced_yet() -> None:
    item, _ = live(a_ticket())
    alarm = TicketUnroutable(
        ticket_id=TICKET, queue="general", cause=UnroutableCause.NOBODY_ON_SHIFT
    )

    told = evolve(item, said(a_cause("alarm"), alarm, NOW))
    moved = evolve(told, said(a_cause("later"), queued_by(a_ticket(), raised("tier_2")), NOW))

    assert [(UnroutableCause.NOBODY_ON_SHIFT,), ()] == [told.told, moved.told]


def test_L10_a_level_is_a_floor() -> None:
    critical = a_ticket(priority=Priority.CRITICAL, category="technical")

    assert [] == live(critical, raised("tier_2"))[1]
    assert [] == live(a_ticket(), raised("tier_2"), advanced("tier_2", reason="repeated"))[1]
    assert "engineering" == queued_by(a_ticket(), raised("tier_2"), advanced("tier_3")).queue


def test_X4_the_ticket_carries_the_hand_off_of_its_last_change_of_level() -> None:
    newer = Handoff(summary="Newer.", timeline=[])

    item, _ = live(a_ticket(), raised("tier_2"), advanced("tier_3", handoff=newer))
    paged, _ = live(a_ticket(), raised("tier_2", handoff=newer), advanced("tier_2"))

    assert (newer, newer) == (item.handoff, paged.handoff)


def test_X8_management_is_told_and_the_ticket_does_not_move() -> None:
    assert [] == live(a_ticket(), assigned(), raised("management"))[1]


def test_X8_transfer_moves_the_ticket_to_management_after_all() -> None:
    assert "management" == queued_by(a_ticket(), raised("management", transfer=True)).queue


def test_an_escalation_without_transfer_leaves_the_ticket_in_place() -> None:
    assert [] == live(a_ticket(), assigned(), raised("tier_2", transfer=False))[1]


def test_a_raised_ticket_prefers_what_its_own_queue_required() -> None:
    billing = a_ticket(category="billing", amount=20000)

    queued = queued_by(billing, raised("tier_3"))

    assert ({}, {"billing": 4}) == (queued.required_skills, queued.preferred_skills)


def test_H9_an_escalation_that_comes_before_the_opening_counts_all_the_same() -> None:
    item, answers = live(raised("tier_2"), a_ticket())

    assert ["TicketQueued"] == kinds(answers)
    assert item.place is not None
    assert ("tier_2", QueueReason.NEW) == (item.place.level, item.place.reason)


def test_management_told_after_tier_2_does_not_lose_tier_2() -> None:
    queued = queued_by(raised("tier_2"), advanced("management"), a_ticket())

    assert "tier_2" == queued.level


def test_G12_a_priority_boost_lifts_one_class_once() -> None:
    item, _ = live(
        a_ticket(), raised("tier_2", priority_boost=1), raised("tier_3", priority_boost=1)
    )

    assert Priority.HIGH.rank == priority_class(item, policy(), NOW)


@pytest.mark.parametrize(
    "end",
    [
        RESOLVED,
        TicketClosed(ticket_id=TICKET, by=AGENT, reason=CloseReason.CONFIRMED),
        TicketMerged(ticket_id=TICKET, into_ticket_id=OTHER_TICKET),
    ],
)
def test_the_end_of_a_ticket_frees_its_agent(end: Payload) -> None:
    item, answers = live(a_ticket(), assigned(), end)

    assert [TicketUnassigned(ticket_id=TICKET, agent_id="ana", reason=UnassignReason.RESOLVED)] == (
        answers
    )
    assert (WorkStatus.DONE, None) == (item.status, item.agent_id)


def test_a_ticket_resolved_while_it_waits_leaves_the_line_without_a_word() -> None:
    item, answers = live(a_ticket(), RESOLVED)

    assert [] == answers
    assert WorkStatus.DONE == item.status


def test_closing_what_is_resolved_says_nothing() -> None:
    closed = TicketClosed(ticket_id=TICKET, by=AGENT, reason=CloseReason.TIMEOUT)

    assert [] == live(a_ticket(), assigned(), RESOLVED, closed)[1]


def test_an_escalation_of_a_resolved_ticket_waits_for_its_reopening() -> None:
    assert [] == live(a_ticket(), assigned(), RESOLVED, raised("tier_2"))[1]
    assert "tier_2" == queued_by(a_ticket(), assigned(), RESOLVED, raised("tier_2"), REOPENED).level


def test_R4_a_reopened_ticket_is_queued_with_its_former_agent_in_mind() -> None:
    item, _ = live(a_ticket(), assigned(), RESOLVED, REOPENED)

    assert item.place is not None
    assert (QueueReason.REOPENED, "ana") == (item.place.reason, item.previous_agent_id)
    assert [] == item.place.notify


def test_reopening_a_ticket_that_is_open_changes_nothing() -> None:
    assert [] == live(a_ticket(), assigned(), REOPENED)[1]


def test_M4_a_ticket_that_goes_its_own_way_again_is_work_again() -> None:
    item, [again] = live(a_ticket(), assigned(), MERGED, UNMERGED)

    assert isinstance(again, TicketQueued)
    assert QueueReason.REOPENED == again.reason
    assert (WorkStatus.WAITING, "ana") == (item.status, item.previous_agent_id)


def test_M4_what_was_settled_before_its_merge_is_no_work_after_it() -> None:
    item, answers = live(a_ticket(), assigned(), RESOLVED, MERGED, UNMERGED)

    assert ([], WorkStatus.DONE) == (answers, item.status)


def test_M4_what_was_paused_before_its_merge_is_paused_after_it() -> None:
    item, _ = live(a_ticket(), assigned(), PAUSED, MERGED, UNMERGED)

    assert item.paused


def test_G1_a_paused_ticket_costs_a_quarter() -> None:
    hard = a_ticket(complexity=Complexity.L3)

    costs = [live(hard, assigned())[0].cost, live(hard, assigned(), PAUSED)[0].cost]

    assert [16, 4] == costs


def test_G13_a_waking_ticket_stays_with_an_agent_who_has_room() -> None:
    ana = an_agent("ana", load=7.25)

    assert [] == live(a_ticket(), assigned(), PAUSED, RESUMED, agent=ana)[1]


def test_G13_a_waking_ticket_that_does_not_fit_is_queued_with_a_hint() -> None:
    ana = an_agent("ana", load=7.5)

    item, answers = live(a_ticket(), assigned(), PAUSED, RESUMED, agent=ana)

    assert ["TicketUnassigned", "TicketQueued"] == kinds(answers)
    assert ("ana", False) == (item.previous_agent_id, item.paused)


def test_G13_a_waking_ticket_leaves_an_agent_who_has_gone() -> None:
    gone = an_agent("ana", presence=Presence.AWAY)

    _, answers = live(a_ticket(), assigned(), PAUSED, RESUMED, agent=gone)

    assert [UnassignReason.WENT_OFFLINE] == [
        one.reason for one in answers if isinstance(one, TicketUnassigned)
    ]


def test_G7_who_goes_offline_leaves_what_needs_action_and_keeps_what_is_paused() -> None:
    active, _ = live(a_ticket(), assigned())
    paused, _ = live(a_ticket(), assigned(), PAUSED)

    assert ["TicketUnassigned", "TicketQueued"] == kinds(left_behind(active, policy()))
    assert [] == left_behind(paused, policy())


def test_a_waiting_ticket_that_becomes_critical_is_queued_where_it_belongs_now() -> None:
    technical = a_ticket(category="technical")

    queued = queued_by(technical, reclassified(priority="critical"))

    assert ("technical_senior", QueueReason.RECLASSIFIED) == (queued.queue, queued.reason)
    assert [] == queued.notify


def test_a_new_priority_moves_a_waiting_ticket_in_the_line_without_a_word() -> None:
    item, answers = live(a_ticket(), reclassified(priority="high"))

    assert [] == answers
    assert Priority.HIGH.rank == priority_class(item, policy(), NOW)


def test_a_reclassified_ticket_that_somebody_has_stays_with_them() -> None:
    item, answers = live(
        a_ticket(), assigned(), reclassified(category="integration", complexity="l3")
    )

    assert [] == answers
    assert 1 == item.weight


def test_facts_about_a_ticket_never_opened_here_change_nothing() -> None:
    later = (PAUSED, RESUMED, REOPENED, reclassified(priority="high"), raised("tier_2"))

    assert [] == [answer for one in later for answer in live(one)[1]]


def test_H8_the_item_is_a_fold_over_what_was_heard_and_said() -> None:
    story: list[Fact] = []
    item = WorkItem(ticket_id=TICKET)
    for n, payload in enumerate(
        [a_ticket(), raised("tier_2"), PAUSED, RESUMED, RESOLVED, REOPENED]
    ):
        heard = Fact(
            payload=payload, at=MONDAY_10 + timedelta(minutes=n), cause=a_cause(repr(payload))
        )
        spoken: list[Fact] = []

        def answer(state: WorkItem, fact: Fact, spoken: list[Fact] = spoken) -> list[Fact]:
            answers = decide(state, fact.payload, policy=policy(), agent=None, now=NOW)
            spoken += [said(fact.cause, one, NOW) for one in answers]
            return spoken

        item, _ = advance(item, heard, evolve=evolve, decide=answer)
        story += [heard, *spoken]

    again = WorkItem(ticket_id=TICKET)
    for fact in story:
        again = evolve(again, fact)

    assert item == again


TICKET_STORIES = st.sampled_from(
    [
        [a_ticket()],
        [a_ticket(), PAUSED],
        [a_ticket(), PAUSED, RESUMED, reclassified(category="integration")],
        [a_ticket(), RESOLVED, REOPENED],
        [a_ticket(), RESOLVED, REOPENED, RESOLVED],
    ]
)
ESCALATION_STORIES = st.sampled_from(
    [
        [raised("tier_2")],
        [raised("tier_2"), advanced("tier_3")],
        [raised("tier_2", priority_boost=1), advanced("management")],
        [raised("management", transfer=True)],
    ]
)


@given(TICKET_STORIES, ESCALATION_STORIES, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_H9_the_two_topics_may_arrive_in_any_order(
    of_ticket: list[Payload], of_escalation: list[Payload], chance: random.Random
) -> None:
    turns = [0] * len(of_ticket) + [1] * len(of_escalation)
    chance.shuffle(turns)
    sources = (iter(of_ticket), iter(of_escalation))

    mixed, _ = live(*(next(sources[turn]) for turn in turns))
    in_order, _ = live(*of_ticket, *of_escalation)

    assert _where(in_order) == _where(mixed)


def _where(item: WorkItem) -> tuple[object, ...]:
    waits = item.status is WorkStatus.WAITING
    return (
        item.status,
        priority_class(item, policy(), NOW),
        item.lane if waits else None,
        item.cost if waits else 0,
    )

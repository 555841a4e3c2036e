"""Asking for less as the time to accept goes by (semantics G4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.router.domain.decide import decide
from services.router.domain.relaxing import next_relaxation, relaxations
from services.router.domain.work import WorkItem, replace
from shared.contracts import TicketQueued, TicketReclassified
from shared.contracts.tickets import Change
from shared.contracts.vocabulary import QueueReason, UnroutableCause
from tests.support.builders import AGENT, MONDAY_10
from tests.support.desks import a_waiting, after, policy

MINUTE = timedelta(minutes=1)


def a_waiting_one(*, teams: Sequence[str] = (), **skills: Any) -> WorkItem:
    """A ticket that came to tier_1 at 10:00 and is to be accepted within 100 minutes."""
    item = a_waiting(**skills)
    assert item.place is not None
    due = {"first_response": MONDAY_10 + 200 * MINUTE}
    place = replace(item.place, teams=list(teams))
    return replace(item, entered_at=MONDAY_10, deadlines=due, place=place)


DEMANDING = a_waiting_one(
    teams=["billing"],
    required={"api_expert": 3, "language_de": 4},
    any_of={"sql": 2, "compliance_pci": 2},
    preferred={"senior": 2, "language_fr": 3},
)


def test_G4_less_is_asked_for_at_20_40_and_60_percent() -> None:
    instants, item = [], DEMANDING
    while (due := next_relaxation(item, policy())) is not None:
        instants.append((due - MONDAY_10) // MINUTE)
        item = after(item, next(relaxations(item, policy(), due)), at=due)

    assert [20, 40, 60] == instants


def test_G4_first_preferred_skills_then_proficiency_then_teams_and_each_is_a_fact() -> None:
    first, second, third = relaxations(DEMANDING, policy(), MONDAY_10 + 60 * MINUTE)

    assert {QueueReason.RELAXED} == {step.reason for step in (first, second, third)}
    assert [1, 2, 3] == [step.relaxed for step in (first, second, third)]
    assert {"language_fr": 3} == first.preferred_skills
    assert ({"api_expert": 3, "language_de": 4}, None) == (first.required_skills, first.other_teams)
    assert {"api_expert": 2, "language_de": 4} == second.required_skills
    assert {"sql": 1, "compliance_pci": 2} == second.any_skills
    assert (None, True) == (second.other_teams, third.other_teams)


def test_G4_language_and_compliance_are_never_relaxed() -> None:
    item = a_waiting_one(required={"language_de": 4}, preferred={"compliance_pci": 2})

    assert [] == list(relaxations(item, policy(), MONDAY_10 + timedelta(days=9)))


def test_G4_a_proficiency_is_not_lowered_below_one_and_a_step_without_effect_is_none() -> None:
    item = a_waiting_one(required={"api_expert": 1})

    assert next_relaxation(item, policy()) is None
    assert [] == list(relaxations(item, policy(), MONDAY_10 + timedelta(days=9)))


def test_G4_a_step_is_taken_once() -> None:
    item = after(DEMANDING, next(relaxations(DEMANDING, policy(), MONDAY_10 + 20 * MINUTE)))

    assert [] == list(relaxations(item, policy(), MONDAY_10 + 39 * MINUTE))
    assert MONDAY_10 + 40 * MINUTE == next_relaxation(item, policy())


def test_G5_what_was_announced_of_a_ticket_is_not_announced_again_when_it_asks_for_less() -> None:
    told = replace(DEMANDING, told=(UnroutableCause.MISSING_SKILL,))
    item = after(told, next(relaxations(told, policy(), MONDAY_10 + 20 * MINUTE)))

    assert (UnroutableCause.MISSING_SKILL,) == item.told


def test_G4_what_somebody_has_is_not_relaxed() -> None:
    held = replace(DEMANDING, status="assigned", agent_id="ana")

    assert next_relaxation(held, policy()) is None


def test_G4_a_ticket_reclassified_keeps_the_steps_it_has_taken() -> None:
    """Integration asks for one of two skills at 3; the second step has lowered that to 2."""
    relaxed = list(relaxations(DEMANDING, policy(), MONDAY_10 + 40 * MINUTE))[-1]
    item = after(DEMANDING, relaxed)
    news = TicketReclassified(
        ticket_id=item.ticket_id,
        changes={"category": Change(from_="account", to="integration")},
        reason="agent",
        by=AGENT,
    )
    item = after(item, news)
    [place] = decide(item, news, policy=policy(), agent=None, now=MONDAY_10)

    assert isinstance(place, TicketQueued)
    assert ({"api_expert": 2, "integration_specialist": 2}, 2) == (place.any_skills, place.relaxed)

"""Asking for less as the time to accept a ticket goes by (semantics G4).

A step changes what the ticket's place asks for and is said as `ticket.queued`, so that the rest of the
router knows nothing of relaxation: it matches what the place asks for now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from shared.contracts import TicketQueued
from shared.contracts.vocabulary import QueueReason
from shared.policy import WorkflowPolicy

from .accepting import level_accept
from .work import WorkItem, WorkStatus, replace

#: What the steps of the schedule ask for no longer, in their order.
STEPS: Final = ("preferred_skills", "proficiency", "other_teams")


def relaxations(item: WorkItem, policy: WorkflowPolicy, now: datetime) -> Iterator[TicketQueued]:
    """The places of the steps that are due by `now` and not taken yet, each after the other."""
    place = item.place
    for step, at in _schedule(item, policy):
        if place is not None and step > (place.relaxed or 0) and at <= now:
            place = _relaxed(place, step, policy)
            yield place


def as_relaxed(place: TicketQueued, steps: int, policy: WorkflowPolicy) -> TicketQueued:
    """`place` after the steps up to number `steps` of the schedule."""
    relaxation = policy.routing.assigning.relaxation
    scheduled = (relaxation.preferred_skills, relaxation.proficiency, relaxation.other_teams)
    for number, percent in enumerate(scheduled[:steps], start=1):
        if percent is not None:
            place = _relaxed(place, number, policy)
    return place


def next_relaxation(item: WorkItem, policy: WorkflowPolicy) -> datetime | None:
    """When the next step is due; None when all are taken, or nothing limits the time to accept."""
    taken = (item.place.relaxed or 0) if item.place else 0
    return next((at for step, at in _schedule(item, policy) if step > taken), None)


def _schedule(item: WorkItem, policy: WorkflowPolicy) -> Iterator[tuple[int, datetime]]:
    """The numbers of the steps and when they are due, in the order of the schedule.

    A step that would ask for nothing less of this ticket is none.
    """
    place = item.place
    if place is None or item.status is not WorkStatus.WAITING:
        return
    relaxation = policy.routing.assigning.relaxation
    percents = (relaxation.preferred_skills, relaxation.proficiency, relaxation.other_teams)
    steps = [
        (number, percent)
        for number, percent in enumerate(percents, start=1)
        if percent is not None and _asks_less(place, number, policy)
    ]
    span = level_accept(item, policy) if steps else None
    if span is not None:
        start, end = span
        for number, percent in steps:
            yield number, start + (end - start) * percent / 100


def _asks_less(place: TicketQueued, step: int, policy: WorkflowPolicy) -> bool:
    """Whether somebody may qualify, or fit better, after the step who does not before."""
    after = _relaxed(place, step, policy)
    return _asked(after) != _asked(place)


def _asked(place: TicketQueued) -> tuple[object, ...]:
    teams = () if place.other_teams else tuple(place.teams)
    return place.preferred_skills, place.required_skills, place.any_skills, teams


def _relaxed(place: TicketQueued, step: int, policy: WorkflowPolicy) -> TicketQueued:
    """The place after one more step: 1 preferred skills, 2 proficiency, 3 other teams."""
    fixed = policy.routing.assigning.relaxation.is_fixed

    def lowered(skills: Mapping[str, int]) -> dict[str, int]:
        return {s: least if fixed(s) else max(1, least - 1) for s, least in skills.items()}

    taken = replace(place, reason=QueueReason.RELAXED, relaxed=step, notify=[], cc=[])
    if step == 1:
        kept = {s: least for s, least in place.preferred_skills.items() if fixed(s)}
        return replace(taken, preferred_skills=kept)
    if step == 2:
        required, alternatives = lowered(place.required_skills), lowered(place.any_skills)
        return replace(taken, required_skills=required, any_skills=alternatives)
    return replace(taken, other_teams=True)

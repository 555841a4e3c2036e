"""Levels nobody works at, agents nobody can tell, and the end of the ladder (semantics L5, X10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from .calendars import AHEAD
from .people import Worker
from .subject import Remark, Subject

_DUTY_MANAGER: Final = "duty_manager"


def nobody_on_shift(subject: Subject) -> Iterator[Remark]:
    """L055: a level without agents, or with none on shift in the next 14 days. A shift that only the
    roster knows counts as worked.
    """
    if subject.people is None:
        return
    for level in subject.policy.levels:
        names = {level.name, *level.aliases}
        workers = [worker for worker in subject.people.workers if worker.level in names]
        if any(_comes(worker, subject) for worker in workers):
            continue
        why = "no agent works there"
        if workers:
            why = f"none of its agents ({_listed(workers)}) is on shift in the next 14 days"
        yield Remark(
            "L055",
            "people",
            ("levels", level.name),
            f"{level.name} ({level.team}): {why}",
            "add an agent to the people file, or open the calendar of their shift",
            key=True,
        )


def no_duty_manager(subject: Subject) -> Iterator[Remark]:
    """L054: who is told when a ladder has been climbed in vain must exist."""
    people = subject.people
    if people is None or any(c.channels for c in people.holders([_DUTY_MANAGER])):
        return
    yield Remark(
        "L054",
        "people",
        ("escalation", "repeats"),
        f"nobody who can be told is {_DUTY_MANAGER}: when the last level has been paged in vain, "
        "nobody hears of it",
        f"give a recipient with a channel the role {_DUTY_MANAGER}",
        key=True,
    )


def untold_agents(subject: Subject) -> Iterator[Remark]:
    """L056: what is told to the assignee reaches an agent as the recipient of the same id."""
    people = subject.people
    if people is None:
        return
    untold = [worker for worker in people.workers if not people.reach(worker.agent_id)]
    if untold:
        yield Remark(
            "L056",
            "people",
            ("notifications", "rules"),
            f"{_listed(untold)} cannot be told of their own tickets: no recipient of that id has a "
            "channel, so their team's lead is told",
            "add them to the recipients of the people file with a channel",
            key=True,
        )


def _comes(worker: Worker, subject: Subject) -> bool:
    """Whether somebody works at all in the next 14 days, as far as the workflow knows."""
    calendar = subject.policy.calendars.get(worker.shift or "")
    return calendar is None or bool(calendar.between(subject.at, subject.at + AHEAD))


def _listed(workers: Sequence[Worker]) -> str:
    return ", ".join(worker.agent_id for worker in workers)

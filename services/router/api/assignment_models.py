"""What is told of one ticket: who has it, what that rests on, and what it waits for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from pydantic import BaseModel, JsonValue

from services.router.domain.line import slack
from services.router.domain.work import WorkItem, WorkStatus
from services.router.store.history import Assignment
from shared.policy import WorkflowPolicy

from .candidate_models import CandidatesView
from .models import Body, Name, example_of
from .queue_models import WaitView
from .rule_models import RulesView

_EXPLANATION: Final[dict[str, JsonValue]] = {
    "rule": "billing",
    "candidates": 3,
    "skill_fit": 0.8,
    "load_ratio": 0.25,
}

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "ticket_id": "019c9f3a-5c00-7000-8000-000000000001",
    "status": "assigned",
    "paused": False,
    "agent_id": "sofia",
    "previous_agent_id": None,
    "assigned_at": "2026-03-02T09:00:01Z",
    "accepted": False,
    "accept_by": "2026-03-02T09:10:01Z",
    "queue": "billing",
    "level": "tier_2",
    "entry": 1,
    "rank": 40,
    "weight": 1,
    "rule": "billing",
    "boosts": [],
    "required_skills": {"billing": 4},
    "any_skills": {},
    "preferred_skills": {},
    "relaxed": 0,
    "waiting_since": None,
    "deadlines": {"first_response": "2026-03-02T10:00:00Z"},
    "slack_seconds": 3300.0,
    "handoff": None,
    "wait": None,
    "people": None,
    "rules": None,
    "history": [
        {
            "agent_id": "sofia",
            "assigned_at": "2026-03-02T09:00:01Z",
            "reason": "skill_match",
            "explanation": _EXPLANATION,
            "ended_at": None,
            "end_reason": None,
        }
    ],
}


class AssignmentBody(Body):
    """Who is to have the ticket, or who speaks of it."""

    model_config = example_of(agent_id="sofia")

    agent_id: Name


class HistoryView(BaseModel):
    """Somebody had the ticket, and what that assignment rested on."""

    agent_id: str
    assigned_at: datetime
    reason: str
    explanation: dict[str, Any]
    ended_at: datetime | None
    end_reason: str | None

    @classmethod
    def of(cls, entry: Assignment) -> HistoryView:
        """The view of `entry`."""
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class AssignmentView(BaseModel):
    """Where a ticket stands: who has it, or in which line it waits and why.

    It waits for its agent to accept it until `accept_by`; with nothing there, they have. `entry` counts
    how often it came to its level, `relaxed` the steps by which less is asked by now. `slack_seconds`:
    how long work can still wait for the nearest of the `deadlines` to be kept, negative when it is too
    late, null while no clock runs. `handoff` is what the level it was raised from leaves this one
    (semantics X4). `people` is told when asked for: who could have it now, and who could not, and why;
    and so are `rules`: which matched and which did not, by which comparison.
    """

    model_config = example_of(**_EXAMPLE)

    ticket_id: UUID
    status: WorkStatus
    paused: bool
    agent_id: str | None
    previous_agent_id: str | None
    assigned_at: datetime | None
    accepted: bool
    accept_by: datetime | None
    queue: str | None
    level: str | None
    entry: int
    rank: int | None
    weight: int
    rule: str | None
    boosts: list[str]
    required_skills: dict[str, int]
    any_skills: dict[str, int]
    preferred_skills: dict[str, int]
    relaxed: int
    declined: tuple[str, ...]
    waiting_since: datetime | None
    deadlines: dict[str, datetime]
    slack_seconds: float | None
    handoff: dict[str, Any] | None
    wait: WaitView | None = None
    people: CandidatesView | None = None
    rules: RulesView | None = None
    history: list[HistoryView] = []

    @classmethod
    def of(cls, item: WorkItem, policy: WorkflowPolicy, now: datetime) -> AssignmentView:
        """The view of `item` at `now`, without why it waits and its history."""
        place, left = item.place, slack(item, policy, now)
        return cls(
            ticket_id=item.ticket_id,
            status=item.status,
            paused=item.paused,
            agent_id=item.agent_id,
            previous_agent_id=item.previous_agent_id,
            assigned_at=item.assigned_at,
            accepted=item.agent_id is not None and item.accept_by is None,
            accept_by=item.accept_by,
            queue=place.queue if place else None,
            level=place.level if place else None,
            entry=item.entries.get(place.level, 0) if place else 0,
            rank=place.rank if place else None,
            weight=item.weight,
            rule=place.rule if place else None,
            boosts=place.boosts if place else [],
            required_skills=place.required_skills if place else {},
            any_skills=place.any_skills if place else {},
            preferred_skills=place.preferred_skills if place else {},
            relaxed=(place.relaxed or 0) if place else 0,
            declined=item.declined,
            waiting_since=item.waiting_since,
            deadlines=item.deadlines,
            slack_seconds=left.total_seconds() if left is not None else None,
            handoff=msgspec.to_builtins(item.handoff) if item.handoff else None,
        )

"""What is told of queues and of the tickets in their lines."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, JsonValue

from services.router.domain.explain import Wait, WaitReason
from shared.contracts.vocabulary import Complexity, Priority

from .models import example_of

_WAIT: Final[dict[str, JsonValue]] = {
    "reason": "full_desks",
    "candidates": 4,
    "with_room": 0,
    "missing_skills": [],
}


class QueueView(BaseModel):
    """One queue. `unroutable` of its waiting tickets could be taken by nobody even with an empty desk.

    `people` are at work and serve the queue, `online` of them take new tickets. `assigned_last_hour`
    counts what left the line by going to somebody; `estimated_wait_seconds` follows from it: how long
    the last of the waiting tickets waits if the pace stays, null where nothing was assigned.
    """

    queue: str
    level: str
    waiting: int = 0
    oldest_seconds: float = 0.0
    unroutable: int = 0
    reasons: dict[WaitReason, int] = {}
    missing_skills: list[str] = []
    people: int = 0
    online: int = 0
    assigned_last_hour: int = 0
    estimated_wait_seconds: float | None = None


class QueuesView(BaseModel):
    """Every queue of the workflow."""

    model_config = example_of(
        queues=[
            {
                "queue": "frontline",
                "level": "tier_1",
                "waiting": 12,
                "oldest_seconds": 640.0,
                "unroutable": 0,
                "reasons": {"full_desks": 12},
                "missing_skills": [],
                "people": 5,
                "online": 4,
                "assigned_last_hour": 48,
                "estimated_wait_seconds": 900.0,
            }
        ]
    )

    queues: list[QueueView]


class WaitView(BaseModel):
    """Why a ticket waits: `candidates` are online and qualify, `with_room` of them have room."""

    reason: WaitReason
    candidates: int
    with_room: int
    missing_skills: tuple[str, ...]

    @classmethod
    def of(cls, wait: Wait) -> WaitView:
        """The view of `wait`."""
        return cls(
            reason=wait.reason,
            candidates=wait.candidates,
            with_room=wait.with_room,
            missing_skills=wait.missing_skills,
        )


class LineTicketView(BaseModel):
    """A waiting ticket. Who stands before whom: `priority_class` (0 is served first; `priority` after
    boosts and ageing), then `rank`, then `slack_seconds`, then age (semantics G2).

    `slack_seconds`: how long it can still wait for its most pressing deadline to be kept; negative when
    it is too late already, null while no clock runs. `relaxed` counts the steps by which less is asked.
    """

    position: int
    ticket_id: UUID
    priority: Priority
    priority_class: int
    rank: int
    slack_seconds: float | None
    waited_seconds: int
    category: str
    complexity: Complexity
    channel: str
    weight: int
    required_skills: dict[str, int]
    any_skills: dict[str, int]
    preferred_skills: dict[str, int]
    relaxed: int
    declined: tuple[str, ...]
    opened_at: datetime
    wait: WaitView


class LineView(BaseModel):
    """The first tickets of a queue in the order in which they are served; `waiting` counts all."""

    model_config = example_of(
        queue="billing",
        waiting=1,
        tickets=[
            {
                "position": 1,
                "ticket_id": "019c9f3a-5c00-7000-8000-000000000001",
                "priority": "high",
                "priority_class": 1,
                "rank": 40,
                "slack_seconds": 5400.0,
                "waited_seconds": 420,
                "category": "billing",
                "complexity": "l1",
                "channel": "email",
                "weight": 1,
                "required_skills": {"billing": 4},
                "any_skills": {},
                "preferred_skills": {},
                "relaxed": 0,
                "declined": [],
                "opened_at": "2026-03-02T09:00:00Z",
                "wait": _WAIT,
            }
        ],
    )

    queue: str
    waiting: int
    tickets: list[LineTicketView]

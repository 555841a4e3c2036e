"""What is told of the tickets that somebody has."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.router.domain.work import WorkItem
from shared.contracts.vocabulary import Priority

from .models import example_of


class HeldView(BaseModel):
    """A ticket that somebody has; it waits for them to accept it until `accept_by`, if that is set."""

    ticket_id: UUID
    queue: str
    priority: Priority
    category: str
    channel: str
    weight: int
    paused: bool
    assigned_at: datetime | None
    accept_by: datetime | None
    next_deadline: datetime | None

    @classmethod
    def of(cls, item: WorkItem) -> HeldView:
        """The view of `item`, which somebody has."""
        assert item.opened is not None
        return cls(
            ticket_id=item.ticket_id,
            queue=item.place.queue if item.place else "",
            priority=item.opened.priority,
            category=item.opened.category,
            channel=item.opened.channel,
            weight=item.weight,
            paused=item.paused,
            assigned_at=item.assigned_at,
            accept_by=item.accept_by,
            next_deadline=min(item.deadlines.values(), default=None),
        )


class DeskView(BaseModel):
    """What an agent has, the oldest ticket first."""

    model_config = example_of(
        agent_id="sofia",
        tickets=[
            {
                "ticket_id": "019c9f3a-5c00-7000-8000-000000000001",
                "queue": "billing",
                "priority": "high",
                "category": "billing",
                "channel": "email",
                "weight": 1,
                "paused": False,
                "assigned_at": "2026-03-02T09:00:01Z",
                "accept_by": None,
                "next_deadline": "2026-03-02T10:00:00Z",
            }
        ],
    )

    agent_id: str
    tickets: list[HeldView]

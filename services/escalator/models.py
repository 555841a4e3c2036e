"""Bodies of requests and answers. Durations are in seconds; unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.escalator.handoff_models import HandoffBody
from services.escalator.store import EscalationRow

#: A name that programs use.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,64}$")]

#: A reason that people read: up to a few lines.
Reason = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,500}$", strip_whitespace=True)]

Status = Literal["open", "acknowledged", "resolved"]


class Body(BaseModel):
    """What a caller sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestBody(Body):
    """Raise a ticket: `reason` is one of the workflow's manual reasons; a level replaces its target.

    What was tried and the next steps are said in `handoff`, unless they are in the document already.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "outside_knowledge",
                    "handoff": {
                        "tried": ["Reset the session keys: no change."],
                        "next_steps": ["Look at the identity provider's log."],
                    },
                }
            ]
        }
    )

    reason: Name
    to_level: Name | None = None
    handoff: HandoffBody | None = None


class ResolutionBody(Body):
    """End an escalation: why."""

    reason: Reason


class EscalationView(BaseModel):
    """An escalation as it is."""

    escalation_id: UUID
    ticket_id: UUID
    status: str
    level: str
    reason: str
    raised_at: datetime
    acknowledge_by: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    outcome: str | None

    @classmethod
    def of(cls, row: EscalationRow) -> EscalationView:
        """The view of `row`."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class EscalationsView(BaseModel):
    """A page of escalations, oldest first; `next` is the cursor of the following page."""

    escalations: list[EscalationView]
    next: str | None

"""Bodies of requests and answers. Durations are in seconds; unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints

from services.escalator.handoff_models import HandoffBody
from services.escalator.store import EscalationRow

#: A name that programs use.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,64}$")]

#: A reason that people read: up to a few lines.
Reason = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,500}$", strip_whitespace=True)]

Status = Literal["open", "acknowledged", "resolved"]

_REQUEST: Final[dict[str, JsonValue]] = {
    "reason": "outside_authority",
    "handoff": {
        "tried": ["Reset the session keys: no change."],
        "next_steps": ["Look at the identity provider's log."],
    },
}

_ESCALATION: Final[dict[str, JsonValue]] = {
    "escalation_id": "01970b5a-6c00-7000-8000-0000000000e1",
    "ticket_id": "01970b5a-6c00-7000-8000-000000000001",
    "status": "acknowledged",
    "level": "tier_2",
    "reason": "requested",
    "raised_at": "2026-06-01T10:12:00Z",
    "acknowledge_by": None,
    "acknowledged_by": "maria",
    "acknowledged_at": "2026-06-01T10:15:00Z",
    "resolved_at": None,
    "outcome": None,
}


def example_of(**fields: JsonValue) -> ConfigDict:
    """The example of a body or an answer in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Body(BaseModel):
    """What a caller sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestBody(Body):
    """Raise a ticket: `reason` is one of the workflow's manual reasons; a level replaces its target.

    What was tried and the next steps are said in `handoff`, unless they are in the document already.
    """

    model_config = example_of(**_REQUEST)

    reason: Name
    to_level: Name | None = None
    handoff: HandoffBody | None = None


class ResolutionBody(Body):
    """End an escalation: why. E-mail addresses and phone numbers are masked in its event."""

    model_config = example_of(reason="The customer agreed to wait until tomorrow.")

    reason: Reason


class EscalationView(BaseModel):
    """An escalation as it is."""

    model_config = example_of(**_ESCALATION)

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

    model_config = example_of(escalations=[_ESCALATION], next=None)

    escalations: list[EscalationView]
    next: str | None

"""Bodies of hand-off documents: what people may write, and the document as it is read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from services.escalator.domain.document import Document
from services.escalator.domain.written import Content
from services.escalator.store_handoffs import HandoffRow
from shared.contracts.vocabulary import Priority, SentimentLabel

#: Longer is not read by whoever takes over (semantics X9).
LONGEST: Final = 500

#: A few lines that people read; each entry of a list is one.
Prose = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=LONGEST,
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
    ),
]

Entries = Annotated[tuple[Prose, ...], Field(max_length=20)]

_WRITTEN: Final[dict[str, JsonValue]] = {
    "summary": "Sign-in fails for the whole company since this morning's update.",
    "tried": ["Reset the session keys: no change.", "Signed in with another browser: the same."],
    "sentiment": "frustrated",
    "expectation": "Wants to work again today, and to know what happened.",
    "next_steps": ["Look at the identity provider's log from 09:40 on."],
}

_SHOWN: Final[dict[str, JsonValue]] = {
    "ticket_id": "01970b5a-6c00-7000-8000-000000000001",
    "customer_id": "acme",
    "priority": "high",
    "escalation_id": "01970b5a-6c00-7000-8000-0000000000e1",
    "escalating_from": "tier_1",
    "escalating_to": "tier_2",
    "team": "specialists",
    "reason": "outside_authority",
    **_WRITTEN,
    "timeline": [
        {"at": "2026-06-01T10:00:00Z", "kind": "opened", "text": "Initial contact"},
        {
            "at": "2026-06-01T10:04:00Z",
            "kind": "agent_replied",
            "text": "An agent replied",
            "message_id": "01970b5a-6c00-7000-8000-0000000000a1",
        },
        {
            "at": "2026-06-01T10:12:00Z",
            "kind": "requested",
            "text": "Trigger requested: outside_authority",
        },
    ],
    "attachments": ["01970b5a-6c00-7000-8000-0000000000a1"],
    "written": ["summary", "tried", "sentiment", "expectation", "next_steps"],
    "generated": False,
    "version": 1,
    "versions": [{"version": 1, "by": "maria", "at": "2026-06-01T10:11:00Z"}],
}


class HandoffBody(BaseModel):
    """What a person writes; a field that is left out is filled from the ticket's events."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [dict(_WRITTEN)]}
    )

    summary: Prose | None = None
    tried: Entries = ()
    sentiment: SentimentLabel | None = None
    expectation: Prose | None = None
    next_steps: Entries = ()

    def content(self) -> Content:
        """The same as the escalator keeps it."""
        return Content(**{name: getattr(self, name) for name in type(self).model_fields})


class LineView(BaseModel):
    """A line of the timeline; of a message its id, to be read at intake."""

    at: datetime
    kind: str
    text: str
    message_id: UUID | None


class VersionView(BaseModel):
    """Who wrote a version, and when."""

    version: int
    by: str
    at: datetime


class HandoffView(BaseModel):
    """The document. `written` names the fields that are a person's words; the rest is generated."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SHOWN]})

    ticket_id: UUID
    customer_id: str | None
    priority: Priority
    escalation_id: UUID | None
    escalating_from: str | None
    escalating_to: str | None
    team: str | None
    reason: str | None
    summary: str
    timeline: list[LineView]
    tried: list[str]
    sentiment: SentimentLabel | None
    expectation: str | None
    next_steps: list[str]
    attachments: list[UUID]
    written: list[str]
    generated: bool
    version: int
    versions: list[VersionView]

    @classmethod
    def of(cls, document: Document, rows: list[HandoffRow]) -> HandoffView:
        """The view of `document`; `rows` are the last versions of what was written, the newest first."""
        names = [name for name in document.__struct_fields__ if name != "timeline"]
        lines = [
            LineView(at=line.at, kind=line.kind, text=line.text, message_id=line.message_id)
            for line in document.timeline
        ]
        return cls(
            **{name: getattr(document, name) for name in names},
            timeline=lines,
            generated=document.generated,
            version=rows[0].version if rows else 0,
            versions=[
                VersionView(version=r.version, by=r.written_by, at=r.written_at) for r in rows
            ],
        )

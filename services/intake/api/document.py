"""What intake answers with, as its OpenAPI document shows it."""

from __future__ import annotations

from typing import Final

import msgspec

from services.intake.channels.generic import AnyPart
from services.intake.domain.delivery import Outcome
from services.intake.domain.ticket import Message, Ticket
from services.intake.kept_files import Listed
from services.intake.reading_store import Suggestion
from services.intake.views import Reason
from shared.http.document import Json, refusals

_REF: Final = "#/components/schemas/{name}"

_TICKET_ID: Final = "019c9f3a-5c00-7000-8000-000000000001"

ACCEPTED: Final = {"outcome": "accepted", "ticket_id": _TICKET_ID}

TICKET: Final[Json] = {
    "ticket_id": _TICKET_ID,
    "correlation_id": "019c9f3a-5c00-7000-8000-000000000002",
    "customer_id": "customer-1",
    "customer_tier": "enterprise",
    "channel": "api",
    "external_ref": "4711",
    "subject": "The export fails",
    "category": "technical",
    "complexity": "l1",
    "priority": "high",
    "impact": "high",
    "urgency": "medium",
    "signals": [],
    "contact_number": 1,
    "opened_at": "2026-03-02T09:00:00Z",
    "status": "open",
    "status_at": "2026-03-02T09:00:00Z",
    "priority_at": "2026-03-02T09:00:00Z",
    "language": "en",
    "sentiment": "calm",
}

_MESSAGE: Final[Json] = {
    "message_id": "019c9f3a-5c00-7000-8000-000000000003",
    "ticket_id": _TICKET_ID,
    "author_kind": "customer",
    "author_id": "customer-1",
    "public": True,
    "body": "Half way.",
    "at": "2026-03-02T09:00:00Z",
    "automatic": False,
    "channel": "api",
    "html": None,
    "attachments": [],
}

_REASON: Final[Json] = {
    "field": "category",
    "value": "technical",
    "rule": "model",
    "words": ["export", "fails"],
    "score": 0.91,
    "at": "2026-03-02T09:00:00Z",
}

#: What is answered with JSON, by the shape's name.
SHAPES: Final[Json] = msgspec.json.schema_components(
    (Outcome, Ticket, Message, Reason, Listed, Suggestion, AnyPart), ref_template=_REF
)[1]


def answer(meaning: str, schema: Json | None = None, example: object = None) -> Json:
    """A response with a JSON body."""
    shown = {"schema": schema or {}} | ({"example": example} if example is not None else {})
    return {"description": meaning, "content": {"application/json": shown}}


def ref(name: str) -> Json:
    """A reference to one of SHAPES."""
    return {"$ref": _REF.format(name=name)}


#: What a command on tickets is answered with.
COMMANDED: Final[dict[int | str, Json]] = {
    202: answer("Done now.", ref("Outcome"), ACCEPTED),
    200: answer("Done before, by a request with this key.", ref("Outcome"), ACCEPTED),
    **refusals(400, 404, 409),
}

#: What one ticket is answered with.
SHOWN: Final[dict[int | str, Json]] = {
    200: answer(
        "The ticket.",
        {
            "allOf": [ref("Ticket")],
            "properties": {
                "messages": {
                    "type": "array",
                    "items": {
                        "allOf": [ref("Message")],
                        "properties": {"attachments": {"type": "array", "items": ref("Listed")}},
                    },
                },
                "evidence": {"type": "array", "items": ref("Reason")},
                "merged": {"type": "array", "items": {"type": "string", "format": "uuid"}},
            },
        },
        {**TICKET, "messages": [_MESSAGE], "evidence": [_REASON], "merged": []},
    ),
    **refusals(404),
}

#: What a page of tickets is answered with.
LISTED: Final[dict[int | str, Json]] = {
    200: answer(
        "A page; the `Link` header leads to the next one.",
        {
            "type": "object",
            "required": ["tickets"],
            "properties": {"tickets": {"type": "array", "items": ref("Ticket")}},
        },
        {"tickets": [TICKET]},
    )
}

#: How a customer is reached.
CONTACT: Final[dict[int | str, Json]] = {
    200: answer(
        "What is known; null for what is not.",
        example={
            "customer_id": "customer-1",
            "name": "Jo Lind",
            "email": "jo@customers.example",
            "phone": None,
            "language": "en",
            "time_zone": None,
            "preferred_channel": "email",
            "account_manager": None,
        },
    ),
    **refusals(404),
}

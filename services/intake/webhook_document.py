"""The webhooks of all channels in intake's OpenAPI document: their routes are not FastAPI's."""

from __future__ import annotations

from typing import Any, Final

from shared.http.document import Described, Json, refusals

from .api.document import ACCEPTED, SHAPES, answer, ref
from .channels import CHANNELS
from .channels.generic import AnyPart
from .webhooks import PATH, SECRET_PATH

_OPENED: Final[Json] = {
    "type": "ticket.open",
    "external_id": "4711",
    "customer": {"id": "customer-1", "tier": "professional"},
    "subject": "The export fails",
    "body": "Since this morning the export stops half way.",
}


def described() -> Described:
    """The webhooks and every shape."""
    return Described(
        paths={
            PATH: {"post": _received(_SOURCE), "get": _greeted(_SOURCE)},
            SECRET_PATH: {"post": _received(_SOURCE, _TOKEN), "get": _greeted(_SOURCE, _TOKEN)},
        },
        schemas=SHAPES,
    )


_SOURCE: Final[Json] = {
    "name": "source",
    "in": "path",
    "required": True,
    "description": "The source's name, as it is configured.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"},
    "example": "generic",
}

_TOKEN: Final[Json] = {
    "name": "token",
    "in": "path",
    "required": True,
    "description": "The source's secret, where its provider signs nothing.",
    "schema": {"type": "string", "minLength": 1},
}

_CHANNELS: Final = (
    "A source speaks one channel, which decides how a call proves itself and what it says: "
    + ", ".join(f"`{name}`" for name in CHANNELS)
    + ". Each has its page in docs/channels."
)


def _received(*parameters: Json) -> Json:
    anything: dict[str, Any] = {
        kind: {"schema": {}}
        for kind in (
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "message/rfc822",
            "application/cloudevents+json",
        )
    }
    parts = [ref(part.__name__) for part in AnyPart.__args__]
    several = {"type": "array", "items": {"anyOf": parts}}
    other = {"type": ["object", "array"], "description": "What the provider sends."}
    body = {"schema": {"anyOf": [*parts, several, other]}, "example": _OPENED}
    told = answer("Stored before.", ref("Outcome"), ACCEPTED)
    return {
        "tags": ["webhooks"],
        "operationId": f"receive_{len(parameters)}",
        "summary": "What a source tells",
        "description": f"{_CHANNELS} What is authentic is stored before it is answered.",
        "parameters": list(parameters),
        "requestBody": {"required": True, "content": {"application/json": body, **anything}},
        "responses": {
            "200": told | {"description": "Stored, or stored before; or a handshake."},
            "202": told | {"description": "Stored (the generic channels)."},
            **_refused(401, 403, 404, 413, 415, 429, 503),
        },
    }


def _greeted(*parameters: Json) -> Json:
    return {
        "tags": ["webhooks"],
        "operationId": f"greet_{len(parameters)}",
        "summary": "A provider's handshake",
        "description": "Meta asks by GET whether the source is ours (`hub.challenge`).",
        "parameters": list(parameters),
        "responses": {
            "200": {
                "description": "The challenge.",
                "content": {"text/plain": {"schema": {"type": "string"}, "example": "1158201444"}},
            },
            **_refused(403, 404, 405, 415, 503),
        },
    }


def _refused(*statuses: int) -> Json:
    return {str(status): response for status, response in refusals(*statuses).items()}

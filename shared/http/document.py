"""The OpenAPI document: what FastAPI finds by itself, and what it cannot know.

That is: which key a call needs, that every error is a problem, and the routes that are not FastAPI's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from .auth import Required
from .problems import MEDIA_TYPE

Json: TypeAlias = dict[str, Any]

#: Either of them lets a caller in.
_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key as bearer token."},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}

_PROBLEM: Final = {
    "type": "object",
    "description": "What went wrong, for people and programs (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "Names the kind of problem."},
        "title": {"type": "string", "description": "The same for every problem of its kind."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "About this one."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

#: What each refusal means, and an example of its title.
_REFUSALS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("Not a request that can be understood.", "Idempotency key missing"),
    401: ("No key, or none that is known.", "Not authenticated"),
    403: ("The key lacks the scope.", "Not allowed"),
    404: ("There is no such thing.", "Unknown ticket"),
    405: ("The path has other methods.", "Method Not Allowed"),
    409: ("Not possible as things are.", "Already closed"),
    412: ("Somebody else wrote meanwhile.", "Changed meanwhile"),
    413: ("The body is too large.", "Body too large"),
    415: ("The body is compressed.", "Encoding refused"),
    422: ("A field is missing or wrong.", "Invalid request"),
    428: ("It has to be said which version is changed.", "Version needed"),
    429: ("Too many calls; Retry-After says when there may be more.", "Too many calls"),
    503: ("Too busy, or the database is away; try again after Retry-After.", "Too busy"),
}

#: FastAPI's own idea of an error.
_NOT_OURS: Final = ("HTTPValidationError", "ValidationError")


@dataclass(frozen=True, slots=True)
class Described:
    """Routes and shapes that FastAPI does not see, as OpenAPI has them."""

    paths: Json = field(default_factory=dict)
    schemas: Json = field(default_factory=dict)


def refusals(*statuses: int) -> dict[int | str, Json]:
    """The responses of an operation that may be refused with `statuses`."""
    return {status: _refusal(status) for status in statuses}


def completed(document: Json, routes: Sequence[BaseRoute], more: Described) -> Json:
    """`document` with keys, problems and `more`."""
    paths = document["paths"]
    for route in iter_route_contexts(routes):
        for method in route.methods or ():
            if operation := paths.get(route.path_format, {}).get(method.lower()):
                _complete(operation, route.dependant)
    paths |= more.paths
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= {**more.schemas, "Problem": _PROBLEM}
    for name in _NOT_OURS:
        schemas.pop(name, None)
    components["securitySchemes"] = _SECURITY
    return document


def _complete(operation: Json, dependant: Dependant) -> None:
    statuses = {503}
    if scopes := sorted(set(_scopes(dependant))):
        operation["security"] = [{name: []} for name in _SECURITY]
        needed = "Needs the scope " + ", ".join(f"`{scope}`" for scope in scopes) + "."
        operation["description"] = f"{operation.get('description', '')}\n\n{needed}".strip()
        statuses |= {401, 403, 429}
    if "requestBody" in operation:
        statuses |= {413, 422}
    if operation.get("parameters"):
        statuses.add(422)
    operation["responses"].pop("422", None)
    found = {str(status): _refusal(status) for status in sorted(statuses)}
    operation["responses"] |= {**found, "default": _refusal(None)}


def _scopes(dependant: Dependant) -> Iterator[str]:
    if isinstance(dependant.call, Required):
        yield dependant.call.scope
    for inner in dependant.dependencies:
        yield from _scopes(inner)


def _refusal(status: int | None) -> Json:
    meaning, title = _REFUSALS[status] if status else ("Any other refusal.", "Not Found")
    example = {
        "type": f"urn:tierline:problem:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status or HTTPStatus.NOT_FOUND,
    }
    response: Json = {
        "description": meaning,
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
    if status in {429, 503}:
        response["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    return response

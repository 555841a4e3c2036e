"""Errors as people and programs can use them: `application/problem+json` (RFC 9457).

Nothing internal leaves the service: an unexpected exception is logged with its traceback and answered
with a bare 500.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from shared.db import trouble

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"

#: Titles of refusals that are HTTP's own, where its phrase is not ours.
_TITLES: Final = {413: "Body too large", 503: "Too busy"}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is a dotted path such as `body.customer.tier`."""

    field: str
    message: str


class DomainError(Exception):
    """A request that cannot be done, with the HTTP status that says so.

    `title` is the same for every error of its kind; `detail` is about this one.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def problem(error: DomainError) -> JSONResponse:
    """The answer that tells `error`."""
    body: dict[str, object] = {
        "type": f"urn:tierline:problem:{_slug(error.title)}",
        "title": error.title,
        "status": error.status,
    }
    if error.detail:
        body["detail"] = error.detail
    if error.errors:
        body["errors"] = [{"field": e.field, "message": e.message} for e in error.errors]
    return JSONResponse(body, error.status, headers=error.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem."""
    for kind, answer in _answers().items():
        app.add_exception_handler(kind, answer)


def answer_to(request: Request, error: Exception) -> JSONResponse:
    """The same for an error that FastAPI does not see."""
    return next(a(request, error) for kind, a in _answers().items() if isinstance(error, kind))


def _answers() -> dict[type[Exception], Callable[[Request, Exception], JSONResponse]]:
    """What tells an error of each kind, the general one last."""
    return {
        DomainError: _domain_error,
        RequestValidationError: _validation_error,
        HTTPException: _http_exception,
        ClientDisconnect: _gone,
        # named here, these end with the answer: what is only known as Exception is raised once more
        **dict.fromkeys(trouble.KINDS, _perhaps_the_database),
        Exception: _unexpected,
    }


def _domain_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)
    return problem(error)


def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldError(".".join(str(part) for part in fault["loc"]), str(fault["msg"]))
        for fault in error.errors()
    ]
    named = ", ".join(e.field for e in errors[:3])
    return problem(DomainError(422, "Invalid request", f"Look at {named}.", errors=errors))


def _http_exception(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(of_http(error))


def of_http(error: HTTPException) -> DomainError:
    """The same error as a problem."""
    phrase = HTTPStatus(error.status_code).phrase
    title = _TITLES.get(error.status_code, phrase)
    detail = None if error.detail == phrase else str(error.detail)
    return DomainError(error.status_code, title, detail, headers=error.headers)


def _gone(_request: Request, error: Exception) -> JSONResponse:
    """The caller went before the end of its body: nothing of ours is wrong, and nobody reads this."""
    assert isinstance(error, ClientDisconnect)
    return problem(DomainError(400, "Body not complete", "The connection ended before the body."))


def _perhaps_the_database(request: Request, error: Exception) -> JSONResponse:
    """While the database is away nothing is wrong with the request, nor with us: come again."""
    if not trouble.is_database_trouble(error):
        return _unexpected(request, error)
    log.warning(
        "A request could not be answered without the database (%s)",
        trouble.sqlstate(error) or type(error).__name__,
        extra={"action": "request_without_database", "url": route_of(request.scope)},
    )
    away = "The database is away or too busy; try again."
    return problem(DomainError(503, "Too busy", away, headers={"Retry-After": "1"}))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """Logged by its route and never by its path, which may end in a secret (security S07)."""
    log.error(
        "A request failed unexpectedly",
        exc_info=error,
        extra={"action": "request_failed", "url": route_of(request.scope)},
    )
    return problem(DomainError(500, "Internal error", "It has been logged; nothing was changed."))


def route_of(scope: Scope) -> str:
    """The template of the request's route, such as `/v1/tickets/{ticket_id}`."""
    return getattr(scope.get("route"), "path", None) or "unmatched"


def _slug(title: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())

"""From a body to a delivery, and from what became of it to an HTTP answer (semantics D1, architecture 17)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import Header, Request, Response

from services.intake.batcher import UnavailableError
from services.intake.desk import Desk
from services.intake.domain.delivery import Answer, Delivery, Disposition, Outcome
from shared.http.auth import Principal
from shared.http.problems import DomainError, FieldError
from shared.ids import new_id
from shared.observability.tracing import of_request

from .bodies import Commanding, Id

IdempotencyKey = Annotated[
    Id | None, Header(description="The same for every repeat of this request.")
]

#: Our own API's callers share no names with webhook sources, which have no slash.
SOURCE_PREFIX: Final = "api/"


async def carry_out(
    desk: Desk,
    request: Request,
    who: Principal,
    body: Commanding,
    *,
    key: str | None,
    ticket_id: UUID | None = None,
) -> Response:
    """Store the command `body` stands for, and answer with what became of it.

    202 when it was done now, 200 when an earlier request with this key had done it. One that is still
    being done is waited for, so nobody is told "in progress". A request without a key gets one of
    its own, so that our own second try does nothing twice.
    """
    raw = await request.body()
    command = msgspec.structs.replace(
        body.command(),
        ticket_id=ticket_id,
        occurred_at=body.occurred_at,
        by=body.by.author(),
    )
    delivery = Delivery(
        source=SOURCE_PREFIX + who.name,
        dedupe_key=key or str(new_id()),
        raw=raw,
        commands=((0, command),),
        traceparent=of_request(request.headers.get("traceparent")),
        is_api=True,
        digest=hashlib.sha256(f"{request.url.path}\n".encode() + raw).digest(),
    )
    try:
        [answer] = await desk.take([delivery])
    except UnavailableError as error:
        raise DomainError(
            503,
            "Not available",
            "It could not be stored now; try again.",
            headers={"Retry-After": "1"},
        ) from error
    return _told(answer)


def _told(answer: Answer) -> Response:
    outcome = answer.outcomes[0]
    if refuse := _REFUSALS.get(outcome.outcome):
        raise refuse(outcome)
    return Response(
        msgspec.json.encode(outcome),
        200 if answer.repeated else 202,
        media_type="application/json",
    )


def _refused(outcome: Outcome) -> DomainError:
    if outcome.field:
        fault = FieldError(f"body.{outcome.field}", outcome.detail or "")
        return DomainError(422, "Invalid request", f"Look at {fault.field}.", errors=[fault])
    detail = f"{outcome.detail} (ticket {outcome.ticket_id})"
    return DomainError(409, _title(outcome.reason or "not possible"), detail)


def _title(reason: str) -> str:
    return reason.replace("_", " ").capitalize()


def _not_found(outcome: Outcome) -> DomainError:
    return DomainError(404, "Unknown ticket", f"No ticket {outcome.ticket_id}.")


def _reused(outcome: Outcome) -> DomainError:
    return DomainError(
        409, "Idempotency key reused", f"{outcome.detail} A new request needs a new key."
    )


_REFUSALS: Final[dict[Disposition, Callable[[Outcome], DomainError]]] = {
    Disposition.REFUSED: _refused,
    Disposition.NOT_FOUND: _not_found,
    Disposition.QUARANTINED: _reused,
}

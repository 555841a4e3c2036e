"""`POST /v1/tickets` and the commands on a ticket. All of them share the webhooks' group commit."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.intake.desk import Desk
from shared.http.auth import Principal, require
from shared.http.problems import DomainError, FieldError

from .answers import IdempotencyKey, carry_out
from .bodies import Commanding, TicketBody
from .changes import AssignmentBody, ClassificationBody, MergeBody, UnmergeBody
from .command_bodies import (
    ClosingBody,
    EscalationBody,
    MessageBody,
    PauseBody,
    PriorityBody,
    RatingBody,
    ReopeningBody,
    ResolutionBody,
    ResumeBody,
)
from .document import COMMANDED

Caller = Annotated[Principal, Depends(require("tickets:write"))]

#: The commands on a ticket that is there: the end of the path and what the body must be.
COMMANDS: dict[str, type[Commanding]] = {
    "messages": MessageBody,
    "pause": PauseBody,
    "resume": ResumeBody,
    "resolution": ResolutionBody,
    "reopening": ReopeningBody,
    "closing": ClosingBody,
    "rating": RatingBody,
    "priority": PriorityBody,
    "escalation-request": EscalationBody,
    "merge": MergeBody,
    "unmerge": UnmergeBody,
    "classification": ClassificationBody,
    "assignment": AssignmentBody,
}


def routes(desk: Desk) -> APIRouter:
    """The routes that change tickets."""
    router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

    @router.post("", status_code=202, responses=COMMANDED)
    async def open_ticket(
        request: Request, who: Caller, body: TicketBody, idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Open a ticket. Needs an `Idempotency-Key`: a repeat is answered 200 with the same ticket."""
        if idempotency_key is None:
            missing = FieldError("header.idempotency-key", "is needed to open a ticket")
            raise DomainError(
                400,
                "Idempotency key missing",
                "Send an Idempotency-Key, so that a second try opens no second ticket.",
                errors=[missing],
            )
        return await carry_out(desk, request, who, body, key=idempotency_key)

    for path, body_type in COMMANDS.items():
        _add_command(router, desk, path, body_type)
    return router


def _add_command(router: APIRouter, desk: Desk, path: str, body_type: type[Commanding]) -> None:
    async def command(
        ticket_id: UUID,
        request: Request,
        who: Caller,
        body: Commanding,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        return await carry_out(desk, request, who, body, key=idempotency_key, ticket_id=ticket_id)

    command.__annotations__["body"] = body_type
    router.add_api_route(
        f"/{{ticket_id}}/{path}",
        command,
        methods=["POST"],
        status_code=202,
        name=f"{path} of a ticket",
        summary=body_type.__doc__,
        responses=COMMANDED,
    )

"""`/v1/roster`: everybody at once, as JSON or as a CSV table, out and in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.commands import Commands
from services.router.domain.roster import Agent
from services.router.store import roster
from shared.http.auth import Principal, require
from shared.http.document import Json
from shared.http.problems import DomainError, FieldError

from . import roster_table
from .agent_models import AgentView, RosterBody, RosterMember
from .roster_models import AgentChange, RosterAnswer

Reader = Annotated[Principal, Depends(require("roster:read"))]
Keeper = Annotated[Principal, Depends(require("roster:write"))]
Format = Annotated[
    Literal["json", "csv"] | None,
    Query(alias="format", description="Before what `Accept` asks for."),
]
DryRun = Annotated[bool, Query(description="Tell what would change, and change nothing.")]

CSV: Final = "text/csv"

_TABLE: Final = (
    "agent_id,name,team,level,skills,channels,capacity,shift,channel_caps,auto_accept\n"
    "sofia,Sofia,specialists,tier_2,billing:5;senior:3,,10,early,phone:1,false\n"
)
_CSV_CONTENT: Final[Json] = {CSV: {"schema": {"type": "string"}, "example": _TABLE}}
_BODY: Final[Json] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/RosterBody"}},
            **_CSV_CONTENT,
        },
    }
}


def routes(commands: Commands, engine: AsyncEngine) -> APIRouter:
    """The routes of the roster as a whole."""
    router = APIRouter(prefix="/v1", tags=["roster"])

    async def everybody() -> list[Agent]:
        async with engine.connect() as tx:
            return await roster.read_all(tx)

    @router.get("/roster", response_model=RosterBody, responses={200: {"content": _CSV_CONTENT}})
    async def export_roster(
        _: Reader, accept: Annotated[str, Header()] = "", wanted: Format = None
    ) -> RosterBody | Response:
        """The roster as `PUT /v1/roster` takes it, by id: doing that changes nothing.

        Presences are left out: they change by the minute and describe nobody.
        """
        members = tuple(RosterMember.of(agent) for agent in await everybody())
        if wanted == "csv" or (wanted is None and CSV in accept):
            return Response(roster_table.write(members), media_type=CSV)
        return RosterBody.model_construct(agents=members)

    @router.put("/roster", openapi_extra=_BODY)
    async def put_roster(request: Request, who: Keeper, *, dry_run: DryRun = False) -> RosterAnswer:
        """Add or change many agents at once; those not named are left alone. All of them, or none.

        A CSV table may lack columns: they stay as they are. An empty cell means nothing. Skills are
        written as `incident:4;billing:3`, channels as `email;phone`, caps of channels as `phone:1`; a
        fault is told with its line and column.
        """
        before = {agent.agent_id: agent for agent in await everybody()}
        body = _read(await request.body(), request.headers.get("content-type", ""), before)
        profiles = [member.profile(member.agent_id) for member in body]
        after = await commands.put_agents(profiles, by=who.name, dry_run=dry_run)
        return RosterAnswer(
            dry_run=dry_run,
            agents=[AgentView.of(agent) for agent in after],
            changes=AgentChange.between(before, after),
        )

    return router


def _read(body: bytes, content_type: str, known: Mapping[str, Agent]) -> Sequence[RosterMember]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == CSV:
        return _table(body, known)
    if kind in {"", "application/json"}:
        return _document(body)
    raise DomainError(415, "Unsupported media type", f"Send {CSV} or application/json.")


def _document(body: bytes) -> Sequence[RosterMember]:
    try:
        return RosterBody.model_validate_json(body).agents
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error


def _table(body: bytes, known: Mapping[str, Agent]) -> Sequence[RosterMember]:
    members = {agent_id: RosterMember.of(agent) for agent_id, agent in known.items()}
    try:
        return roster_table.read(body.decode(), members)
    except UnicodeDecodeError as error:
        raise DomainError(422, "Invalid table", "The table is not UTF-8.") from error
    except roster_table.TableError as error:
        faults = [FieldError(fault.place, fault.message) for fault in error.faults]
        detail = f"{len(faults)} faults; nothing was changed. Look at {faults[0].field}."
        raise DomainError(422, "Invalid table", detail, errors=faults) from error

"""The workflow over HTTP: what another one would do to open tickets, putting it in force, its history."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncEngine

from services.escalator import version_store
from services.escalator.configuration import Configuration, Proposal
from services.escalator.domain.versions import Version, in_force, standing
from services.escalator.planning import Plan, plan
from services.escalator.workflow_models import (
    AppliedView,
    CalendarView,
    PlanView,
    TargetView,
    TextView,
    VersionsView,
    VersionView,
    WorkflowBody,
    moved_views,
)
from shared.clock import Clock, whole_milliseconds
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError
from shared.policy import WorkflowError, WorkflowPolicy, parse_workflow

Reader = Annotated[Principal, Depends(require("sla:read"))]
Changer = Annotated[Principal, Depends(require("escalate"))]


def routes(configuration: Configuration, engine: AsyncEngine, clock: Clock) -> APIRouter:
    """The routes of the workflow."""
    router = APIRouter(prefix="/v1", tags=["workflow"])

    @router.post("/workflow:plan")
    async def show_plan(body: WorkflowBody, who: Changer) -> PlanView:
        """What this workflow would do to open tickets; nothing is changed."""
        proposal = await _proposal(body, who, clock.now())
        return _view(await plan(engine, configuration, proposal, clock.now()))

    @router.post("/workflow")
    async def put_in_force(body: WorkflowBody, who: Changer, response: Response) -> AppliedView:
        """Keep this workflow as the next version; 201, or 200 when it is in force already."""
        proposal = await _proposal(body, who, clock.now())
        version, is_new = await configuration.propose(proposal)
        response.status_code = 201 if is_new else 200
        [view] = _states([version], await configuration.versions(), clock.now())
        return AppliedView(version=view, is_new=is_new)

    @router.get("/workflow/versions")
    async def history(_: Reader) -> VersionsView:
        """Every version there has been, oldest first."""
        known = await configuration.versions()
        return VersionsView(versions=_states(known, known, clock.now()))

    @router.get("/workflow/versions/{number}", responses=refusals(404))
    async def show_text(number: Annotated[int, Field(ge=1, le=2**31 - 1)], _: Reader) -> TextView:
        """The file that version was, as it was given."""
        async with engine.connect() as tx:
            text = await version_store.text_of(tx, number)
        if text is None:
            fault = FieldError("path.number", "there is no such version")
            raise DomainError(404, "Unknown version", f"No version {number}.", errors=[fault])
        return TextView(number=number, text=text)

    return router


async def _proposal(body: WorkflowBody, who: Principal, now: datetime) -> Proposal:
    """The request as a proposal. Raises DomainError 422 for a file with mistakes, or a past instant."""
    begin = body.effective_from
    if begin is not None and begin < now:
        fault = FieldError("body.effective_from", "lies in the past")
        raise DomainError(422, "Too late", "A workflow begins now or later.", errors=[fault])
    try:
        policy = await asyncio.to_thread(_read, body, now)
    except WorkflowError as error:
        faults = [FieldError("body.text", str(problem)) for problem in error.problems]
        raise DomainError(422, "Workflow has mistakes", errors=faults) from error
    return Proposal(
        policy=policy,
        text=body.text,
        by=who.name,
        effective_from=None if begin is None else whole_milliseconds(begin),
        note=body.note,
    )


def _read(body: WorkflowBody, now: datetime) -> WorkflowPolicy:
    """The workflow, read where the files it names are as it expects them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in body.files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return parse_workflow(body.text, name=body.name, folder=Path(folder), now=now)


def _states(shown: list[Version], known: list[Version], now: datetime) -> list[VersionView]:
    """Versions, each with where it stands among all that are `known`."""
    current = in_force(known, now)
    number = current.number if current else 0
    coming = {version.number for version in standing(known) if version.effective_from > now}
    states = {number: "in_force", **dict.fromkeys(coming, "to_come")}
    return [VersionView.of(version, states.get(version.number, "past")) for version in shown]


def _view(found: Plan) -> PlanView:
    effects = found.effects
    return PlanView(
        running_digest=found.running_digest,
        digest=found.digest,
        nothing_to_do=found.nothing_to_do,
        effective_from=found.effective_from,
        replaces=[VersionView.of(version, "to_come") for version in found.replaces],
        targets=[TargetView.of(change) for change in found.targets],
        changes=found.changes,
        calendars=[
            CalendarView(name=name, moved=effects.moved.get(name, 0)) for name in found.calendars
        ],
        open_tickets=found.open_tickets,
        looked_at=effects.looked_at,
        running_clocks=effects.running,
        moved_clocks=sum(effects.moved.values()),
        most_earlier_seconds=effects.earlier.total_seconds(),
        most_later_seconds=effects.later.total_seconds(),
        first=moved_views(effects),
        warnings=found.warnings,
    )

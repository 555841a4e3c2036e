"""`/v1/queues` and `/v1/tickets/{id}/assignment`: the lines, who has a ticket, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.commands import Commands
from services.router.domain.explain import why_waiting
from services.router.domain.roster import Agent
from services.router.domain.work import WorkItem, WorkStatus
from services.router.store import history, roster, views, work
from shared.clock import Clock
from shared.db.engine import Transaction
from shared.http.auth import Principal, require
from shared.http.problems import DomainError, FieldError
from shared.policy import WorkflowPolicy

from .models import (
    AssignmentBody,
    AssignmentView,
    HistoryView,
    QueuesView,
    QueueView,
    WaitView,
)

Watcher = Annotated[Principal, Depends(require("queues:read"))]
Assigner = Annotated[Principal, Depends(require("assign"))]


def routes(
    commands: Commands, engine: AsyncEngine, policy: WorkflowPolicy, clock: Clock
) -> APIRouter:
    """The routes of queues and assignments."""
    router = APIRouter(prefix="/v1", tags=["assignments"])

    @router.get("/queues")
    async def list_queues(_: Watcher) -> QueuesView:
        """Every queue of the workflow: how many wait, how long, and what for."""
        async with engine.connect() as tx:
            lanes = await views.lanes(tx)
            agents = await roster.read_all(tx)
            firsts = await work.read(tx, [lane.first_ticket for lane in lanes])
        queues = {
            queue.name: QueueView(
                queue=queue.name, level=queue.level, waiting=0, oldest_seconds=0.0
            )
            for queue in policy.routing.queues.values()
        }
        for lane in lanes:
            empty = QueueView(queue=lane.queue, level=lane.level, waiting=0, oldest_seconds=0.0)
            view = queues.setdefault(lane.queue, empty)
            waited = (clock.now() - lane.oldest).total_seconds()
            first = firsts.get(lane.first_ticket)
            _add_lane(view, lane.waiting, waited, first, agents)
        return QueuesView(queues=list(queues.values()))

    @router.get("/tickets/{ticket_id}/assignment")
    async def show_assignment(ticket_id: UUID, _: Watcher) -> AssignmentView:
        """Who has the ticket and what that rests on; or where it waits and why (semantics G16)."""
        async with engine.connect() as tx:
            item = (await work.read(tx, [ticket_id])).get(ticket_id)
            if item is None or item.status is WorkStatus.UNOPENED:
                fault = FieldError("path.ticket_id", "the router has not met such a ticket")
                raise DomainError(404, "Unknown ticket", f"No ticket {ticket_id}.", errors=[fault])
            return await _explained(tx, item)

    @router.put("/tickets/{ticket_id}/assignment")
    async def put_assignment(
        ticket_id: UUID, body: AssignmentBody, who: Assigner
    ) -> AssignmentView:
        """Give the ticket to an agent by hand; 409 beyond their capacity (semantics G6)."""
        return AssignmentView.of(await commands.assign(ticket_id, body.agent_id, by=who.name))

    @router.delete("/tickets/{ticket_id}/assignment")
    async def delete_assignment(ticket_id: UUID, who: Assigner) -> AssignmentView:
        """Take the ticket from its agent, who is not asked again in this round, and queue it."""
        return AssignmentView.of(await commands.release(ticket_id, by=who.name))

    return router


def _add_lane(
    view: QueueView,
    waiting: int,
    waited_seconds: float,
    first: WorkItem | None,
    agents: Sequence[Agent],
) -> None:
    """Count a lane into its queue; all its tickets wait for what its first one waits for."""
    view.waiting += waiting
    view.oldest_seconds = max(view.oldest_seconds, waited_seconds)
    if first is None or first.status is not WorkStatus.WAITING:
        return
    wait = why_waiting(first, agents)
    view.reasons[wait.reason] = view.reasons.get(wait.reason, 0) + waiting
    view.missing_skills = sorted({*view.missing_skills, *wait.missing_skills})


async def _explained(tx: Transaction, item: WorkItem) -> AssignmentView:
    view = AssignmentView.of(item)
    entries = await history.of_ticket(tx, item.ticket_id)
    view.history = [HistoryView.of(entry) for entry in entries]
    if item.status is WorkStatus.WAITING:
        view.wait = WaitView.of(why_waiting(item, await roster.read_all(tx)))
    return view

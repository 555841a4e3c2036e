"""`/v1/tickets/{id}/assignment`: who has a ticket and why, or why nobody; and deciding it by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.commands import Commands
from services.router.domain.explain import candidates, why_waiting
from services.router.domain.work import WorkItem, WorkStatus
from services.router.store import acquaintances, history, roster, work
from shared.clock import Clock
from shared.db.engine import Transaction
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError
from shared.policy import WorkflowPolicy

from .assignment_models import AssignmentBody, AssignmentView, HistoryView
from .candidate_models import CandidatesView
from .queue_models import WaitView
from .rule_models import RulesView

Watcher = Annotated[Principal, Depends(require("queues:read"))]
Explain = Annotated[
    bool,
    Query(
        description="Tell how everybody of the roster stands to it now, and what each rule says."
    ),
]
Assigner = Annotated[Principal, Depends(require("assign"))]


def routes(
    commands: Commands, engine: AsyncEngine, policy: WorkflowPolicy, clock: Clock
) -> APIRouter:
    """The routes of assignments."""
    router = APIRouter(prefix="/v1/tickets/{ticket_id}", tags=["assignments"])

    def shown(item: WorkItem) -> AssignmentView:
        return AssignmentView.of(item, policy, clock.now())

    @router.get("/assignment", responses=refusals(404))
    async def show_assignment(
        ticket_id: UUID, _: Watcher, *, explain: Explain = False
    ) -> AssignmentView:
        """Who has the ticket and what that rests on; or where it waits and why (semantics G16)."""
        async with engine.connect() as tx:
            item = await _met(tx, ticket_id)
            view = shown(item)
            entries = await history.of_ticket(tx, ticket_id)
            view.history = [HistoryView.of(entry) for entry in entries]
            if item.status is WorkStatus.WAITING or explain:
                await _explain(tx, item, view, policy, clock.now(), everybody=explain)
        return view

    @router.put("/assignment", responses=refusals(404, 409))
    async def put_assignment(
        ticket_id: UUID, body: AssignmentBody, who: Assigner
    ) -> AssignmentView:
        """Give the ticket to an agent by hand; 409 beyond their capacity (semantics G6)."""
        return shown(await commands.assign(ticket_id, body.agent_id, by=who.name))

    @router.delete("/assignment", responses=refusals(404))
    async def delete_assignment(ticket_id: UUID, who: Assigner) -> AssignmentView:
        """Take the ticket from its agent, who is not asked again in this round, and queue it."""
        return shown(await commands.release(ticket_id, by=who.name))

    @router.post("/claim", responses=refusals(404, 409))
    async def claim_ticket(ticket_id: UUID, body: AssignmentBody, who: Assigner) -> AssignmentView:
        """An agent takes a waiting ticket themselves; that counts as accepted.

        409 while somebody else has it, or beyond their capacity. Claiming again changes nothing.
        """
        return shown(await commands.claim(ticket_id, body.agent_id, by=who.name))

    @router.post("/accept", responses=refusals(404, 409))
    async def accept_ticket(ticket_id: UUID, body: AssignmentBody, who: Assigner) -> AssignmentView:
        """The agent who has the ticket works on it (semantics G8). Accepting again changes nothing."""
        return shown(await commands.accept(ticket_id, body.agent_id, by=who.name))

    @router.post("/decline", responses=refusals(404, 409))
    async def decline_ticket(
        ticket_id: UUID, body: AssignmentBody, who: Assigner
    ) -> AssignmentView:
        """The agent gives the ticket back and is not asked again before somebody has accepted it (G8).

        409 if they do not have it. Declining again changes nothing.
        """
        return shown(await commands.decline(ticket_id, body.agent_id, by=who.name))

    return router


async def _explain(
    tx: Transaction,
    item: WorkItem,
    view: AssignmentView,
    policy: WorkflowPolicy,
    now: datetime,
    *,
    everybody: bool,
) -> None:
    """Add why the ticket waits and, if wished, how everybody stands to it now."""
    agents = await roster.read_all(tx)
    if item.status is WorkStatus.WAITING:
        view.wait = WaitView.of(why_waiting(item, agents, policy=policy))
    if everybody and item.place is not None and item.opened is not None:
        familiar = await acquaintances.of(tx, [item.opened.customer.customer_id], now)
        stand = candidates(item, agents, policy=policy, now=now, familiar=familiar)
        view.people = CandidatesView.of(stand)
    if everybody and item.opened is not None and item.opened_at is not None:
        view.rules = RulesView.of(item.opened, item.opened_at, policy)


async def _met(tx: Transaction, ticket_id: UUID) -> WorkItem:
    item = (await work.read(tx, [ticket_id])).get(ticket_id)
    if item is None or item.status is WorkStatus.UNOPENED:
        fault = FieldError("path.ticket_id", "the router has not met such a ticket")
        raise DomainError(404, "Unknown ticket", f"No ticket {ticket_id}.", errors=[fault])
    return item

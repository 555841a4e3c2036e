"""`/v1/agents`: who is there, what they can do, and what they have."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.commands import Commands
from services.router.store import lines, roster
from shared.db.engine import Transaction
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError

from .agent_models import AgentBody, AgentsView, AgentView
from .desk_models import DeskView, HeldView
from .models import Name

Reader = Annotated[Principal, Depends(require("roster:read"))]
Keeper = Annotated[Principal, Depends(require("roster:write"))]
Watcher = Annotated[Principal, Depends(require("queues:read"))]


def routes(commands: Commands, engine: AsyncEngine) -> APIRouter:
    """The routes of agents."""
    router = APIRouter(prefix="/v1", tags=["roster"])

    @router.get("/agents")
    async def list_agents(_: Reader) -> AgentsView:
        """All agents by id."""
        async with engine.connect() as tx:
            agents = await roster.read_all(tx)
        return AgentsView(agents=[AgentView.of(agent) for agent in agents])

    @router.get("/agents/{agent_id}", responses=refusals(404))
    async def show_agent(agent_id: Name, _: Reader) -> AgentView:
        """One agent."""
        async with engine.connect() as tx:
            return await _agent(tx, agent_id)

    @router.get("/agents/{agent_id}/tickets", responses=refusals(404))
    async def show_desk(agent_id: Name, _: Watcher) -> DeskView:
        """What an agent has, the oldest ticket first."""
        async with engine.connect() as tx:
            await _agent(tx, agent_id)
            held = await lines.held(tx, agent_id)
        return DeskView(agent_id=agent_id, tickets=[HeldView.of(item) for item in held])

    @router.put("/agents/{agent_id}")
    async def put_agent(agent_id: Name, body: AgentBody, who: Keeper) -> AgentView:
        """Add or change an agent. A capacity below the load becomes a target (semantics G6)."""
        [agent] = await commands.put_agents([body.profile(agent_id)], by=who.name)
        return AgentView.of(agent)

    return router


async def _agent(tx: Transaction, agent_id: str) -> AgentView:
    found = [one for one in await roster.read_all(tx) if one.agent_id == agent_id]
    if not found:
        fault = FieldError("path.agent_id", "the roster has no such agent")
        raise DomainError(404, "Unknown agent", f"No agent {agent_id!r}.", errors=[fault])
    return AgentView.of(found[0])

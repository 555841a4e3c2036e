"""`/v1/agents` and `/v1/roster`: who is there and what they can do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.commands import Commands
from services.router.store import roster
from shared.http.auth import Principal, require
from shared.http.problems import DomainError, FieldError

from .models import AgentBody, AgentView, Name, PresenceBody, RosterBody, RosterView

Reader = Annotated[Principal, Depends(require("roster:read"))]
Keeper = Annotated[Principal, Depends(require("roster:write"))]


def routes(commands: Commands, engine: AsyncEngine) -> APIRouter:
    """The routes of the roster."""
    router = APIRouter(prefix="/v1", tags=["roster"])

    @router.get("/agents")
    async def list_agents(_: Reader) -> RosterView:
        """All agents by id."""
        async with engine.connect() as tx:
            agents = await roster.read_all(tx)
        return RosterView(agents=[AgentView.of(agent) for agent in agents])

    @router.get("/agents/{agent_id}")
    async def show_agent(agent_id: Name, _: Reader) -> AgentView:
        """One agent."""
        async with engine.connect() as tx:
            found = [one for one in await roster.read_all(tx) if one.agent_id == agent_id]
        if not found:
            fault = FieldError("path.agent_id", "the roster has no such agent")
            raise DomainError(404, "Unknown agent", f"No agent {agent_id!r}.", errors=[fault])
        return AgentView.of(found[0])

    @router.put("/agents/{agent_id}")
    async def put_agent(agent_id: Name, body: AgentBody, who: Keeper) -> AgentView:
        """Add or change an agent. A capacity below the load becomes a target (semantics G6)."""
        [agent] = await commands.put_agents([body.profile(agent_id)], by=who.name)
        return AgentView.of(agent)

    @router.put("/agents/{agent_id}/presence")
    async def put_presence(agent_id: Name, body: PresenceBody, _: Keeper) -> AgentView:
        """An agent comes, goes, or takes no new tickets; going offline returns what needs action."""
        return AgentView.of(await commands.set_presence(agent_id, body.presence))

    @router.put("/roster")
    async def put_roster(body: RosterBody, who: Keeper) -> RosterView:
        """Add or change many agents at once; those not named are left alone."""
        profiles = [member.profile(member.agent_id) for member in body.agents]
        agents = await commands.put_agents(profiles, by=who.name)
        return RosterView(agents=[AgentView.of(agent) for agent in agents])

    return router

"""`/v1/agents/{id}/presence` and `…/heartbeat`: who is there, for good or on a lease (semantics G7)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, JsonValue

from services.router.rota import Rota
from shared.contracts.vocabulary import Presence
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.policy import WorkflowPolicy
from shared.policy.assigning import PresencePolicy

from .agent_models import SHOWN, AgentView
from .models import Body, Name, example_of

_LEASE: Final[dict[str, JsonValue]] = {
    "renew_within_seconds": 30.0,
    "suspect_at": "2026-03-02T09:01:30Z",
    "offline_at": "2026-03-02T09:06:30Z",
}

Keeper = Annotated[Principal, Depends(require("roster:write"))]


class PresenceBody(Body):
    """Where an agent is: online takes new tickets, busy and away take none, offline lets go of all.

    With a lease the presence lasts as long as it is renewed, without one until it is changed.
    """

    model_config = example_of(presence="online", lease=True)

    presence: Presence
    lease: bool = False


class LeaseView(BaseModel):
    """A presence on a lease: renew it within `renew_within_seconds` again and again. At `suspect_at`
    without a renewal the agent gets nothing new, at `offline_at` they count as gone.
    """

    model_config = example_of(**_LEASE)

    renew_within_seconds: float
    suspect_at: datetime
    offline_at: datetime

    @classmethod
    def of(cls, renewed_at: datetime, policy: PresencePolicy) -> LeaseView:
        """The lease renewed at `renewed_at`."""
        suspect_at = renewed_at + policy.suspect_after
        return cls(
            renew_within_seconds=policy.lease.total_seconds(),
            suspect_at=suspect_at,
            offline_at=suspect_at + policy.offline_after,
        )


class PresenceView(AgentView):
    """An agent as they are, and their lease if they are on one."""

    model_config = example_of(
        **SHOWN,
        lease=_LEASE,
    )

    lease: LeaseView | None = None


def routes(rota: Rota, policy: WorkflowPolicy) -> APIRouter:
    """The routes of presences."""
    router = APIRouter(prefix="/v1", tags=["presence"])
    leases = policy.routing.assigning.presence

    @router.put("/agents/{agent_id}/presence", responses=refusals(404))
    async def put_presence(agent_id: Name, body: PresenceBody, _: Keeper) -> PresenceView:
        """An agent comes, goes, or takes no new tickets; going offline returns what needs action."""
        agent = await rota.set_presence(agent_id, body.presence, lease=body.lease)
        lease = LeaseView.of(agent.renewed_at, leases) if agent.renewed_at else None
        return PresenceView(**AgentView.of(agent).model_dump(), lease=lease)

    @router.post("/agents/{agent_id}/heartbeat", responses=refusals(404, 409))
    async def renew_presence(agent_id: Name, _: Keeper) -> LeaseView:
        """Renew a presence that is on a lease; 409 when the agent is offline or on none."""
        return LeaseView.of(await rota.heartbeat(agent_id), leases)

    return router

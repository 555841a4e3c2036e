"""`POST /v1/routing:preview`: where a ticket would go and who would get it. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.domain.explain import candidates, why_waiting
from services.router.domain.line import priority_class
from services.router.domain.preview import Preview, imagined, preview
from services.router.domain.roster import Agent
from services.router.store import acquaintances, roster
from shared.clock import Clock
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError
from shared.policy import WorkflowPolicy

from .candidate_models import CandidatesView
from .preview_models import PreviewBody, PreviewView, RouteView
from .queue_models import WaitView

Watcher = Annotated[Principal, Depends(require("queues:read"))]


def routes(engine: AsyncEngine, policy: WorkflowPolicy, clock: Clock) -> APIRouter:
    """The route that routes a ticket which does not exist."""
    router = APIRouter(prefix="/v1", tags=["routing"])

    @router.post("/routing:preview", responses=refusals(404))
    async def preview_routing(body: PreviewBody, _: Watcher) -> PreviewView:
        """What would happen to such a ticket now, as if no other was waiting; nothing is written.

        With `roster_changes` the people are imagined otherwise: what if Emil came online?
        """
        _check(body, policy)
        now = clock.now()
        opened = body.opened(policy, now)
        async with engine.connect() as tx:
            agents = await roster.read_all(tx)
            customer_id = opened.customer.customer_id
            familiar = await acquaintances.of(tx, [customer_id], now)
        people = _imagined(agents, body)
        found = preview(opened, people, policy=policy, now=now, familiar=familiar)
        everybody = candidates(found.item, people, policy=policy, now=now, familiar=familiar)
        wait = None if found.match else why_waiting(found.item, people, policy=policy)
        return PreviewView(
            route=_route(found, policy, now),
            agent_id=found.match.agent_id if found.match else None,
            reason=found.match.reason if found.match else None,
            wait=WaitView.of(wait) if wait else None,
            **CandidatesView.of(everybody).model_dump(),
        )

    return router


def _check(body: PreviewBody, policy: WorkflowPolicy) -> None:
    """Refuse words that no rule could mean. Raises DomainError 422."""
    faults = []
    for field, word, known in (
        ("body.category", body.category, policy.triage.categories),
        ("body.customer.tier", body.customer.tier, policy.customers.tiers),
    ):
        if word is not None and word.lower() not in known:
            there = ", ".join(known)
            faults.append(FieldError(field, f"the workflow has no {word!r}; it has {there}"))
    if faults:
        raise DomainError(422, "Unknown word", f"Look at {faults[0].field}.", errors=faults)


def _imagined(agents: Sequence[Agent], body: PreviewBody) -> list[Agent]:
    unknown = sorted(body.roster_changes.keys() - {agent.agent_id for agent in agents})
    if unknown:
        faults = [
            FieldError(f"body.roster_changes.{one}", "the roster has no such agent")
            for one in unknown
        ]
        raise DomainError(404, "Unknown agent", f"No agent {unknown[0]!r}.", errors=faults)
    changes = {agent_id: body.change() for agent_id, body in body.roster_changes.items()}
    return imagined(agents, changes)


def _route(found: Preview, policy: WorkflowPolicy, now: datetime) -> RouteView:
    place = found.place
    target = found.sla_target
    return RouteView(
        rule=place.rule,
        boosts=place.boosts,
        queue=place.queue,
        level=place.level,
        teams=place.teams,
        rank=place.rank,
        priority_class=priority_class(found.item, policy, now),
        weight=place.weight,
        required_skills=place.required_skills,
        any_skills=place.any_skills,
        preferred_skills=place.preferred_skills,
        prefer=place.prefer,
        notify=place.notify,
        cc=place.cc,
        sla_target_seconds=target.total_seconds() if target is not None else None,
    )

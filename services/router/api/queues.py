"""`/v1/queues`: the lines, how deep they are, what they wait for, and how fast they move."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.domain.explain import Wait, WaitReason, why_waiting
from services.router.domain.line import position, slack
from services.router.domain.roster import Agent
from services.router.domain.work import WorkItem, WorkStatus
from services.router.store import lines, roster, views, work
from shared.clock import Clock
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError
from shared.policy import Queue, WorkflowPolicy

from .models import Name
from .queue_models import LineTicketView, LineView, QueuesView, QueueView, WaitView

Watcher = Annotated[Principal, Depends(require("queues:read"))]
Limit = Annotated[int, Query(ge=1, le=200)]

#: What the estimated wait is learned from.
WINDOW: Final = timedelta(hours=1)

#: Waiting for these means that nobody could take it even with an empty desk (semantics G5).
_UNROUTABLE: Final = frozenset({WaitReason.MISSING_SKILL, WaitReason.NOBODY_ON_SHIFT})


def routes(engine: AsyncEngine, policy: WorkflowPolicy, clock: Clock) -> APIRouter:
    """The routes of queues."""
    router = APIRouter(prefix="/v1", tags=["queues"])

    @router.get("/queues")
    async def list_queues(_: Watcher) -> QueuesView:
        """Every queue of the workflow: how many wait, how long, and what for.

        The estimated wait is the number of waiting tickets over the pace at which tickets of the queue
        really were assigned in the last hour. It promises nothing: it is the wait of the last in line,
        takes the pace of the coming hour to be that of the last, and knows of no shift that ends.
        """
        now = clock.now()
        async with engine.connect() as tx:
            lanes = await views.lanes(tx)
            agents = await roster.read_all(tx)
            firsts = await work.read(tx, [lane.first_ticket for lane in lanes])
            assigned = await lines.assigned_since(tx, now - WINDOW)
        queues = {queue.name: _empty(queue, agents) for queue in policy.routing.queues.values()}
        for lane in lanes:
            view = queues.setdefault(lane.queue, QueueView(queue=lane.queue, level=lane.level))
            waited = (now - lane.oldest).total_seconds()
            wait = _wait(firsts.get(lane.first_ticket), agents, policy)
            _add_lane(view, lane.waiting, waited, wait)
        for view in queues.values():
            view.assigned_last_hour = assigned.get(view.queue, 0)
            view.estimated_wait_seconds = estimated_wait(view.waiting, view.assigned_last_hour)
        return QueuesView(queues=list(queues.values()))

    @router.get("/queues/{queue}/tickets", responses=refusals(404))
    async def show_line(queue: Name, _: Watcher, limit: Limit = 50) -> LineView:
        """The first waiting tickets of a queue in the order in which they are served (semantics G2)."""
        now = clock.now()
        async with engine.connect() as tx:
            items = await lines.line(tx, queue, limit=limit)
            waiting = await lines.waiting(tx, queue)
            agents = await roster.read_all(tx)
        if not items and queue not in policy.routing.queues:
            fault = FieldError("path.queue", "the workflow has no such queue")
            raise DomainError(404, "Unknown queue", f"No queue {queue!r}.", errors=[fault])
        reasons = _Reasons(agents, policy)
        ordered = sorted(items, key=lambda item: position(item, policy, now))
        tickets = [
            _place(number, item, reasons.of(item), policy, now)
            for number, item in enumerate(ordered, start=1)
        ]
        return LineView(queue=queue, waiting=waiting, tickets=tickets)

    return router


def estimated_wait(waiting: int, assigned: int) -> float | None:
    """How many seconds the last of `waiting` tickets waits at the pace of `assigned` an hour.

    None where nothing was assigned: there is no pace then, and no honest figure.
    """
    return waiting * WINDOW.total_seconds() / assigned if assigned else None


class _Reasons:
    """Why tickets wait; those that ask the same of the same people are judged once."""

    def __init__(self, roster: Sequence[Agent], policy: WorkflowPolicy) -> None:
        self._roster = roster
        self._policy = policy
        self._known: dict[tuple[object, ...], Wait] = {}

    def of(self, item: WorkItem) -> Wait:
        """Why `item` waits."""
        same = (item.lane, item.cost, item.declined)
        if same not in self._known:
            self._known[same] = why_waiting(item, self._roster, policy=self._policy)
        return self._known[same]


def _empty(queue: Queue, roster: Sequence[Agent]) -> QueueView:
    """The queue without tickets; its people are those of its teams, else of its level."""
    people = [
        agent
        for agent in roster
        if agent.at_work
        and agent.level == queue.level
        and (not queue.teams or agent.team in queue.teams)
    ]
    online = sum(agent.online for agent in people)
    return QueueView(queue=queue.name, level=queue.level, people=len(people), online=online)


def _wait(first: WorkItem | None, agents: Sequence[Agent], policy: WorkflowPolicy) -> Wait | None:
    """What a lane waits for; None when its first ticket has gone meanwhile."""
    if first is None or first.status is not WorkStatus.WAITING:
        return None
    return why_waiting(first, agents, policy=policy)


def _add_lane(view: QueueView, waiting: int, waited_seconds: float, wait: Wait | None) -> None:
    """Count a lane into its queue; all its tickets wait for what its first one waits for."""
    view.waiting += waiting
    view.oldest_seconds = max(view.oldest_seconds, waited_seconds)
    if wait is None:
        return
    view.reasons[wait.reason] = view.reasons.get(wait.reason, 0) + waiting
    view.unroutable += waiting if wait.reason in _UNROUTABLE else 0
    view.missing_skills = sorted({*view.missing_skills, *wait.missing_skills})


def _place(
    number: int, item: WorkItem, wait: Wait, policy: WorkflowPolicy, now: datetime
) -> LineTicketView:
    place, opened, left = item.place, item.opened, slack(item, policy, now)
    assert place is not None
    assert opened is not None
    assert item.opened_at is not None
    return LineTicketView(
        position=number,
        ticket_id=item.ticket_id,
        priority=opened.priority,
        priority_class=position(item, policy, now).priority_class,
        rank=place.rank,
        slack_seconds=left.total_seconds() if left is not None else None,
        waited_seconds=item.waited_seconds(now),
        category=opened.category,
        complexity=opened.complexity,
        channel=opened.channel,
        weight=item.weight,
        required_skills=place.required_skills,
        any_skills=place.any_skills,
        preferred_skills=place.preferred_skills,
        relaxed=place.relaxed or 0,
        declined=item.declined,
        opened_at=item.opened_at,
        wait=WaitView.of(wait),
    )

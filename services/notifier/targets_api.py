"""`/v1/targets`: what messages are sent to, what is wrong with it, and how to try it again at once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.auth import Principal, require
from shared.http.problems import DomainError
from shared.runtime.writer import Writer

from .store import targets
from .store.targets import Standing

Name = Annotated[str, Path(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f/]+$")]


class State(StrEnum):
    """Whether messages go to a target: they do, they wait as it asked us to, or only probes go."""

    CLOSED = "closed"
    HELD = "held"
    OPEN = "open"


class TargetAnswer(BaseModel):
    """One target. `waiting`: messages that are due and have not left; they have cost no attempt."""

    target: str
    channel: str
    state: State
    failures_in_a_row: int
    open_since: datetime | None
    next_try_at: datetime | None
    last_failure: str | None
    waiting: int


class TargetsAnswer(BaseModel):
    """All targets anything was ever sent to."""

    targets: list[TargetAnswer]


def target_routes(engine: AsyncEngine, writer: Writer, clock: Clock) -> APIRouter:
    """The routes of `/v1/targets`."""
    router = APIRouter(prefix="/v1/targets", tags=["targets"])

    @router.get("", dependencies=[Depends(require("notifications:read"))])
    async def list_targets() -> TargetsAnswer:
        """Every target, in the order of names."""
        now = clock.now()
        async with engine.connect() as tx:
            known = await targets.everything(tx, now)
        return TargetsAnswer(targets=[_answer(standing, now) for standing in known])

    @router.post("/{target}:reset", status_code=204)
    async def reset_target(
        target: Name, principal: Annotated[Principal, Depends(require("recipients:write"))]
    ) -> None:
        """Forget what went wrong with a target, so that all that waits for it goes; 404 when unknown."""

        async def work(tx: Transaction, now: datetime) -> tuple[bool, list[FollowUp]]:
            known = await targets.reset(tx, target, now)
            if known:
                deed = audit.Deed(principal=principal.name, action="reset_target", object=target)
                await audit.record(tx, deed, now)
            return known, []

        if not await writer.write(work):
            raise DomainError(404, "Not found", f"Nothing was ever sent to {target!r}.")

    return router


def _answer(standing: Standing, now: datetime) -> TargetAnswer:
    target = standing.target
    held = target.held_until is not None and target.held_until > now
    waits = target.breaker.is_open or held
    return TargetAnswer(
        target=target.name,
        channel=target.name.partition(":")[0],
        state=State.OPEN if target.breaker.is_open else State.HELD if held else State.CLOSED,
        failures_in_a_row=target.breaker.failures,
        open_since=target.breaker.opened_at,
        next_try_at=standing.ready_at if waits else None,
        last_failure=target.failure,
        waiting=standing.waiting,
    )

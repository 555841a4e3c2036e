"""Changing agents in one transaction: as somebody wishes, as their shift says, as time goes by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from services.router.domain.attendance import Shift, attended, leaves
from services.router.domain.roster import Agent
from shared.contracts import Cause
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy

from . import roster, work
from .ledger import Ledger

#: What an agent becomes; None is somebody the roster does not have (and stays None if they stay so).
Becoming = Callable[[Agent | None], Agent | None]


async def attend(
    tx: Transaction,
    now: datetime,
    policy: WorkflowPolicy,
    *,
    becoming: Mapping[str, Becoming],
    shifts: Mapping[str, Shift],
    cause: Callable[[str, Agent], Cause],
) -> Ledger:
    """A ledger in which these agents are what they become and stand as they do at `now`.

    Nobody gives out work meanwhile, so that nothing reaches somebody who goes home. What those hold is
    locked before them; that they go is known from a look without locks, and only a renewed lease, which
    keeps them, may come between.
    """
    await roster.dispatch_lock(tx)
    seen = await roster.read_some(tx, becoming)
    presence = policy.routing.assigning.presence

    def goes(agent_id: str) -> bool:
        before = seen.get(agent_id)
        after = becoming[agent_id](before)
        if after is None:
            return False
        return leaves(before, attended(after, _shift(after, shifts), presence, now))

    items = await work.held_by(tx, [one for one in becoming if goes(one)])
    ledger = Ledger(
        items=items, agents=await roster.lock_some(tx, becoming), policy=policy, now=now
    )
    for agent_id, become in sorted(becoming.items()):
        agent = become(ledger.agents.get(agent_id))
        if agent is not None:
            ledger.attend(agent, _shift(agent, shifts), cause(agent_id, agent))
    return ledger


def _shift(agent: Agent, shifts: Mapping[str, Shift]) -> Shift | None:
    return shifts.get(agent.shift) if agent.shift is not None else None

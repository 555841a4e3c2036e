"""What a dispatcher remembers of the roster, and how it is kept true (semantics G6).

A dispatcher's memory: each step reads only who has changed, and what it decides is written only for agents
whose locked rows are in the version remembered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from services.router.domain.desks import Desks
from services.router.domain.roster import Agent
from shared.db.engine import Transaction

from . import roster

#: How often everybody is read anew. What changes otherwise is noticed at once; this is for rows that somebody
#: writes past us, and for a database that has been put in the place of another.
ALL_EVERY: Final = timedelta(seconds=60)


class RosterMemory:
    """The roster as one dispatcher remembers it."""

    def __init__(self, desks: Desks) -> None:
        self.desks = desks
        self._moment: str | None = None
        self._all_read: datetime | None = None
        self._own: dict[str, int] = {}

    async def renew(self, tx: Transaction, moment: str, now: datetime) -> None:
        """Read who may have changed since the last time; `moment` is that of this transaction.

        The transaction must not have changed any agent yet.
        """
        late = self._all_read is None or now - self._all_read >= ALL_EVERY
        if self._moment is None or late:
            self.desks.forget_all()
            self.desks.know(await roster.read_all(tx))
            self._all_read = now
        else:
            self.desks.know(await roster.changed_since(tx, self._moment, self._own))
        self._moment = moment
        self._own = {}

    async def lock(
        self, tx: Transaction, agent_ids: Collection[str], *, wait: bool
    ) -> tuple[dict[str, Agent], bool]:
        """Lock these agents: those who are now locked, as they are, and whether anybody was not so.

        With `wait` their holders are waited for; without, those who are held are left out.
        """
        versions = await roster.lock_versions(tx, agent_ids, wait=wait)
        known = self.desks.agents
        stale = {one for one, version in versions.items() if known[one].version != version}
        self.desks.know((await roster.lock_some(tx, stale)).values())
        missing = set(agent_ids) - versions.keys()
        if wait:
            self.desks.forget(missing)
        return {one: known[one] for one in versions}, bool(stale or missing)

    def saved(self, agents: Iterable[Agent]) -> None:
        """A transaction of ours has committed and left these agents so."""
        agents = list(agents)
        self.desks.know(agents)
        self._own = {agent.agent_id: agent.version for agent in agents}

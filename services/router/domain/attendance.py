"""Who is there: presences that lapse without renewal, and shifts (semantics G7).

An agent's row says how things stand (`presence`, `suspect`, `on_shift`); this says what time makes of
it, and when it will next. Absence never pauses a clock, it only moves work.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol

from shared.contracts.vocabulary import Presence
from shared.policy.assigning import PresencePolicy

from .roster import Agent
from .work import WorkItem, replace

#: When a shift is asked again that knew of no change: an imported calendar is laid out only so far.
ASK_AGAIN: Final = timedelta(days=30)


class Shift(Protocol):
    """When somebody works: a weekly pattern or an imported calendar."""

    def is_open(self, at: datetime) -> bool:
        """Whether `at` lies in working time."""

    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after `at` at which work begins or ends; None if none is known."""

    def next_opening(self, at: datetime) -> datetime | None:
        """The first working instant from `at` on; None if none is known."""


def attended(agent: Agent, shift: Shift | None, policy: PresencePolicy, now: datetime) -> Agent:
    """The agent as they stand at `now`, and when that is to be looked at again. Without a shift they
    are always on it.
    """
    standing = _standing(agent, shift, policy, now)
    return replace(standing, changes_at=changes_at(standing, shift, policy, now))


def _standing(agent: Agent, shift: Shift | None, policy: PresencePolicy, now: datetime) -> Agent:
    on_shift = shift is None or shift.is_open(now)
    if agent.renewed_at is None or agent.presence is Presence.OFFLINE:
        return replace(agent, on_shift=on_shift, suspect=False)
    suspect_at = agent.renewed_at + policy.suspect_after
    if now >= suspect_at + policy.offline_after:
        gone = replace(agent, presence=Presence.OFFLINE, suspect=False, renewed_at=None)
        return replace(gone, on_shift=on_shift)
    return replace(agent, on_shift=on_shift, suspect=now >= suspect_at)


def changes_at(
    agent: Agent, shift: Shift | None, policy: PresencePolicy, now: datetime
) -> datetime | None:
    """When time next changes how the agent stands, after `now`; None if it never does by itself."""
    instants = [] if shift is None else [shift.next_change(now) or now + ASK_AGAIN]
    if agent.renewed_at is not None and agent.presence is not Presence.OFFLINE:
        suspect_at = agent.renewed_at + policy.suspect_after
        instants.append(suspect_at if now < suspect_at else suspect_at + policy.offline_after)
    return min(instants, default=None)


def seen(one: Agent, other: Agent) -> bool:
    """Whether both look the same to everybody else: only when to look again may differ."""
    return replace(one, changes_at=None, renewed_at=None) == replace(
        other, changes_at=None, renewed_at=None
    )


def leaves(before: Agent | None, after: Agent) -> bool:
    """Whether the agent goes home: offline, or their shift ends, whichever comes first or second."""
    if before is None:
        return False
    return (before.present and not after.present) or (before.on_shift and not after.on_shift)


def needs_somebody(item: WorkItem, back_at: datetime | None) -> bool:
    """Whether a ticket cannot stay with an agent who is away until `back_at` (None: nobody knows).

    What somebody has to act on cannot. What waits for the customer stays, unless a deadline that runs
    even now falls before the agent is back.
    """
    if not item.paused:
        return True
    return back_at is not None and any(at < back_at for at in item.deadlines.values())

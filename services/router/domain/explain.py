"""Why a ticket waits, in one word and with the figures (semantics G5, G16)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from .eligible import nobody, qualifies
from .roster import Agent
from .work import WorkItem


class WaitReason(StrEnum):
    """Why nobody has the ticket yet."""

    NEXT_IN_LINE = "next_in_line"
    FULL_DESKS = "full_desks"
    ALL_BUSY = "all_busy"
    GIVEN_BACK = "given_back"
    MISSING_SKILL = "missing_skill"
    NOBODY_ON_SHIFT = "nobody_on_shift"


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Why a ticket waits: `candidates` are online and qualify, `with_room` of them have room."""

    reason: WaitReason
    candidates: int
    with_room: int
    missing_skills: tuple[str, ...] = ()


def why_waiting(item: WorkItem, roster: Sequence[Agent]) -> Wait:
    """Why the waiting `item` has nobody, judged by the roster as it is now."""
    found = nobody(item, roster)
    candidates = [agent for agent in roster if agent.online and qualifies(agent, item)]
    willing = [agent for agent in candidates if agent.agent_id not in item.declined]
    with_room = [agent for agent in willing if agent.headroom >= item.cost]
    if found is not None:
        reason = WaitReason(found.cause.value)
    elif with_room:
        reason = WaitReason.NEXT_IN_LINE
    elif not candidates:
        reason = WaitReason.ALL_BUSY
    elif not willing:
        reason = WaitReason.GIVEN_BACK
    else:
        reason = WaitReason.FULL_DESKS
    return Wait(
        reason=reason,
        candidates=len(candidates),
        with_room=len(with_room),
        missing_skills=found.missing_skills if found else (),
    )

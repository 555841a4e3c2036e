"""What a person must have written before a ticket is raised by hand: the level it goes to says (semantics X4)."""

from __future__ import annotations

from typing import Final

from shared.policy import NEXT_LEVEL, WorkflowPolicy

from .case import Case
from .windows import ladder_for

#: What a level asks for of which the workflow does not know any more (F3): as if it said nothing of it.
_UNSAID: Final = ("handoff",)


def wanted(
    case: Case, reason: str, to_level: str | None, policy: WorkflowPolicy
) -> tuple[str, ...]:
    """The `requires` of the level that a request for `reason`, or to `to_level`, leads to."""
    target = to_level or policy.escalation.manual_reasons.get(reason, NEXT_LEVEL)
    if target == NEXT_LEVEL:
        target = ladder_for(case, policy).above(case.level) or case.level
    levels = (level for level in policy.levels if target in (level.name, *level.aliases))
    return next((level.requires for level in levels), _UNSAID)

"""A step of the ladder as a fact: where the ticket goes, why, who is told, until when to acknowledge.

`at` is the nominal instant of what is said. Windows count from `now`, the instant at which it is
recorded: nobody is late for a message that did not exist (semantics L1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.contracts import EscalationAdvanced, EscalationRaised, Evidence
from shared.ids import derived_id
from shared.policy import Trigger, WorkflowPolicy

from . import handoff
from .case import Case
from .escalation import EXHAUSTED, REPEATED, Escalation, Ground
from .items import Said
from .rungs import Ladder
from .triggers import Firing
from .windows import acknowledge_by, ladder_for
from .wording import lateness_ms

#: Whom the end of the ladder is told (semantics L5).
DUTY_MANAGER: Final = "duty_manager"


@dataclass(frozen=True, slots=True)
class When:
    """The nominal instant, and the one of recording."""

    at: datetime
    now: datetime


def raised(
    case: Case,
    level: str,
    firings: Sequence[Firing],
    leading: Trigger,
    *,
    when: When,
    policy: WorkflowPolicy,
) -> Said:
    """The ticket goes to `level` for what `firings` show; `leading` is the reason that is named."""
    escalation_id = derived_id(case.ticket_id, f"escalation:{case.escalations}")
    grounds = tuple(firing.ground for firing in firings)
    rungs = ladder_for(case, policy)
    payload = EscalationRaised(
        ticket_id=case.ticket_id,
        escalation_id=escalation_id,
        level=level,
        from_level=case.level,
        to_team=_team(level, rungs, policy),
        reason=leading.name,
        evidence=_evidence(grounds),
        audience=_told(level, firings, policy),
        priority=case.timeline.priority,
        handoff=handoff.write(
            case, level=level, reason=leading.name, at=when.at, policy=policy, grounds=grounds
        ),
        priority_boost=_boost(firings),
        acknowledge_by=None if leading.starting else acknowledge_by(case, level, when.now, policy),
        transfer=_transfer(level, rungs),
        lateness_ms=lateness_ms(when.at, when.now),
    )
    identity = derived_id(escalation_id, f"escalation.raised:{level}:0")
    return Said(payload=payload, time=when.at, id=identity, grounds=grounds, ladder=rungs)


def advanced(
    case: Case,
    escalation: Escalation,
    level: str,
    reason: str,
    *,
    when: When,
    policy: WorkflowPolicy,
    firings: Sequence[Firing] = (),
    by: str | None = None,
) -> Said:
    """The escalation goes on to `level`, or pages it again, for what `firings` show beside what it rests on;
    `by` is the person who moved it.
    """
    rungs = ladder_for(case, policy)
    grounds = tuple(firing.ground for firing in firings)
    visit = escalation.visits.get(level, 0)
    repeat = escalation.repeats + 1 if reason == REPEATED else 0
    window = acknowledge_by(case, level, when.now, policy, repeat=repeat)
    payload = EscalationAdvanced(
        ticket_id=case.ticket_id,
        escalation_id=escalation.escalation_id,
        from_level=escalation.level,
        to_level=level,
        to_team=_team(level, rungs, policy),
        reason=reason,
        evidence=_evidence((*escalation.grounds, *grounds)),
        audience=[DUTY_MANAGER] if reason == EXHAUSTED else _told(level, firings, policy),
        priority=case.timeline.priority,
        acknowledge_by=None if reason == EXHAUSTED else window,
        priority_boost=_boost(firings),
        transfer=_transfer(level, rungs),
        lateness_ms=lateness_ms(when.at, when.now),
        by=by,
        handoff=None
        if level == escalation.level
        else handoff.write(
            case,
            level=level,
            reason=reason,
            at=when.at,
            policy=policy,
            grounds=(*escalation.grounds, *grounds),
        ),
    )
    identity = derived_id(escalation.escalation_id, f"escalation.advanced:{level}:{visit}")
    return Said(payload=payload, time=when.at, id=identity, grounds=grounds)


def _transfer(level: str, rungs: Ladder) -> bool | None:
    """Management is told and accountable; the ticket stays with its agent (semantics X8)."""
    return False if rungs.is_top(level) else None


def _team(level: str, rungs: Ladder, policy: WorkflowPolicy) -> str:
    """Whose people they are: as the workflow has it now, or had it while it knew the level (L3, F3)."""
    for known in policy.levels:
        if known.name == level:
            return known.team
    return (rungs.rung(level) or rungs.rungs[0]).team


def _told(level: str, firings: Iterable[Firing], policy: WorkflowPolicy) -> list[str]:
    """Whom the triggers name, and whom the level has told of everything that comes to it."""
    named = [name for firing in firings for name in firing.trigger.audience]
    rules = policy.escalation.levels.get(level)
    return list(dict.fromkeys([*named, *(rules.audience if rules else ())]))


def _boost(firings: Iterable[Firing]) -> int | None:
    """The strongest boost of the place in the line that the triggers ask for."""
    boosts = (firing.trigger.priority_boost for firing in firings)
    return max((boost for boost in boosts if boost is not None), default=None)


def _evidence(grounds: Iterable[Ground]) -> list[Evidence]:
    return [Evidence(trigger=g.trigger, at=g.at, detail=g.detail) for g in grounds]

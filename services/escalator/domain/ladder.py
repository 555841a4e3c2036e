"""The ladder: raise, advance, repeat, acknowledge, resolve (semantics L, X5, X8).

`at` is the nominal instant of what is said. Windows count from `now`, the instant at which it is
recorded: nobody is late for a message that did not exist (L1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.contracts import (
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Evidence,
)
from shared.contracts.vocabulary import EscalationOutcome
from shared.ids import derived_id
from shared.policy import NEXT_LEVEL, Trigger, WorkflowPolicy

from . import handoff
from .case import Case
from .escalation import (
    EXHAUSTED,
    NO_RESPONSE,
    REPEATED,
    UNACKNOWLEDGED,
    WORSENED,
    Escalation,
    Ground,
    Standing,
)
from .items import Noted, Said
from .triggers import Firing
from .windows import acknowledge_by, holds_until
from .wording import lateness_ms, seconds

#: Whom the end of the ladder is told (semantics L5).
DUTY_MANAGER: Final = "duty_manager"


@dataclass(frozen=True, slots=True)
class When:
    """The nominal instant, and the one of recording."""

    at: datetime
    now: datetime


def answer(
    case: Case, firings: Sequence[Firing], when: When, policy: WorkflowPolicy
) -> list[Said | Noted]:
    """Raise or advance to the highest level the triggers name, with all their evidence (L10).

    A level is a floor: what asks for no more than there is becomes evidence of the open escalation.
    """
    if not firings:
        return []
    grounds = tuple(firing.ground for firing in firings)
    targets = [_target(case, firing.trigger, policy) for firing in firings]
    level = max(targets, key=policy.escalation.rank)
    higher = policy.escalation.rank(level) > policy.escalation.rank(case.level)
    if case.open_escalation is not None and higher:
        audience = _audience(firing.trigger for firing in firings)
        return [
            _advanced(
                case,
                case.open_escalation,
                level,
                WORSENED,
                when=when,
                policy=policy,
                grounds=grounds,
                audience=audience,
            )
        ]
    stays = all(firing.trigger.to not in (None, NEXT_LEVEL) for firing in firings)
    if case.open_escalation is not None or (not higher and stays):
        return [Noted(grounds=grounds)]
    of_level = [f.trigger for f, to in zip(firings, targets, strict=True) if to == level]
    leading = min(of_level, key=lambda trigger: trigger.starting)
    return [_raised(case, level, firings, leading, when=when, policy=policy)]


def fall_due(case: Case, until: datetime, now: datetime, policy: WorkflowPolicy) -> list[Said]:
    """Go on when a window or an acknowledgement has run out by `until`."""
    escalation = case.open_escalation
    if escalation is None or escalation.due_at is None or escalation.due_at > until:
        return []
    when = When(escalation.due_at, now)
    missed = UNACKNOWLEDGED if escalation.status is Standing.OPEN else NO_RESPONSE
    above = policy.escalation.next_level(escalation.level)
    if above is not None:
        return [_advanced(case, escalation, above, missed, when=when, policy=policy)]
    reason = REPEATED if escalation.repeats < policy.escalation.repeats else EXHAUSTED
    return [_advanced(case, escalation, escalation.level, reason, when=when, policy=policy)]


def acknowledge(case: Case, by: str, via: str, at: datetime, policy: WorkflowPolicy) -> list[Said]:
    """A named person takes responsibility. Once is enough (semantics L4)."""
    escalation = case.open_escalation
    if escalation is None or escalation.status is Standing.ACKNOWLEDGED:
        return []
    number = escalation.acknowledgements
    payload = EscalationAcknowledged(
        ticket_id=case.ticket_id,
        escalation_id=escalation.escalation_id,
        by=by,
        via=via,
        level=escalation.level,
        after_seconds=seconds(at - escalation.raised_at),
        holds_until=holds_until(case, at, policy),
    )
    name = f"escalation.acknowledged:{escalation.level}:{number}"
    return [Said(payload=payload, time=at, id=derived_id(escalation.escalation_id, name))]


def progress(
    case: Case, by: str | None, at: datetime, policy: WorkflowPolicy
) -> list[Said | Noted]:
    """An agent moved the ticket: that extends the acknowledgement, and the first such fact by the agent
    who has the ticket at the raised level is one (semantics L4).
    """
    escalation = case.open_escalation
    if escalation is None:
        return []
    if escalation.status is Standing.ACKNOWLEDGED:
        until = holds_until(case, at, policy)
        longer = escalation.holds_until is None or until > escalation.holds_until
        return [Noted(holds_until=until)] if longer else []
    ticket = case.ticket
    accepts = by is not None and by == ticket.assignee and ticket.assignee_level == escalation.level
    return list(acknowledge(case, by, "reply", at, policy)) if by and accepts else []


def resolve(
    case: Case, outcome: EscalationOutcome, at: datetime, *, reason: str | None = None
) -> list[Said]:
    """The open escalation, if there is one, is over."""
    escalation = case.open_escalation
    if escalation is None:
        return []
    payload = EscalationResolved(
        ticket_id=case.ticket_id,
        escalation_id=escalation.escalation_id,
        level=escalation.level,
        outcome=outcome,
        open_seconds=seconds(at - escalation.raised_at),
        reason=reason,
    )
    name = f"escalation.resolved:{escalation.level}:0"
    return [Said(payload=payload, time=at, id=derived_id(escalation.escalation_id, name))]


def _target(case: Case, trigger: Trigger, policy: WorkflowPolicy) -> str:
    """The level a trigger asks for, from where the ticket is now."""
    if trigger.to is None:
        return case.level
    if trigger.to == NEXT_LEVEL:
        return policy.escalation.next_level(case.level) or case.level
    return policy.level(trigger.to).name


def _raised(
    case: Case,
    level: str,
    firings: Sequence[Firing],
    leading: Trigger,
    *,
    when: When,
    policy: WorkflowPolicy,
) -> Said:
    escalation_id = derived_id(case.ticket_id, f"escalation:{case.escalations}")
    grounds = tuple(firing.ground for firing in firings)
    boosts = [f.trigger.priority_boost for f in firings if f.trigger.priority_boost is not None]
    payload = EscalationRaised(
        ticket_id=case.ticket_id,
        escalation_id=escalation_id,
        level=level,
        from_level=case.level,
        to_team=policy.level(level).team,
        reason=leading.name,
        evidence=_evidence(grounds),
        audience=_audience(firing.trigger for firing in firings),
        priority=case.timeline.priority,
        handoff=handoff.write(
            case, level=level, reason=leading.name, at=when.at, policy=policy, grounds=grounds
        ),
        priority_boost=max(boosts, default=None),
        acknowledge_by=None if leading.starting else acknowledge_by(case, level, when.now, policy),
        transfer=_transfer(level, policy),
        lateness_ms=lateness_ms(when.at, when.now),
    )
    identity = derived_id(escalation_id, f"escalation.raised:{level}:0")
    return Said(payload=payload, time=when.at, id=identity, grounds=grounds)


def _advanced(
    case: Case,
    escalation: Escalation,
    level: str,
    reason: str,
    *,
    when: When,
    policy: WorkflowPolicy,
    grounds: tuple[Ground, ...] = (),
    audience: list[str] | None = None,
) -> Said:
    visit = escalation.visits.get(level, 0)
    repeat = escalation.repeats + 1 if reason == REPEATED else 0
    window = acknowledge_by(case, level, when.now, policy, repeat=repeat)
    payload = EscalationAdvanced(
        ticket_id=case.ticket_id,
        escalation_id=escalation.escalation_id,
        from_level=escalation.level,
        to_level=level,
        to_team=policy.level(level).team,
        reason=reason,
        evidence=_evidence((*escalation.grounds, *grounds)),
        audience=_told(level, reason, policy) if audience is None else audience,
        priority=case.timeline.priority,
        acknowledge_by=None if reason == EXHAUSTED else window,
        transfer=_transfer(level, policy),
        lateness_ms=lateness_ms(when.at, when.now),
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


def _transfer(level: str, policy: WorkflowPolicy) -> bool | None:
    """Management is told and accountable; the ticket stays with its agent (semantics X8)."""
    return False if policy.escalation.next_level(level) is None else None


def _told(level: str, reason: str, policy: WorkflowPolicy) -> list[str]:
    """Whom an advance without a trigger is told besides the level itself."""
    if reason == EXHAUSTED:
        return [DUTY_MANAGER]
    top = policy.escalation.next_level(level) is None
    return _audience(policy.escalation.anywhere.triggers) if top else []


def _audience(triggers: Iterable[Trigger]) -> list[str]:
    return list(dict.fromkeys(name for trigger in triggers for name in trigger.audience))


def _evidence(grounds: Iterable[Ground]) -> list[Evidence]:
    return [Evidence(trigger=g.trigger, at=g.at, detail=g.detail) for g in grounds]

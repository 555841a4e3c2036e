"""The ladder: raise, advance, repeat, skip, acknowledge, resolve (semantics L, X5, X8).

What is due when nobody answers, and what an answer changes. `paging.py` words each step.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.contracts import (
    EscalationAcknowledged,
    EscalationResolved,
)
from shared.contracts.vocabulary import EscalationOutcome
from shared.ids import derived_id
from shared.policy import NEXT_LEVEL, Trigger, WorkflowPolicy

from .case import Case
from .escalation import (
    EXHAUSTED,
    LEVEL_TIMEOUT,
    NO_RESPONSE,
    REPEATED,
    UNACKNOWLEDGED,
    UNREACHABLE,
    WORSENED,
    Standing,
)
from .items import Noted, Said
from .paging import When, advanced, raised
from .rungs import Ladder
from .triggers import Firing
from .windows import holds_until, ladder_for
from .wording import seconds


def answer(
    case: Case, firings: Sequence[Firing], when: When, policy: WorkflowPolicy
) -> list[Said | Noted]:
    """Raise or advance to the highest level the triggers name, with all their evidence (L10).

    A level is a floor: what asks for no more than there is becomes evidence of the open escalation.
    """
    if not firings:
        return []
    grounds = tuple(firing.ground for firing in firings)
    rungs = ladder_for(case, policy)
    targets = [_target(case, firing.trigger, rungs, policy) for firing in firings]
    level = max(targets, key=rungs.rank)
    higher = rungs.rank(level) > rungs.rank(case.level)
    if case.open_escalation is not None and higher:
        reason = _why(firings)
        return [
            advanced(
                case, case.open_escalation, level, reason, when=when, policy=policy, firings=firings
            )
        ]
    stays = all(firing.trigger.to not in (None, NEXT_LEVEL) for firing in firings)
    if case.open_escalation is not None or (not higher and stays):
        return [Noted(grounds=grounds)]
    of_level = [f.trigger for f, to in zip(firings, targets, strict=True) if to == level]
    leading = min(of_level, key=lambda trigger: trigger.starting)
    return [raised(case, level, firings, leading, when=when, policy=policy)]


def fall_due(case: Case, until: datetime, now: datetime, policy: WorkflowPolicy) -> list[Said]:
    """Go on when a window or an acknowledgement has run out by `until`."""
    escalation = case.open_escalation
    if escalation is None or escalation.due_at is None or escalation.due_at > until:
        return []
    when = When(escalation.due_at, now)
    missed = UNACKNOWLEDGED if escalation.status is Standing.OPEN else NO_RESPONSE
    rungs = ladder_for(case, policy)
    above = rungs.above(escalation.level)
    if above is not None:
        return [advanced(case, escalation, above, missed, when=when, policy=policy)]
    reason = REPEATED if escalation.repeats < rungs.repeats else EXHAUSTED
    return [advanced(case, escalation, escalation.level, reason, when=when, policy=policy)]


def skip(case: Case, page: UUID, when: When, policy: WorkflowPolicy) -> list[Said]:
    """Nobody at the level could be told of `page`, the fact that reached it: on to the next one at once
    (semantics L3). The last level is paged again in its gaps, whoever can be told then (L5).
    """
    escalation = case.open_escalation
    if (
        escalation is None
        or escalation.status is not Standing.OPEN
        or escalation.reason == EXHAUSTED
    ):
        return []
    rungs = ladder_for(case, policy)
    starts = escalation.acknowledge_by is None and rungs.window(escalation.level) is not None
    above = rungs.above(escalation.level)
    if starts or above is None or page not in escalation.pages:
        return []
    return [advanced(case, escalation, above, UNREACHABLE, when=when, policy=policy)]


def acknowledge(
    case: Case,
    by: str,
    via: str,
    at: datetime,
    policy: WorkflowPolicy,
    *,
    until: datetime | None = None,
) -> list[Said]:
    """A named person takes responsibility, `until` then if they say so, and never for longer than an
    acknowledgement holds. Once is enough (semantics L4).
    """
    escalation = case.open_escalation
    if escalation is None or escalation.status is Standing.ACKNOWLEDGED:
        return []
    number = escalation.acknowledgements
    holds = holds_until(case, at, policy) if escalation.is_climbing else None
    payload = EscalationAcknowledged(
        ticket_id=case.ticket_id,
        escalation_id=escalation.escalation_id,
        by=by,
        via=via,
        level=escalation.level,
        after_seconds=seconds(at - escalation.raised_at),
        holds_until=min(holds, until) if holds and until else holds,
    )
    name = f"escalation.acknowledged:{escalation.level}:{number}"
    return [Said(payload=payload, time=at, id=derived_id(escalation.escalation_id, name))]


def progress(
    case: Case, by: str | None, at: datetime, policy: WorkflowPolicy
) -> list[Said | Noted]:
    """An agent moved the ticket: that extends the acknowledgement, and the first such fact by the agent
    who has the ticket at the raised level is one (semantics L4).
    """
    ticket = case.ticket
    level = ticket.assignee_level if by is not None and by == ticket.assignee else None
    return _took(case, (by, level), "reply", at, policy)


def accept(
    case: Case, by: str, level: str, at: datetime, policy: WorkflowPolicy
) -> list[Said | Noted]:
    """An agent of `level` works on the ticket: at the raised level that acknowledges (semantics L4)."""
    return _took(case, (by, level), "accepted", at, policy)


def _took(
    case: Case, who: tuple[str | None, str | None], via: str, at: datetime, policy: WorkflowPolicy
) -> list[Said | Noted]:
    by, level = who
    escalation = case.open_escalation
    if escalation is None:
        return []
    if escalation.status is Standing.ACKNOWLEDGED:
        until = holds_until(case, at, policy)
        held = escalation.holds_until
        return [Noted(holds_until=until)] if held is not None and until > held else []
    takes = level == escalation.level and escalation.is_climbing
    return list(acknowledge(case, by, via, at, policy)) if by and takes else []


def solved(case: Case, at: datetime, *, anew: bool) -> list[Said]:
    """The ticket is solved, now (`anew`) or since before: so is what it was raised for. What was raised
    about the customer after that stays until somebody has settled it (semantics V13).
    """
    escalation = case.open_escalation
    if escalation is None or (escalation.after_solution and not anew):
        return []
    return resolve(case, EscalationOutcome.TICKET_RESOLVED, at)


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


def _why(firings: Sequence[Firing]) -> str:
    """Why an open escalation goes on: a level's time ran out, or the matter got worse (L10, V14)."""
    names = {firing.trigger.name for firing in firings}
    return next((why for why in (NO_RESPONSE, LEVEL_TIMEOUT) if names == {why}), WORSENED)


def _target(case: Case, trigger: Trigger, rungs: Ladder, policy: WorkflowPolicy) -> str:
    """The level a trigger asks for, from where the ticket is now."""
    if trigger.to is None:
        return case.level
    if trigger.to == NEXT_LEVEL:
        return rungs.above(case.level) or case.level
    return policy.escalation.aliases.get(trigger.to.lower(), trigger.to)

"""Which triggers a fact or a step of a clock sets off, each once for the same evidence (semantics V).

Conditions of a level act when they *become* true while the ticket is at that level (X6), or when new
text shows again what they look for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.contracts import (
    Event,
    TicketAnalysed,
    TicketMessageAdded,
    TicketOpened,
    TicketQueued,
    TicketRated,
    TicketReclassified,
    TicketReopened,
    type_of,
)
from shared.contracts.vocabulary import AuthorKind, Metric
from shared.policy import Facts, Trigger, WorkflowPolicy

from .case import Case
from .escalation import LEVEL_TIMEOUT, NO_RESPONSE, Ground
from .items import Noted
from .steps import Step
from .windows import ladder_for

#: Facts that belong to one text or one moment, and not to the ticket.
_PASSING = (
    "signals",
    "sentiment",
    "sentiment_label",
    "rating",
    "rating_mean",
    "rating_mean_before",
    "entry",
)

#: A mean of ratings is one of so many at most, and of so many at least (N2.25).
_RATINGS: Final = 5
_ENOUGH_RATINGS: Final = 3


@dataclass(frozen=True, slots=True)
class Firing:
    """A trigger that acts, and what showed it."""

    trigger: Trigger
    ground: Ground


def facts_of(case: Case, at: datetime, policy: WorkflowPolicy) -> dict[str, object]:
    """What conditions may look at, without what passes."""
    known: dict[str, object] = dict(case.ticket.known)
    return known | {
        "priority": case.timeline.priority.value,
        "customer_tier": case.timeline.tier,
        "status": case.timeline.status,
        "level": case.level,
        **policy.hours(at, customer_id=case.ticket.customer_id, tier=case.timeline.tier),
        **dict.fromkeys(_PASSING),
        "signals": (),
    }


def by_step(case: Case, step: Step, policy: WorkflowPolicy) -> list[Firing]:
    """What a warning or breach sets off, with the thresholds it jumped over (semantics P2)."""
    facts = facts_of(case, step.at, policy) | {"metric": step.metric.value}
    detail = f"{step.metric} {step.threshold} %"
    fired = [
        trigger
        for threshold in (*step.skipped, step.threshold)
        for trigger in policy.escalation.fired(str(step.kind), facts, threshold=threshold)
    ]
    firings = [
        Firing(t, Ground(trigger=t.name, at=step.at, key=step.key, detail=detail)) for t in fired
    ]
    return _fresh(case, firings)


def by_level(case: Case, step: Step, policy: WorkflowPolicy) -> list[Firing]:
    """A level whose time ran out goes on to the next one (semantics V14, X6): nobody accepted or
    answered in it, or nobody solved it.
    """
    level = step.level
    above = ladder_for(case, policy).above(level) if level else None
    if level is None or level != case.place or above is None:
        return []
    waits = step.metric is Metric.LEVEL_ACCEPT or policy.escalation.waits_for_reply(level)
    trigger = Trigger(NO_RESPONSE if waits else LEVEL_TIMEOUT, str(step.kind), to=above)
    detail = f"{step.metric} of {level}"
    ground = Ground(trigger=trigger.name, at=step.at, key=step.key, detail=detail)
    return _fresh(case, [Firing(trigger, ground)])


def by_event(case: Case, event: Event, policy: WorkflowPolicy) -> tuple[list[Firing], Noted | None]:
    """What a ticket's event sets off, and which conditions hold now, to be noted."""
    if not _is_judged(event):
        return [], None
    quiet, loud = _before_and_after(case, event, policy)
    named = policy.escalation.fired(type_of(event.payload).name, loud)
    held = {trigger.name for trigger in policy.escalation.level_conditions(case.level, quiet)}
    holding = policy.escalation.level_conditions(case.level, loud)
    becoming = [t for t in holding if t.name not in held or t.name not in case.holding]
    key = _evidence(event)
    firings = _fresh(
        case,
        (
            Firing(trigger, Ground(trigger=trigger.name, at=event.time, key=key))
            for trigger in (*named, *becoming)
        ),
    )
    return firings, Noted(holding=policy.escalation.conditions_held(loud))


def _is_judged(event: Event) -> bool:
    match event.payload:
        case TicketMessageAdded(author=author):
            return author.kind is AuthorKind.CUSTOMER
        case TicketOpened() | TicketAnalysed() | TicketReclassified() | TicketReopened():
            return True
        case TicketQueued(entry=entry):
            return entry is not None  # only coming back to a level says something (semantics X3)
    return isinstance(event.payload, TicketRated)


def _before_and_after(case: Case, event: Event, policy: WorkflowPolicy) -> tuple[Facts, Facts]:
    """The ticket's facts without, and with, what this event alone shows."""
    quiet = facts_of(case, event.time, policy)
    text = {"signals": case.ticket.signals}
    match event.payload:
        case TicketOpened() | TicketMessageAdded():
            return quiet, quiet | text
        case TicketAnalysed(sentiment=sentiment, message_id=message_id):
            quiet |= text if message_id == case.ticket.text else {}
            if sentiment is None:
                return quiet, quiet
            shown = {"sentiment": sentiment.score, "sentiment_label": sentiment.label.value}
            return quiet, quiet | shown
        case TicketRated(score=score, recent=recent):
            before, after = _mean(recent[:-1]), _mean(recent)
            rated = {"rating": score, "rating_mean": after, "rating_mean_before": before}
            return quiet, quiet | rated
        case TicketQueued(entry=entry):
            return quiet, quiet | {"entry": entry}
    return quiet, quiet


def _mean(ratings: Sequence[int]) -> float | None:
    """The mean of the last ratings; None of too few (semantics V13)."""
    last = ratings[-_RATINGS:]
    return sum(last) / len(last) if len(last) >= _ENOUGH_RATINGS else None


def _evidence(event: Event) -> str:
    """What names the evidence: the text where there is one, else the event."""
    match event.payload:
        case TicketMessageAdded(message_id=message_id) | TicketAnalysed(message_id=message_id):
            return str(message_id)
        case TicketOpened(ticket_id=ticket_id):
            return str(ticket_id)
    return str(event.id)


def _fresh(case: Case, firings: Iterable[Firing]) -> list[Firing]:
    """Those whose evidence has not fired before, each trigger once (semantics V2)."""
    once = {firing.ground.evidence: firing for firing in firings}
    return [firing for evidence, firing in once.items() if evidence not in case.fired]

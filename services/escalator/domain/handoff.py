"""The facts of the hand-off document: kinds, instants and codes, no prose of anybody (semantics X9).

What people wrote is read over HTTP with authorisation; the sentences here are made of classifications.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.contracts import Handoff, TimelineEntry
from shared.contracts.vocabulary import Metric, SentimentLabel
from shared.policy import WorkflowPolicy

from .case import Case
from .escalation import Ground
from .sla import deadline

ANSWER: Final = "answer_customer"
CHASE: Final = "chase_"
RESOLVE: Final = "resolve"


def write(
    case: Case,
    *,
    level: str,
    reason: str,
    at: datetime,
    policy: WorkflowPolicy,
    grounds: Iterable[Ground] = (),
) -> Handoff:
    """What whoever takes over must know; `grounds` are the triggers it rests on."""
    written = case.ticket.written
    promised = promise(case, policy)
    return Handoff(
        summary=summary(case, at=at, because=f"goes to {level} because of {reason}"),
        timeline=timeline(case, grounds),
        tried=list(case.ticket.tried),
        sentiment=sentiment(case),
        expectation=f"{promised[0]} by {_instant(promised[1])}" if promised else None,
        next_steps=next_steps(case),
        customer_id=case.ticket.customer_id,
        generated=written is None,
        version=written.version if written else None,
        written=list(written.fields) if written else [],
    )


def summary(case: Case, *, at: datetime, because: str | None = None) -> str:
    """Two or three sentences of classifications: what it is, where it stands, what is unusual."""
    standing, category = case.timeline, case.ticket.known.get("category")
    minutes = int((at - (standing.opened_at or at)).total_seconds() // 60)
    what = f"{category or 'uncategorised'} ticket of {_article(standing.tier)} customer"
    subject = f"{_article(f'{standing.priority} {what}')}, open for {minutes} min"
    first = f"{subject}, {because}" if because else f"this is {subject}"
    answered = "has had a reply" if standing.answered else "has had no reply yet"
    signs = _signs(case)
    return " ".join(
        (
            f"{first[0].upper()}{first[1:]}.",
            f"It is {standing.status} and {answered}.",
            *([f"Known besides: {', '.join(signs)}."] if signs else ()),
        )
    )


def timeline(case: Case, grounds: Iterable[Ground]) -> list[TimelineEntry]:
    """The history with the triggers in their places: initial contact, actions, what set it off."""
    fired = (TimelineEntry(at=g.at, kind=g.trigger, detail=g.detail) for g in grounds)
    return sorted((*case.ticket.history, *fired), key=lambda entry: entry.at)


def sentiment(case: Case) -> SentimentLabel | None:
    """How the customer feels: what a person says of it comes before what was read from a text."""
    written = case.ticket.written
    return (written.sentiment if written else None) or case.ticket.sentiment


def promise(case: Case, policy: WorkflowPolicy) -> tuple[Metric, datetime] | None:
    """What the customer was promised first of all that is still owed."""
    ends = [
        (instant, clock.metric)
        for clock in case.timeline.unfinished
        if not clock.metric.of_level and (instant := deadline(clock, policy.calendars)) is not None
    ]
    if not ends:
        return None
    instant, metric = min(ends)
    return metric, instant


def next_steps(case: Case) -> list[str]:
    """Codes of what is owed, most urgent first."""
    standing = case.timeline
    owed = not standing.answered or standing.unanswered is not None
    waited_for = sorted(f"{CHASE}{reason}" for reason in standing.waiting)
    return [*([ANSWER] if owed else []), *waited_for, RESOLVE]


def _signs(case: Case) -> list[str]:
    """What is unusual about it, as classifications."""
    known, feels = case.ticket.known, sentiment(case)
    contacts, reopened = known.get("contact_number"), known.get("reopened_count")
    return [
        *([f"contact number {contacts:g}"] if _counts(contacts, 2) else []),
        *([f"reopened {reopened:g} times"] if _counts(reopened, 1) else []),
        *([f"signs of {' and '.join(case.ticket.signals)}"] if case.ticket.signals else []),
        *([f"the customer is {feels}"] if feels else []),
    ]


def _counts(number: object, least: int) -> bool:
    return isinstance(number, int | float) and number >= least


def _article(word: str) -> str:
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")

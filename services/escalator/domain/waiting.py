"""A ticket that waits for its customer for ever (semantics Z6): they are reminded, and at last it is solved.

The escalator says when; that the ticket is solved then is intake's to decide, who knows whether the customer
has written meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.calendar import ALWAYS
from shared.contracts import WaitingOver, WaitingReminded
from shared.ids import derived_id
from shared.policy import WorkflowPolicy

from .business_days import business_days_after
from .case import Case
from .escalation import Ground
from .items import Said
from .timeline import Phase

WAITED = "waited"


@dataclass(frozen=True, slots=True)
class Due:
    """What falls due at `at`, after so many business days: a reminder, or the `last` of it."""

    at: datetime
    days: int
    last: bool


def to_come(case: Case, policy: WorkflowPolicy) -> Iterator[Due]:
    """What will be said if the customer does not write, in order, as far as it has not been said."""
    timeline, rules = case.timeline, policy.sla.waiting
    since, terms = timeline.waiting_since, timeline.terms
    if since is None or terms is None or timeline.phase is not Phase.OPEN:
        return
    calendar = policy.calendars.get(terms.review_calendar, ALWAYS)
    for days in (*rules.reminders, rules.solved_after):
        if _ground(since, since, days).evidence not in case.fired:
            last = days == rules.solved_after
            yield Due(business_days_after(calendar, since, days), days, last)


def fall_due(case: Case, until: datetime, policy: WorkflowPolicy) -> list[Said]:
    """What is to be said by `until`, each at its own instant."""
    return [_said(case, due) for due in to_come(case, policy) if due.at <= until]


def _said(case: Case, due: Due) -> Said:
    since = case.timeline.waiting_since
    assert since is not None
    kind = WaitingOver if due.last else WaitingReminded
    payload = kind(ticket_id=case.ticket_id, waiting_since=since, business_days=due.days)
    ground = _ground(due.at, since, due.days)
    return Said(
        payload=payload,
        time=due.at,
        id=derived_id(case.ticket_id, ground.key),
        grounds=(ground,),
    )


def _ground(at: datetime, since: datetime, days: int) -> Ground:
    """What marks it as said."""
    key = f"{WAITED}:{round(since.timestamp() * 1000)}:{days}"
    return Ground(trigger=WAITED, at=at, key=key, detail=str(days))

"""A merge as the ticket that goes on hears it (semantics M2)."""

from __future__ import annotations

from shared.contracts import Event
from shared.policy import WorkflowPolicy

from .absorbing import promises
from .case import Case
from .facts import Absorbed
from .items import Merging
from .timeline import Phase


def merging_of(case: Case, event: Event, policy: WorkflowPolicy) -> Merging:
    """What the ticket that goes on has to hear, from the one whose `event` says that it does not."""
    timeline = case.timeline
    owed = timeline.unanswered is not None or not timeline.answered
    what = Absorbed(
        source=case.ticket_id,
        priority=timeline.priority,
        tier=timeline.tier,
        promises=promises(timeline, event.time, policy.calendars),
        waits=owed and timeline.phase is Phase.OPEN,
    )
    return Merging(event=event, what=what)

"""A priority that an agent lowers when time is nearly up (semantics P3): counted, and shown to the team lead.

It may be right, so nothing is taken back or refused; somebody should only know.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.contracts import Event, SlaSuspiciousDowngrade, TicketReclassified
from shared.contracts.vocabulary import AuthorKind, Priority
from shared.ids import derived_id
from shared.policy import WorkflowPolicy

from . import sla
from .case import Case
from .items import Heard, Said
from .sla import Clock

#: From this share of a target on, in percent.
NEARLY_UP: Final = 75


def suspicious(case: Case, heard: Heard, policy: WorkflowPolicy) -> list[Said]:
    """What is to be said of `heard`, by the clocks of `case` as they were before it."""
    if not isinstance(heard, Event) or not isinstance(heard.payload, TicketReclassified):
        return []
    said, before = heard.payload, case.timeline.priority
    change = said.changes.get("priority")
    if change is None or said.by.kind is not AuthorKind.AGENT:
        return []
    after = Priority(change.to.lower())
    pressing = _most_used(case, heard.time, policy)
    if after.rank <= before.rank or pressing is None:
        return []
    clock, percent = pressing
    payload = SlaSuspiciousDowngrade(
        ticket_id=case.ticket_id,
        metric=clock.metric,
        cycle=clock.cycle,
        used_percent=percent,
        from_priority=before,
        to_priority=after,
        by=said.by.id,
    )
    name = f"sla.suspicious_downgrade:{heard.id}"
    return [Said(payload=payload, time=heard.time, id=derived_id(case.ticket_id, name))]


def _most_used(case: Case, at: datetime, policy: WorkflowPolicy) -> tuple[Clock, int] | None:
    """The promise to the customer of which most is used, if that is much; whole percents, rounded down."""
    used = [
        (int(sla.consumed_by(clock, at, policy.calendars) * 100 // clock.budget), n, clock)
        for n, clock in enumerate(case.timeline.unfinished)
        if not clock.metric.of_level and not clock.soft
    ]
    percent, _, clock = max(used, default=(0, 0, None))
    return (clock, percent) if clock is not None and percent >= NEARLY_UP else None

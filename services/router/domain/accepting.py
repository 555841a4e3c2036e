"""How long a level has to accept a ticket, and an agent an assignment (semantics G8, X2).

The level's own clock belongs to the escalator. Here its length only measures windows: what is counted
is plain time from the ticket's entry into the level, against the deadlines the router has heard of.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.calendar import ALWAYS
from shared.contracts.vocabulary import Metric
from shared.policy import WorkflowPolicy

from .work import WorkItem

_RESPONSES: Final = (Metric.FIRST_RESPONSE.value, Metric.NEXT_RESPONSE.value)


def level_accept(item: WorkItem, policy: WorkflowPolicy) -> tuple[datetime, datetime] | None:
    """From when until when the ticket's level has to accept it; None when nothing says.

    The level's own time, or half of what the nearest unbreached clock had left at entry if that is less:
    a response clock, else the resolution. Its own time counts in the calendar of its team, if that has one
    (C5).
    """
    if item.place is None or item.entered_at is None:
        return None
    entry, window = item.entered_at, policy.escalation
    wishes = []
    level = policy.level(item.place.level)
    if level.respond_within is not None:
        team = policy.calendars[level.calendar] if level.calendar else ALWAYS
        wishes.append(team.add(entry, level.respond_within))
    if (reference := _reference(item, entry, policy)) is not None:
        share = (reference - entry) * window.window_share
        wishes.append(entry + max(share, window.window_floor))
    return (entry, min(wishes)) if wishes else None


def accept_by(item: WorkItem, policy: WorkflowPolicy, assigned_at: datetime) -> datetime:
    """Until when an agent who gets the ticket at `assigned_at` has to accept it (semantics G8)."""
    span = level_accept(item, policy)
    left: timedelta | None = span[1] - assigned_at if span else None
    return assigned_at + policy.routing.assigning.acceptance.window(left)


def given_back_at(item: WorkItem, policy: WorkflowPolicy) -> datetime | None:
    """When the ticket is taken from an agent who says nothing; None when nobody is asked to.

    They were told when. It is sooner only when a clock presses more since.
    """
    if item.accept_by is None or item.assigned_at is None:
        return item.accept_by
    return min(item.accept_by, accept_by(item, policy, item.assigned_at))


def _reference(item: WorkItem, entry: datetime, policy: WorkflowPolicy) -> datetime | None:
    """The deadline the level serves (semantics X2); one that was past at entry is none."""
    deadlines = item.deadlines or _expected(item, policy)
    ahead = {metric: at for metric, at in deadlines.items() if at > entry}
    responses = [ahead[metric] for metric in _RESPONSES if metric in ahead]
    return min(responses) if responses else ahead.get(Metric.RESOLUTION.value)


def _expected(item: WorkItem, policy: WorkflowPolicy) -> dict[str, datetime]:
    """The first deadline of a ticket whose clocks we have not heard of yet: who gets it in the moment it
    comes is told the same as who gets it later.
    """
    if item.paused or item.opened is None or item.opened_at is None:
        return {}
    priority, customer = item.opened.priority, item.opened.customer
    budget = policy.sla.targets(priority, customer.tier).first_response
    metric = Metric.FIRST_RESPONSE
    hours = policy.calendar_of(metric, priority, customer.tier, customer.customer_id)
    calendar = policy.calendars[hours]
    return {Metric.FIRST_RESPONSE.value: calendar.add(item.opened_at, budget)}

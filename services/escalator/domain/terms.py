"""What a workflow promises a ticket, copied when a clock first needs it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec

from shared.contracts.vocabulary import Metric, PauseReason, Priority
from shared.policy import WorkflowPolicy


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the workflow promises one priority and customer tier, copied when a clock first needs it.

    So that a later workflow file changes new clocks only (semantics K6, F1). `thresholds` hold the
    overdue reminders, too; `pausing` says by metric which reasons pause it (Z1). Without a
    `periodic_update` nobody is owed one (K8). `contract` is the calendar of the customer's own,
    `calendars` those that single metrics count in whatever it says (C5). A courtesy is looked at within
    `courtesy_review` of `review_calendar`, the business hours (R2, C7).
    """

    priority: Priority
    tier: str
    policy_id: str
    digest: str
    first_response: timedelta
    next_response: timedelta
    resolution: timedelta
    calendar: str
    calendars: dict[Metric, str] = {}
    thresholds: tuple[int, ...]
    pausing: dict[Metric, tuple[PauseReason, ...]] = {}
    periodic_update: timedelta | None = None
    reprice: Literal["carry", "strictest", "restart"]
    reopen_window: timedelta
    reopen_floor: float
    contract: str | None = None
    courtesy_review: timedelta = timedelta(minutes=30)
    review_calendar: str = ""

    def calendar_of(self, metric: Metric) -> str:
        """The name of the calendar that clocks of `metric` count in."""
        return self.calendars.get(metric, self.calendar)


def terms_of(
    policy: WorkflowPolicy, priority: Priority, tier: str, contract: str | None = None
) -> Terms:
    """What `policy` promises that pair now. The customer's own `contract` comes before that of the tier,
    and both before the calendar of the priority; a calendar that a metric has of its own comes before all
    of them (semantics C5).
    """
    sla = policy.sla
    targets = sla.targets(priority, tier)
    hours = contract or policy.customers.calendar_of(None, tier)
    return Terms(
        priority=priority,
        tier=tier,
        policy_id=targets.policy_id,
        digest=policy.digest,
        first_response=targets.first_response,
        next_response=targets.next_response,
        resolution=targets.resolution,
        calendar=hours or sla.calendar_of(priority),
        calendars=sla.forced_calendars(targets),
        contract=contract,
        thresholds=sla.thresholds_of(targets),
        pausing={metric: found for metric in Metric if (found := _pausing(policy, metric))},
        periodic_update=targets.periodic_update,
        reprice=sla.reprice,
        reopen_window=sla.reopen_window,
        reopen_floor=sla.reopen_floor,
        courtesy_review=sla.courtesy_review,
        review_calendar=hours or policy.business_hours.name,
    )


def _pausing(policy: WorkflowPolicy, metric: Metric) -> tuple[PauseReason, ...]:
    return tuple(reason for reason in PauseReason if policy.sla.pauses(metric, reason))

"""What the auditor takes from a workflow: targets, thresholds, calendars, what pauses."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.contracts import TicketOpened
from shared.contracts.vocabulary import Metric, PauseReason, Priority
from shared.policy import WorkflowPolicy

from .calendars import Calendars
from .hours import Hours


class Rules:
    """One workflow, asked in milliseconds."""

    def __init__(self, policy: WorkflowPolicy, calendars: Calendars) -> None:
        self.policy = policy
        self._calendars = calendars
        sla = policy.sla
        self.thresholds = tuple(sorted({*sla.thresholds, 100, *sla.overdue}))
        self.grace = _ms(sla.grace)

    def contract(self, customer_id: str) -> str | None:
        """The calendar of that customer's own contract, if they have one."""
        return self.policy.customers.contracts.get(customer_id)

    def hours(self, metric: Metric, priority: Priority, tier: str, contract: str | None) -> Hours:
        """The open time that a promise counts in: that of its metric, the customer's contract, their tier,
        the priority, whichever there is first (semantics C5).
        """
        sla = self.policy.sla
        forced = {**sla.metric_calendars, **dict(sla.targets(priority, tier).calendars)}
        agreed = contract or self.policy.customers.calendars.get(tier.lower())
        return self._calendars.hours(forced.get(metric) or agreed or sla.calendars[priority])

    def thresholds_of(self, priority: Priority, tier: str) -> tuple[int, ...]:
        """The percents at which a clock speaks that starts for that pair now."""
        own = self.policy.sla.targets(priority, tier).thresholds
        return (
            self.thresholds if own is None else tuple(sorted({*own, 100, *self.policy.sla.overdue}))
        )

    def target(self, metric: Metric, priority: Priority, tier: str, first: int | None) -> int:
        """What is promised; `first`, a routing rule's own target, only tightens (semantics K10)."""
        targets = self.policy.sla.targets(priority, tier)
        if metric is Metric.RESOLUTION:
            return _ms(targets.resolution)
        if metric is Metric.NEXT_RESPONSE:
            return _ms(targets.next_response)
        promised = _ms(targets.first_response)
        return promised if first is None else min(promised, first)

    def routed(self, opened: TicketOpened, at: datetime) -> int | None:
        """The target of the routing rule that the ticket matched at its opening, if it has one."""
        facts = self.policy.opening_facts(opened, at)
        target = self.policy.routing.route(facts).sla_target
        return None if target is None else _ms(target)

    def pausing(self, metric: Metric) -> frozenset[PauseReason]:
        """What a clock of `metric` stands still for; answers never wait (semantics Z1)."""
        if metric is not Metric.RESOLUTION:
            return frozenset()
        return frozenset(r for r in PauseReason if self.policy.sla.pauses(metric, r))

    def review(self, tier: str, contract: str | None) -> tuple[Hours, int]:
        """The business hours in which somebody looks at a customer's thanks, and how long (R2, C7)."""
        agreed = contract or self.policy.customers.calendars.get(tier.lower())
        name = agreed or self.policy.business_hours.name
        return self._calendars.hours(name), _ms(self.policy.sla.courtesy_review)

    def tier(self, name: str | None) -> str:
        """The customer tier of that name, or the default one."""
        return self.policy.customers.tier_of(name)

    def after_reopening(self, budget: int, used: int) -> int:
        """What counts as used when a ticket comes back within its window (semantics R1)."""
        share = self.policy.sla.reopen_floor
        least = -(-timedelta(milliseconds=budget) * share // timedelta(milliseconds=1))
        return budget - max(budget - used, least)

    @property
    def window(self) -> int:
        """How long after it was solved a ticket comes back with its time."""
        return _ms(self.policy.sla.reopen_window)


def _ms(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)

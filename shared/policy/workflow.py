"""The workflow file as one frozen value: what every service is handed by its composition root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.calendar import Calendar
from shared.contracts import TicketOpened
from shared.contracts.vocabulary import Metric, Priority

from .escalation import EscalationPolicy
from .facts import BUSINESS_HOURS, opening_facts
from .levels import CustomerPolicy, Level
from .notification import NotificationPolicy
from .problems import Problem
from .routing import RoutingPolicy
from .sla import SlaPolicy
from .triage import TriagePolicy


@dataclass(frozen=True, slots=True)
class WorkflowPolicy:
    """What the business decides, validated.

    `digest` names the effective content, packaged defaults included (12 hex digits of a SHA-256);
    `tzdata` is the version of the time-zone rules the calendars were read under (semantics C1).
    `asked` are the calendars that conditions ask, by the fact's name (`business_hours.emea`).
    `warnings` are what a careful colleague would point at; they stop nothing.
    """

    digest: str
    tzdata: str
    company: str
    currency: str
    calendars: Mapping[str, Calendar]
    business_hours: Calendar
    asked: Mapping[str, Calendar]
    customers: CustomerPolicy
    levels: tuple[Level, ...]
    triage: TriagePolicy
    routing: RoutingPolicy
    sla: SlaPolicy
    escalation: EscalationPolicy
    notification: NotificationPolicy
    warnings: tuple[Problem, ...] = ()

    def level(self, name: str) -> Level:
        """The level called `name` or known by that alias. Raises KeyError for an unknown one."""
        for level in self.levels:
            if name == level.name or name in level.aliases:
                return level
        raise KeyError(name)

    def opening_facts(self, opened: TicketOpened, at: datetime) -> dict[str, object]:
        """The facts of a ticket at its opening; `at` is the event's engine time (semantics C7)."""
        customer = opened.customer
        hours = self.hours(at, customer_id=customer.customer_id, tier=customer.tier)
        return opening_facts(opened, hours=hours, currency=self.currency)

    def calendar_of(
        self, metric: Metric, priority: Priority, tier: str, customer_id: str | None = None
    ) -> str:
        """The name of the calendar that a promise counts in: the one forced on its metric, that of the
        customer's contract or tier, that of the priority (semantics C5).
        """
        forced = self.sla.forced_calendars(self.sla.targets(priority, tier)).get(metric)
        contract = self.customers.calendar_of(customer_id, tier)
        return forced or contract or self.sla.calendar_of(priority)

    def hours(
        self, at: datetime, *, customer_id: str | None = None, tier: str = ""
    ) -> dict[str, bool]:
        """What calendars say at `at`: `business_hours`, which are those of the customer's contract if it
        has any (semantics C7), and each one that a condition asks by name.
        """
        contract = self.customers.calendar_of(customer_id, tier)
        business = self.calendars[contract] if contract else self.business_hours
        return {
            BUSINESS_HOURS: business.is_open(at),
            **{name: calendar.is_open(at) for name, calendar in self.asked.items()},
        }

"""Intake's own metrics."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from services.intake.domain.delivery import Answer
from services.intake.domain.turns import Turn
from shared.contracts import TicketOpened, TicketRated, TicketReopened, TicketResolved
from shared.contracts.vocabulary import Priority
from shared.observability.buckets import SCORES, TARGET_SECONDS
from shared.observability.metrics import SIZES, Catalogue
from shared.policy import WorkflowPolicy


class IntakeMetrics:
    """What came in, what became of it, and how crowded the commits were."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.tickets_opened = catalogue.counter(
            "tickets_opened_total",
            "Tickets opened.",
            ["channel", "category", "priority", "tier"],
        )
        self.commands = catalogue.counter(
            "commands_total",
            "Commands by source and what became of them; a repeated delivery counts once.",
            ["source", "outcome"],
        )
        self.webhooks_rejected = catalogue.counter(
            "webhooks_rejected_total",
            "Webhooks not let in: unknown source; signature missing, malformed, wrong or too old; over the"
            " source's rate (quota) or its share of the slots (crowded).",
            ["source", "reason"],
        )
        self.clock_skew = catalogue.counter(
            "clock_skew_total",
            "Deliveries whose own time was not believed, by source (more than 24 h ago or 2 min ahead).",
            ["source"],
        )
        self.group_requests = catalogue.histogram(
            "commit_group_requests", "Requests that shared one commit.", buckets=SIZES
        )

        self.analysis_pending = catalogue.gauge(
            "analysis_pending", "Messages not yet read by the analyst, counted up to 10000."
        )
        self.analysis_seconds = catalogue.histogram(
            "analysis_seconds", "Duration of reading some messages, by step.", ["step"]
        )
        self.analysis_failures = catalogue.counter(
            "analysis_failures_total", "Messages that could not be read and were left as they are."
        )

        self.resolved = catalogue.counter(
            "tickets_resolved_total",
            "Tickets solved; first_contact: by the first answer, without an escalation. One that comes back and is"
            " solved again counts again.",
            ["category", "priority", "tier", "first_contact"],
        )
        self.reopened = catalogue.counter(
            "tickets_reopened_total",
            "Tickets that came back after they were solved.",
            ["category", "priority", "tier"],
        )
        self.resolution = catalogue.histogram(
            "resolution_seconds",
            "From a ticket's opening to its solution, as its customer waits: nights and pauses included.",
            ["priority", "tier"],
            buckets=TARGET_SECONDS,
        )
        self.rating = catalogue.histogram(
            "rating_score", "Ratings of customers, from 1 to 5.", ["tier"], buckets=SCORES
        )
        self.tickets_open = catalogue.gauge(
            "tickets_open",
            "The backlog: tickets that are not settled, by the class of their age since the opening.",
            ["status", "priority", "age"],
        )

    def begin(self, policy: WorkflowPolicy) -> None:
        """Show what has not happened yet as 0: a series that appears with its first event shows no increase."""
        triage, tiers = policy.triage, policy.customers.tiers
        for category, priority, tier in product(triage.categories, Priority, tiers):
            asked = {"category": category, "priority": priority, "tier": tier}
            for channel in triage.channels:
                self.tickets_opened.labels(channel=channel, **asked)
            for first_contact in ("yes", "no"):
                self.resolved.labels(**asked, first_contact=first_contact)
            self.reopened.labels(**asked)
        for priority, tier in product(Priority, tiers):
            self.resolution.labels(priority=priority, tier=tier)
        for tier in tiers:
            self.rating.labels(tier=tier)

    def answered(self, source: str, answer: Answer) -> None:
        """Count what became of a delivery."""
        if answer.repeated:
            self.commands.labels(source=source, outcome="repeated").inc()
            return
        for outcome in answer.outcomes:
            self.commands.labels(source=source, outcome=outcome.outcome).inc()

    def opened(self, tickets: Sequence[TicketOpened]) -> None:
        """Count tickets that were opened and committed."""
        for ticket in tickets:
            self.tickets_opened.labels(
                channel=ticket.channel,
                category=ticket.category,
                priority=ticket.priority,
                tier=ticket.customer.tier,
            ).inc()

    def turned(self, turns: Sequence[Turn]) -> None:
        """Count turns of tickets' lives."""
        for turn in turns:
            ticket = turn.ticket
            asked = {"priority": ticket.priority, "tier": ticket.customer_tier}
            match turn.fact.payload:
                case TicketResolved(first_contact=first_contact):
                    yes = "yes" if first_contact else "no"
                    self.resolved.labels(category=ticket.category, **asked, first_contact=yes).inc()
                    self.resolution.labels(**asked).observe(turn.age_seconds)
                case TicketReopened():
                    self.reopened.labels(category=ticket.category, **asked).inc()
                case TicketRated(score=score):
                    self.rating.labels(tier=ticket.customer_tier).observe(score)

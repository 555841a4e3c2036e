"""Intake's own metrics."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.domain.delivery import Answer
from shared.contracts import TicketOpened
from shared.observability.metrics import SIZES, Catalogue


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

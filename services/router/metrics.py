"""The router's own metrics."""

from __future__ import annotations

from services.router.domain.relaxing import STEPS
from shared.observability.metrics import SIZES, WAIT_SECONDS, Catalogue
from shared.policy import WorkflowPolicy


class RouterMetrics:
    """How the lines stand, how full the desks are, and how long tickets waited."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.queue_depth = catalogue.gauge(
            "queue_depth", "Tickets that wait in a queue for an agent.", ["queue"]
        )
        self.queue_oldest = catalogue.gauge(
            "queue_oldest_seconds", "How long the oldest ticket of a queue has waited.", ["queue"]
        )
        self.agent_utilisation = catalogue.gauge(
            "agent_utilisation", "Load over capacity of the agents of a team at work.", ["team"]
        )
        self.assignment_wait = catalogue.histogram(
            "assignment_wait_seconds",
            "From a ticket having nobody to its assignment by the dispatcher.",
            ["queue"],
            buckets=WAIT_SECONDS,
        )
        self.unroutable = catalogue.counter(
            "unroutable_total", "Tickets announced as unroutable, by queue.", ["queue"]
        )
        self.requests_refused = catalogue.counter(
            "assignment_requests_refused_total",
            "Assignments made in a ticket's channel, or taken from a page, that were not followed, by reason.",
            ["reason"],
        )
        self.dispatch_matches = catalogue.histogram(
            "dispatch_matches", "Tickets given out in one step of the dispatcher.", buckets=SIZES
        )
        self.acceptances_timed_out = catalogue.counter(
            "acceptances_timed_out_total",
            "Assignments that nobody accepted in time and that were taken back, by level.",
            ["level"],
        )
        self.relaxations = catalogue.counter(
            "relaxations_total",
            "Steps by which waiting tickets came to ask for less: preferred_skills, proficiency, other_teams.",
            ["step"],
        )
        self.agents = catalogue.gauge(
            "agents",
            "Agents by how they stand: online, busy, away, suspect, off_shift or offline.",
            ["standing"],
        )

    def begin(self, policy: WorkflowPolicy) -> None:
        """Show what has not happened yet as 0: a series that appears with its first event shows no increase."""
        for queue in policy.routing.queues:
            self.unroutable.labels(queue=queue)
            self.assignment_wait.labels(queue=queue)
        for level in policy.levels:
            self.acceptances_timed_out.labels(level=level.name)
        for step in STEPS:
            self.relaxations.labels(step=step)

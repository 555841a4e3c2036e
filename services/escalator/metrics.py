"""The escalator's own metrics."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from typing import Final

from services.escalator.domain.items import Said
from services.escalator.outcome_metrics import OutcomeMetrics
from shared.contracts import (
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    SlaBreached,
    SlaSuspiciousDowngrade,
    SlaWarning,
    SlaWithdrawn,
)
from shared.contracts.vocabulary import Metric, Priority
from shared.observability.metrics import WAIT_SECONDS, Catalogue
from shared.policy import WorkflowPolicy

#: Seconds: the goal is one; what a broker's outage costs stands at the end.
_LATENESS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)


class EscalatorMetrics:
    """What was promised, warned, broken and taken back; how late we said so; who was raised."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.target = catalogue.gauge(
            "sla_target_seconds",
            "The target of a cell of the SLA matrix.",
            ["policy", "metric", "priority"],
        )
        self.warnings = catalogue.counter(
            "sla_warnings_total", "Thresholds crossed, the breach apart.", ["metric", "threshold"]
        )
        self.breaches = catalogue.counter(
            "sla_breaches_total", "Deadlines passed.", ["metric", "priority", "tier"]
        )
        self.withdrawn = catalogue.counter(
            "sla_withdrawn_total", "Announcements that a late fact disproved.", ["metric"]
        )
        self.late_facts = catalogue.counter(
            "late_beyond_retention_total",
            "Facts that came more than seven days after their ticket closed, and changed nothing.",
        )
        self.pauses_refused = catalogue.counter(
            "sla_pauses_refused_total",
            "Tickets set to wait for a customer whom nobody had asked: their clocks ran on.",
        )
        self.downgrades = catalogue.counter(
            "sla_suspicious_downgrades_total",
            "Priorities that an agent lowered when three quarters of a promise were used.",
            ["metric"],
        )
        self.lateness = catalogue.histogram(
            "timer_lateness_seconds",
            "How much later than its instant a threshold was recorded.",
            ["metric"],
            buckets=_LATENESS,
        )
        self.timer_failures = catalogue.counter(
            "timer_failures_total", "Due cases that could not be worked on and were put off."
        )
        self.escalations = catalogue.counter(
            "escalations_total", "Escalations raised or advanced.", ["level", "reason"]
        )
        self.acknowledge = catalogue.histogram(
            "acknowledge_seconds",
            "From an escalation being raised to somebody taking responsibility.",
            ["level"],
            buckets=WAIT_SECONDS,
        )
        self.clocks_running = catalogue.gauge(
            "sla_clocks_running",
            "Promises whose time counts and whose deadline has not passed.",
            ["metric", "priority"],
        )
        self.clocks_overdue = catalogue.gauge(
            "sla_clocks_overdue",
            "Promises whose deadline has passed and that nobody has kept yet.",
            ["metric", "priority"],
        )
        self.escalations_open = catalogue.gauge(
            "escalations_open",
            "Escalations that are not over, by the level reached: open, or acknowledged by somebody.",
            ["level", "status"],
        )
        self.outcomes = OutcomeMetrics(catalogue)

    def promise(self, policy: WorkflowPolicy) -> None:
        """Show the targets in force, so that one alert rule serves every cell; and what has not happened as 0."""
        self.outcomes.begin(policy)
        for (priority, tier), metric in product(policy.sla.matrix, Metric):
            self.breaches.labels(metric=metric, priority=Priority(priority), tier=tier)
        for level, trigger in product(policy.levels, policy.escalation.triggers):
            self.escalations.labels(level=level.name, reason=trigger.name)
        for metric in Metric:
            self.withdrawn.labels(metric=metric)
            self.downgrades.labels(metric=metric)
        for level in policy.levels:
            self.acknowledge.labels(level=level.name)
        for (priority, tier), targets in policy.sla.matrix.items():
            for metric in (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.RESOLUTION):
                series = self.target.labels(
                    policy=f"{Priority(priority)}/{tier}", metric=metric, priority=priority
                )
                series.set(getattr(targets, metric).total_seconds())

    def count(self, said: Said, now: datetime) -> None:
        """Count one thing said."""
        match said.payload:
            case SlaWarning() as warning:
                percent = str(warning.threshold_percent)
                self.warnings.labels(metric=warning.metric, threshold=percent).inc()
            case SlaBreached() as breach:
                self.breaches.labels(
                    metric=breach.metric, priority=breach.priority, tier=breach.tier
                ).inc()
            case SlaWithdrawn() as withdrawn:
                self.withdrawn.labels(metric=withdrawn.metric).inc()
            case SlaSuspiciousDowngrade(metric=metric):
                self.downgrades.labels(metric=metric).inc()
            case EscalationRaised(level=level, reason=reason):
                self.escalations.labels(level=level, reason=reason).inc()
            case EscalationAdvanced(to_level=level, reason=reason):
                self.escalations.labels(level=level, reason=reason).inc()
            case EscalationAcknowledged() as acknowledged:
                seconds = acknowledged.after_seconds
                self.acknowledge.labels(level=acknowledged.level).observe(seconds)
        if said.step is not None and said.step.by_time:
            late = (now - said.time).total_seconds()
            self.lateness.labels(metric=said.step.metric).observe(max(0.0, late))

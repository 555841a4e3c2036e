"""The auditor's metrics: the last verdict, and whether there still is one."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.observability.metrics import Catalogue

from .report import Report

#: Kinds of findings, by the fields of the report.
WRONG: Final = ("missing", "doubled", "early", "false", "misdated", "unpaired")


class AuditorMetrics:
    """Gauges of the last pass; counters of passes. All about the window of `audit_window_seconds`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.due = catalogue.gauge("audit_due", "Warnings and breaches that fell due.")
        self.fired = catalogue.gauge("audit_fired", "Of those, the ones that were announced.")
        self.pending = catalogue.gauge(
            "audit_pending", "Due or to be withdrawn so recently that they may be on their way."
        )
        self.wrong = catalogue.gauge(
            "audit_findings",
            "What must be 0: missing, doubled, early, false, misdated, unpaired.",
            ["kind"],
        )
        self.withdrawn = catalogue.gauge("audit_withdrawn", "Announcements that were taken back.")
        self.unjudged = catalogue.gauge(
            "audit_unjudged", "Tickets whose facts, workflow or calendar are not at hand."
        )
        self.unopened = catalogue.gauge(
            "audit_unopened", "Accepted deliveries whose ticket is not on the topic."
        )
        self.lateness = catalogue.gauge(
            "audit_lateness_seconds",
            "From when a deadline could be known to when it was written: p50, p99, max.",
            ["quantile"],
        )
        self.window = catalogue.gauge("audit_window_seconds", "Length of the window judged.")
        self.passed_at = catalogue.gauge(
            "audit_pass_timestamp_seconds", "When the last pass ended, since 1970."
        )
        self.passes = catalogue.counter(
            "audit_passes_total", "Passes by outcome: clean, dirty, failed.", ["outcome"]
        )
        self.heartbeats = catalogue.counter(
            "audit_heartbeats_total", "Heartbeats by outcome: sent, refused.", ["outcome"]
        )

    def show(self, report: Report, now: datetime) -> None:
        """Show the verdict of a pass that ended `now`."""
        self.due.one.set(report.due)
        self.fired.one.set(report.fired)
        self.pending.one.set(report.pending)
        self.withdrawn.one.set(report.withdrawn)
        self.unjudged.one.set(report.unjudged)
        self.unopened.one.set(report.unopened or 0)
        self.window.one.set((report.until - report.since).total_seconds())
        self.passed_at.one.set(now.timestamp())
        for kind in WRONG:
            self.wrong.labels(kind=kind).set(len(getattr(report, kind)))
        for quantile in ("p50", "p99", "max"):
            self.lateness.labels(quantile=quantile).set(getattr(report.lateness, quantile))
        self.passes.labels(outcome="clean" if report.clean else "dirty").inc()

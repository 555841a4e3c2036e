"""The metric catalogue: every metric is declared once, with help and bounded labels.

A service builds one `Catalogue`; its own metric class and `RuntimeMetrics` declare into it.
`docs/metrics.md` is generated from the same declarations (`tierline docs metrics`).
Labels are bounded vocabulary only: never a ticket, a customer or an agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.metrics import MetricWrapperBase

# Else every counter and histogram has a second series that is in no catalogue.
disable_created_metrics()  # type: ignore[no-untyped-call]

M = TypeVar("M", bound=MetricWrapperBase)

PREFIX: Final = "tierline_"

#: Labels that could grow without bound, and are refused.
UNBOUNDED: Final = frozenset({"ticket_id", "customer_id", "agent_id", "event_id", "recipient_id"})

#: Seconds: from a fast statement to the longest wait a service allows itself.
SECONDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

#: Seconds that people wait: from at once to a working day.
WAIT_SECONDS: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 28800, 86400)

#: Sizes of batches.
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class Declared:
    """One metric as the documentation shows it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


class Catalogue:
    """Every metric of one service, in a registry of its own.

    All series carry the label `service`; `.labels(...)` of what is returned takes only the others.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self.declared: list[Declared] = []

    def counter(self, name: str, text: str, labels: Sequence[str] = ()) -> Series[Counter]:
        """A number that only grows. `name` ends in `_total`."""
        self._declare("counter", name, text, labels)
        made = Counter(PREFIX + name, text, ["service", *labels], registry=self.registry)
        return Series(made, self.service, labels)

    def gauge(self, name: str, text: str, labels: Sequence[str] = ()) -> Series[Gauge]:
        """A number that goes up and down."""
        self._declare("gauge", name, text, labels)
        made = Gauge(PREFIX + name, text, ["service", *labels], registry=self.registry)
        return Series(made, self.service, labels)

    def histogram(
        self,
        name: str,
        text: str,
        labels: Sequence[str] = (),
        *,
        buckets: Sequence[float] = SECONDS,
    ) -> Series[Histogram]:
        """A distribution; `buckets` are upper bounds in the unit of the name."""
        self._declare("histogram", name, text, labels)
        made = Histogram(
            PREFIX + name, text, ["service", *labels], registry=self.registry, buckets=buckets
        )
        return Series(made, self.service, labels)

    def _declare(self, kind: str, name: str, text: str, labels: Sequence[str]) -> None:
        if refused := UNBOUNDED.intersection(labels):
            raise ValueError(f"{name}: label {min(refused)} is not bounded")
        self.declared.append(Declared(PREFIX + name, kind, ("service", *labels), text))


class Series(Generic[M]):
    """A metric of one service. Without labels of its own, use `.one`; with labels, `.labels(...)`."""

    def __init__(self, metric: M, service: str, labels: Sequence[str]) -> None:
        self._metric = metric
        self._service = service
        self._known: dict[tuple[tuple[str, str], ...], M] = {}
        if not labels:
            self.one: M = metric.labels(service=service)

    def labels(self, **labels: str) -> M:
        """The one series with these labels."""
        named = tuple(labels.items())
        known = self._known.get(named)
        if known is None:
            known = self._known[named] = self._metric.labels(service=self._service, **labels)
        return known

    def clear(self) -> None:
        """Forget every series, before a gauge over open vocabulary is set anew."""
        self._known.clear()
        self._metric.clear()


class RuntimeMetrics:
    """What the shared runtime and the HTTP edge of every service report."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.events_consumed = catalogue.counter(
            "events_consumed_total", "Events handled, by type.", ["type"]
        )
        self.batch_events = catalogue.histogram(
            "batch_events", "Fresh events in a batch.", buckets=SIZES
        )
        self.batch_seconds = catalogue.histogram(
            "batch_seconds", "Duration of a batch, poll excluded, by outcome.", ["outcome"]
        )
        self.consumer_lag = catalogue.gauge(
            "consumer_lag_records", "High-water mark minus position.", ["topic", "partition"]
        )
        self.consumer_halted = catalogue.gauge(
            "consumer_halted", "1 while the consumer is halted by its dead-letter limit."
        )
        self.rebalances = catalogue.counter(
            "rebalances_total", "Times that partitions were taken away or given."
        )
        self.inbox_duplicates = catalogue.counter(
            "inbox_duplicates_total", "Events that came again and were dropped."
        )
        self.sequence_gaps = catalogue.counter(
            "sequence_gaps_total", "Events whose predecessor is missing.", ["topic"]
        )
        self.sequence_late = catalogue.counter(
            "sequence_late_total", "Unknown events behind an applied one.", ["topic"]
        )
        self.sequence_truncated = catalogue.counter(
            "sequence_truncated_total",
            "Keys first met above sequence 1: the topic's retention had passed.",
            ["topic"],
        )
        self.dead_letters = catalogue.gauge(
            "dead_letters", "Unreleased dead letters, by state (parked, stalled).", ["state"]
        )
        self.outbox_pending = catalogue.gauge("outbox_pending", "Events not yet published.")
        self.outbox_oldest = catalogue.gauge(
            "outbox_oldest_seconds", "Age of the oldest event not yet published."
        )
        self.relay_published = catalogue.counter(
            "relay_published_total", "Events acknowledged by the broker.", ["topic"]
        )
        self.relay_seconds = catalogue.histogram(
            "relay_publish_seconds", "From sending a batch of events to its last acknowledgement."
        )
        self.relay_failures = catalogue.counter(
            "relay_failures_total", "Relay steps that did not publish all they had.", ["reason"]
        )
        self.topics_unusable = catalogue.gauge(
            "topics_unusable",
            "Topics of this service that are missing, or have another number of partitions than stated.",
        )
        self.worker_seconds = catalogue.histogram(
            "worker_step_seconds", "Duration of one step of a worker.", ["worker"]
        )
        self.worker_failures = catalogue.counter(
            "worker_failures_total",
            "Steps of a worker that failed and were tried again.",
            ["worker"],
        )
        self.watermark_age = catalogue.gauge(
            "watermark_age_seconds", "Wall clock minus watermark of the owned partitions."
        )
        self.clock_offset = catalogue.gauge(
            "clock_offset_seconds", "Wall clock minus PostgreSQL's clock."
        )
        self.clock_held = catalogue.gauge(
            "clock_held", "1 while the clock guard holds what time causes."
        )
        self.event_loop_lag = catalogue.histogram(
            "event_loop_lag_seconds", "How late the event loop ran a scheduled call."
        )
        self.http_requests = catalogue.counter(
            "http_requests_total", "HTTP requests answered.", ["route", "status"]
        )
        self.http_seconds = catalogue.histogram(
            "http_seconds", "Duration of HTTP requests.", ["route"]
        )
        self.http_turned_away = catalogue.counter(
            "http_turned_away_total",
            "HTTP requests turned away before any route: too many at once (crowded), body too large, too"
            " many bytes in hand (memory), head too large or ambiguous.",
            ["reason"],
        )
        self.forgotten = catalogue.counter(
            "forgotten_total",
            "Rows removed because their time was over, by what they were.",
            ["what"],
        )
        self.db_pool_in_use = catalogue.gauge(
            "db_pool_in_use", "Database connections checked out of the pool."
        )
        self.db_pool_size = catalogue.gauge(
            "db_pool_size", "Database connections that the pool may have."
        )
        self.database_up = catalogue.gauge(
            "database_up", "1 while the database answered when it was last asked."
        )
        self.ready = catalogue.gauge(
            "ready", "1 while the service would answer /readyz with 200 when it last looked."
        )
        self.build_info = catalogue.gauge(
            "build_info", "1, labelled with the running version.", ["version"]
        )
        self.workflow_info = catalogue.gauge(
            "workflow_info", "1, labelled with the digest of the loaded workflow.", ["digest"]
        )

    def turned_away(self, reason: str) -> None:
        """Count a request that no route has seen."""
        self.http_turned_away.labels(reason=reason).inc()

"""What subscriptions report. Labels are words of ours: never an endpoint."""

from __future__ import annotations

from shared.observability.metrics import SECONDS, Catalogue


class SubscriptionMetrics:
    """Deliveries, attempts and endpoints."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.deliveries = catalogue.counter(
            "subscription_deliveries_total",
            "Deliveries to subscriptions that ended as sent or dead.",
            ["outcome"],
        )
        self.attempts = catalogue.counter(
            "subscription_attempts_total",
            "Attempts to deliver: sent, retry, client_error, unknown, lost, refused, gone.",
            ["outcome"],
        )
        self.seconds = catalogue.histogram(
            "subscription_attempt_seconds",
            "From the request to its answer, or to giving up on one.",
            buckets=SECONDS,
        )
        self.pending = catalogue.gauge(
            "subscription_deliveries_pending", "Deliveries that have not ended."
        )
        self.disabled = catalogue.gauge(
            "subscriptions_disabled", "Subscriptions that are told nothing."
        )

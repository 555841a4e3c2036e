"""What the notifier reports besides the runtime."""

from __future__ import annotations

from services.notifier.subscriptions.metrics import SubscriptionMetrics
from shared.observability.metrics import WAIT_SECONDS, Catalogue
from shared.policy.notification import CHANNELS


class NotifierMetrics:
    """Messages and attempts. Labels: channel, outcome and reason, all bounded."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.subscriptions = SubscriptionMetrics(catalogue)
        self.notifications = catalogue.counter(
            "notifications_total",
            "Notifications that ended as sent, failed or suppressed.",
            ["channel", "outcome"],
        )
        for channel in CHANNELS:
            self.notifications.labels(channel=channel, outcome="failed")  # from 0: seen to rise
        self.latency = catalogue.histogram(
            "notification_latency_seconds",
            "From planning a notification to its delivery.",
            ["channel"],
            buckets=WAIT_SECONDS,
        )
        self.delay = catalogue.histogram(
            "notification_delay_seconds",
            "From planning to delivery, of notifications that nothing asked to wait.",
            ["channel"],
            buckets=WAIT_SECONDS,
        )
        self.attempts = catalogue.counter(
            "notification_attempts_total",
            "Attempts to deliver, by outcome: sent, retry, unknown, dead.",
            ["channel", "outcome"],
        )
        self.suppressed = catalogue.counter(
            "notifications_suppressed_total",
            "Notifications deliberately not sent, by reason.",
            ["reason"],
        )
        self.notes = catalogue.counter(
            "notes_total", "Attempts to write a note on a ticket, by outcome.", ["outcome"]
        )
        self.ratings = catalogue.counter(
            "survey_ratings_total",
            "Attempts to bring a survey's rating to intake, by outcome.",
            ["outcome"],
        )
        self.answered = catalogue.counter(
            "notification_answers_total",
            "Answers of people, by what they answered and by what way it came.",
            ["answer", "via"],
        )
        self.held = catalogue.counter(
            "notifications_held_total",
            "Notifications that were made to wait, by why: bundle, digest, budget, quiet_hours.",
            ["hold"],
        )
        self.bundled = catalogue.counter(
            "notifications_bundled_total",
            "Notifications that left together with others, counted at each attempt.",
            ["channel"],
        )
        self.targets_open = catalogue.gauge(
            "notification_targets_open",
            "Targets that have failed so often that only a probe goes out now and then.",
            ["channel"],
        )
        self.pages_beside = catalogue.counter(
            "notification_pages_beside_total",
            "Pages that were not delivered in time and went over the fallback channel as well.",
        )

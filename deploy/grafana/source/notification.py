"""The board of notifications: who was told, how fast, and who was not."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from .board import made
from .panels import PER_HOUR, SECONDS, SHARE, Panel, bars, lines, number
from .promql import now, per_hour, share, total, within

_CHOSEN = 'channel=~"$channel"'
_ENDED = "tierline_notifications_total"


def board() -> Dashboard:
    """The board."""
    rows = {
        "Messages": _messages(),
        "Held, bundled, suppressed": _held(),
        "Answers and other ways": _others(),
    }
    return made(
        "notification",
        "Notification",
        "Messages to people and to other systems.",
        rows,
        [("channel", "tierline_notification_attempts_total")],
    )


def _messages() -> list[Panel]:
    given_up = f'{_CHOSEN},outcome="failed"'
    tried = f'{_CHOSEN},outcome=~"sent|failed"'
    latency, delay = "tierline_notification_latency_seconds", "tierline_notification_delay_seconds"
    return [
        number("Sent", total(_ENDED, "", f'{_CHOSEN},outcome="sent"'), "Messages delivered in the period."),
        number(
            "Given up",
            total(_ENDED, "", given_up),
            "Messages that were given up after all attempts, or for a reason that no attempt will change.",
            bad=1,
            alert="NotificationsGivenUp",
        ),
        number(
            "Delivered",
            share(total(_ENDED, "", f'{_CHOSEN},outcome="sent"'), total(_ENDED, "", tried)),
            "Of the messages that were to be sent, those that were. The objective is 99 %.",
            unit=SHARE,
            good=0.99,
            alert="NotificationBudgetBurnsFast",
        ),
        number(
            "Receivers given up for now",
            now("tierline_notification_targets_open", "channel", "", _CHOSEN),
            "Targets that failed so often that only a probe goes out now and then; their messages wait.",
            bad=1,
            alert="NotificationTargetOpen",
            empty="no receiver was given up",
        ),
        number(
            "Delivered within",
            within(0.95, delay, "", _CHOSEN),
            "19 of 20 messages that nothing asked to wait arrived within this time, in seconds from being planned.",
            unit=SECONDS,
        ),
        lines(
            "Messages, by channel and outcome",
            [(per_hour(_ENDED, "channel, outcome", _CHOSEN), "{{channel}}: {{outcome}}")],
            "Messages that ended as sent, failed or suppressed, an hour.",
            unit=PER_HOUR,
            stacked=True,
        ),
        lines(
            "From plan to delivery",
            [
                (within(0.5, latency, "channel", _CHOSEN, over="15m"), "{{channel}}, half"),
                (within(0.95, latency, "channel", _CHOSEN, over="15m"), "{{channel}}, 19 of 20"),
            ],
            "Seconds, of the last quarter of an hour; what was asked to wait (night, digest) is in it.",
            unit=SECONDS,
        ),
        lines(
            "Attempts",
            [(per_hour("tierline_notification_attempts_total", "outcome", _CHOSEN), "{{outcome}}")],
            "Attempts to deliver, an hour: sent, to be tried again, of unknown end, or dead.",
            unit=PER_HOUR,
            stacked=True,
        ),
    ]  # fmt: skip


def _held() -> list[Panel]:
    return [
        bars(
            "Not sent on purpose",
            total("tierline_notifications_suppressed_total", "reason"),
            "{{reason}}",
            "Messages that were deliberately not sent, by reason: said before, overtaken, muted, at night, in a digest.",
            empty="every message was sent",
        ),
        bars(
            "Made to wait",
            total("tierline_notifications_held_total", "hold"),
            "{{hold}}",
            "Messages that waited to leave together, in a digest, for the next hour's budget or for the morning.",
            empty="no message had to wait",
        ),
        lines(
            "Left together",
            [(per_hour("tierline_notifications_bundled_total", "channel", _CHOSEN), "{{channel}}")],
            "Messages that left in one with others, an hour: noise that people were spared.",
            unit=PER_HOUR,
            empty="no messages were bundled",
        ),
    ]


def _others() -> list[Panel]:
    deliveries = "tierline_subscription_deliveries_total"
    return [
        bars(
            "Answers of people",
            total("tierline_notification_answers_total", "answer, via"),
            "{{answer}}, by {{via}}",
            "What people answered to a page, and by what way.",
            empty="nobody has answered by a message",
        ),
        bars(
            "Notes on tickets",
            total("tierline_notes_total", "outcome"),
            "{{outcome}}",
            "Attempts to write a note on the ticket in its own channel.",
            empty="no channel takes notes",
        ),
        bars(
            "Ratings from surveys",
            total("tierline_survey_ratings_total", "outcome"),
            "{{outcome}}",
            "Attempts to bring a rating that a customer gave in a survey to intake.",
            empty="no survey was answered",
        ),
        number(
            "Pages over a second way",
            total("tierline_notification_pages_beside_total"),
            "Pages that were not delivered in time and went over the fallback channel as well.",
        ),
        number(
            "Subscriptions without delivery",
            now("tierline_subscriptions_disabled", ""),
            "Subscriptions of other systems that are told nothing.",
            bad=1,
            alert="SubscriptionDisabled",
        ),
        number(
            "Waiting for subscribers",
            now("tierline_subscription_deliveries_pending", ""),
            "Deliveries to other systems that have not ended.",
        ),
        lines(
            "Deliveries to subscribers",
            [(per_hour(deliveries, "outcome"), "{{outcome}}")],
            "Deliveries to other systems that ended as sent or dead, an hour.",
            unit=PER_HOUR,
            empty="no other system has subscribed",
        ),
    ]

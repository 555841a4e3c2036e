"""The senders: channel → how to build it from its settings. The only registry of channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.http.egress import Egress

from .apprise import AppriseSender, installed
from .base import Sender
from .email import EmailSender
from .feed import FeedSender, Shelf
from .log import LogSender
from .pagerduty import PagerDutySender
from .settings import SenderSettings
from .slack import SlackSender
from .sms import Allowance, SmsSender
from .teams import TeamsSender
from .webhook import WebhookSender


@dataclass(frozen=True, slots=True)
class Means:
    """What senders work with besides their settings: the one door out, what bounds the texts of a day, where
    feeds are kept, and where the provider of texts tells what became of them, if it can reach us.
    """

    egress: Egress
    texts: Allowance
    feeds: Shelf
    status_url: str | None = None


#: In order of preference for a recipient who has several and a rule that names none.
SENDERS: Final[Mapping[str, Callable[[SenderSettings, Means], Sender | None]]] = {
    "email": lambda has, _: EmailSender(has.smtp) if has.smtp else None,
    "slack": lambda has, by: SlackSender(has.slack, by.egress) if has.slack else None,
    "teams": lambda has, by: TeamsSender(has.teams, by.egress) if has.teams else None,
    "webhook": lambda has, by: WebhookSender(has.webhook, by.egress) if has.webhook else None,
    "pagerduty": lambda has, by: (
        PagerDutySender(has.pagerduty, by.egress) if has.pagerduty else None
    ),
    "sms": lambda has, by: (
        SmsSender(has.sms, by.egress, by.texts, status_url=by.status_url) if has.sms else None
    ),
    "apprise": lambda has, _: AppriseSender(has.apprise, installed()) if has.apprise else None,
    "feed": lambda has, by: FeedSender(by.feeds) if has.feed else None,
    "log": lambda has, _: LogSender() if has.log else None,
}


def build_senders(settings: SenderSettings, means: Means) -> dict[str, Sender]:
    """The senders that have settings, by channel. Raises ConfigurationError for a missing library."""
    built = {channel: build(settings, means) for channel, build in SENDERS.items()}
    return {channel: sender for channel, sender in built.items() if sender is not None}

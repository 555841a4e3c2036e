"""The senders: channel → how to build it from its settings. The only registry of channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from shared.http.egress import Egress

from .base import Sender
from .email import EmailSender
from .log import LogSender
from .settings import SenderSettings
from .webhook import WebhookSender

#: In order of preference for a recipient who has several and a rule that names none.
SENDERS: Final[Mapping[str, Callable[[SenderSettings, Egress], Sender | None]]] = {
    "email": lambda settings, _: EmailSender(settings.smtp) if settings.smtp else None,
    "webhook": lambda settings, egress: (
        WebhookSender(settings.webhook, egress) if settings.webhook else None
    ),
    "log": lambda settings, _: LogSender() if settings.log else None,
}


def build_senders(settings: SenderSettings, egress: Egress) -> dict[str, Sender]:
    """The senders that have settings, by channel."""
    built = {channel: build(settings, egress) for channel, build in SENDERS.items()}
    return {channel: sender for channel, sender in built.items() if sender is not None}

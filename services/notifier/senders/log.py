"""The development sink: a message becomes one log line with its ids, and nothing of its words."""

from __future__ import annotations

import logging

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message

log = logging.getLogger(__name__)


class LogSender:
    """Writes a line instead of sending."""

    channel = "log"
    recognises_repeats = False

    async def send(self, message: Message) -> Result:
        """Write the line. Always sent."""
        log.info(
            "Told %s as %s of %s with template %s%s",
            message.recipient_id,
            message.role,
            message.fact,
            message.template,
            " (possible repeat)" if message.possible_repeat else "",
            extra={
                "action": "notification_logged",
                "ticket_id": message.ticket_id,
                "notification_id": message.notification_id,
                "recipient_id": message.recipient_id,
                "channel": self.channel,
            },
        )
        return Result(Outcome.SENT, "logged")

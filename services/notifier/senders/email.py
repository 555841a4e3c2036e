"""Mail over SMTP: one Message-ID over all tries, and no header that anybody else wrote (security 8)."""

from __future__ import annotations

import asyncio
import contextlib
import email.policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message
from services.notifier.domain.receipt import is_receipt

from .addresses import AddressError, mailbox, parse_mailbox
from .settings import SmtpSettings

#: Seven-bit transfer, so that no relay has to support more.
_POLICY: Final = email.policy.SMTP.clone(cte_type="7bit")

#: A polite goodbye is not worth more; what was accepted stays accepted.
_GOODBYE_SECONDS: Final = 1.0

#: What can go wrong with a connection.
_CONNECTION_ERRORS: Final = (SMTPException, OSError, TimeoutError)


class EmailSender:
    """Hands mails to one relay, each over its own connection."""

    channel = "email"
    recognises_repeats = True

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._sender = parse_mailbox(settings.sender)

    async def send(self, message: Message) -> Result:
        """Hand `message` to the relay.

        A relay that goes silent once the text has begun to flow leaves the outcome unknown; before
        that, nothing was sent.
        """
        try:
            mail = self.compose(message)
        except (AddressError, ValueError) as error:
            return Result(Outcome.DEAD, f"no mail can be made of it: {type(error).__name__}")
        client = self._client()
        try:
            try:
                await client.connect()
                await client.mail(self._sender.addr_spec)
                await client.rcpt(message.address)
            except _CONNECTION_ERRORS as error:
                return _before_the_text(error)
            return await _hand_over(client, mail.as_bytes())
        finally:
            client.close()

    def compose(self, message: Message) -> EmailMessage:
        """The mail. Raises AddressError for an address we do not send to."""
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = self._sender
        mail["To"] = mailbox(message.name, message.address)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(message.sent_at)
        mail["Message-ID"] = f"<{message.notification_id}@{self._sender.domain}>"
        is_reply = is_receipt(message.fact, message.role)  # RFC 3834, so that loops end (D5)
        mail["Auto-Submitted"] = "auto-replied" if is_reply else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(message.body + "\n")
        return mail

    def _client(self) -> SMTP:
        settings = self._settings
        password = settings.password.get_secret_value() if settings.password else None
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=password,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            cert_bundle=str(settings.ca_file) if settings.ca_file else None,
            local_hostname=self._sender.domain,
            timeout=settings.timeout_seconds,
        )


async def _hand_over(client: SMTP, text: bytes) -> Result:
    """Send the text; from here on silence means that nobody knows."""
    try:
        answer = await client.data(text)
    except SMTPDataError as error:
        return Result(Outcome.RETRY if error.code < 500 else Outcome.DEAD, f"smtp {error.code}")
    except _CONNECTION_ERRORS as error:
        return Result(Outcome.UNKNOWN, f"no answer to the text: {type(error).__name__}")
    with contextlib.suppress(*_CONNECTION_ERRORS):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await client.quit()
    return Result(Outcome.SENT, f"smtp {answer.code}")


def _before_the_text(error: Exception) -> Result:
    """A refused address is final; everything else (login, relay, network) may be put right."""
    if isinstance(error, SMTPRecipientRefused) and error.code >= 500:
        return Result(Outcome.DEAD, f"smtp {error.code}: the address is refused")
    if isinstance(error, SMTPResponseException):
        return Result(Outcome.RETRY, f"smtp {error.code}: {type(error).__name__}")
    return Result(Outcome.RETRY, f"relay not reached: {type(error).__name__}")

"""Mail over SMTP: one Message-ID over all tries, and no header that anybody else wrote (security 8)."""

from __future__ import annotations

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
from .headers import MAIL_POLICY
from .mail_html import html_of
from .relay import Relay
from .settings import SmtpSettings

#: What can go wrong with a connection.
_CONNECTION_ERRORS: Final = (SMTPException, OSError, TimeoutError)

#: A relay that is about to close says so in place of an answer (RFC 5321, 3.8).
_CLOSING: Final = 421


class EmailSender:
    """Hands mails to one relay, over connections that are used again."""

    channel = "email"
    recognises_repeats = True

    def __init__(self, settings: SmtpSettings) -> None:
        self._sender = parse_mailbox(settings.sender)
        self._relay = Relay(settings, hostname=self._sender.domain)

    async def send(self, message: Message) -> Result:
        """Hand `message` to the relay.

        A relay that goes silent once the text has begun to flow leaves the outcome unknown; before
        that, nothing was sent, and an idle connection that turns out to be gone is replaced by a new one.
        """
        try:
            text = self.compose(message).as_bytes()
        except (AddressError, ValueError) as error:
            return Result(Outcome.DEAD, f"no mail can be made of it: {type(error).__name__}")
        if (idle := self._relay.idle()) is not None:
            result = await self._over(idle, message.address, text, again=True)
            if result is not None:
                return result
        try:
            client = await self._relay.connect()
        except _CONNECTION_ERRORS as error:
            return _before_the_text(error)
        result = await self._over(client, message.address, text)
        assert result is not None
        return result

    async def close(self) -> None:
        """End the connections that are idle."""
        self._relay.close_all()

    def compose(self, message: Message) -> EmailMessage:
        """The mail: text and HTML. Raises AddressError for an address we do not send to.

        Mails about one ticket answer a mail that never was, the same one for all, so that mail readers show
        them as one conversation, and an answer to any of them leads intake to the ticket.
        """
        domain = self._sender.domain
        mail = EmailMessage(policy=MAIL_POLICY)
        mail["From"] = self._sender
        mail["To"] = mailbox(message.name, message.address)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(message.sent_at)
        mail["Message-ID"] = f"<{_local_part(message)}@{domain}>"
        if not message.lines:
            mail["In-Reply-To"] = mail["References"] = f"<ticket.{message.ticket_id.hex}@{domain}>"
        is_reply = is_receipt(message.fact, message.role)  # RFC 3834, so that loops end (D5)
        mail["Auto-Submitted"] = "auto-replied" if is_reply else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        if message.stop_link and message.stop_link.startswith("https://"):  # RFC 8058 has no other
            mail["List-Unsubscribe"] = f"<{message.stop_link}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(message.body + "\n")
        mail.add_alternative(html_of(message), subtype="html")
        mail.set_boundary(f"=_{message.notification_id.hex}")
        return mail

    async def _over(
        self, client: SMTP, address: str, text: bytes, *, again: bool = False
    ) -> Result | None:
        """Hand it over; None when a connection used `again` was found gone, and nothing was sent."""
        taken = False
        try:
            try:
                await client.mail(self._sender.addr_spec)
                await client.rcpt(address)
            except _CONNECTION_ERRORS as error:
                return None if again and _is_gone(error) else _before_the_text(error)
            result = await _hand_over(client, text)
            taken = result.outcome is Outcome.SENT
            return result
        finally:
            (self._relay.keep if taken else self._relay.close)(client)


async def _hand_over(client: SMTP, text: bytes) -> Result:
    """Send the text; from here on silence means that nobody knows."""
    try:
        answer = await client.data(text)
    except SMTPDataError as error:
        return Result(Outcome.RETRY if error.code < 500 else Outcome.DEAD, f"smtp {error.code}")
    except _CONNECTION_ERRORS as error:
        return Result(Outcome.UNKNOWN, f"no answer to the text: {type(error).__name__}")
    return Result(Outcome.SENT, f"smtp {answer.code}")


def _local_part(message: Message) -> str:
    """What the mail is called before the domain. Intake knows by it that a number answers a survey."""
    mark = "survey." if message.survey_link else ""
    return f"{mark}{message.notification_id}"


def _is_gone(error: Exception) -> bool:
    """No answer, or that there will be none."""
    return not isinstance(error, SMTPResponseException) or error.code == _CLOSING


def _before_the_text(error: Exception) -> Result:
    """A refused address is final; everything else (login, relay, network) may be put right."""
    if isinstance(error, SMTPRecipientRefused) and error.code >= 500:
        return Result(Outcome.DEAD, f"smtp {error.code}: the address is refused")
    if isinstance(error, SMTPResponseException):
        says = f"smtp {error.code}: {type(error).__name__}"
        of_relay = not isinstance(error, SMTPRecipientRefused)
        return Result(Outcome.RETRY, says, of_target=of_relay)
    return Result(Outcome.RETRY, f"relay not reached: {type(error).__name__}")

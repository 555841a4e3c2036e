"""Mail, against a relay that speaks SMTP and a parser that is not the one that wrote it."""

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.delivery import Outcome
from services.notifier.domain.message import Message
from services.notifier.senders.email import EmailSender
from services.notifier.senders.settings import SmtpSettings
from tests.support.messages import a_message
from tests.support.sinks import MailSink, Mood, a_mail_relay

HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Type",
    "MIME-Version",
}

#: What a customer might write to have our relay send mail of theirs.
HOSTILE = [
    "Refund\r\nBcc: victim@example.com",
    "Refund\nX-Injected: yes",
    "=?utf-8?q?a=0d=0aBcc:victim=40example.com?=",
    "hi =?utf-8?b?DQpCY2M6IHZpY3RpbUBleGFtcGxlLmNvbQ==?= there",
    "=?utf-8?q?=0A?=",
    "a\u2028Bcc: victim@example.com\u2029b\x85c",
    "\x00\x1b[31mred\x07",
    "\u202egnp.exe\u200b\ufeff",
    "long " * 200,
    "ünïcödé 🎫 " * 30,
    "{{ 7 * 7 }} {% raw %}",
]


def a_sender(sink: MailSink, **changes: Any) -> EmailSender:
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": sink.port,
        "security": "none",
        "sender": "Acme Support <support@acme.example>",
        "timeout_seconds": 2.0,
    }
    return EmailSender(SmtpSettings(**given | changes))


def parsed(raw: bytes) -> EmailMessage:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def body_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    text = part.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


async def test_D5_an_acknowledgement_says_that_a_machine_replied() -> None:
    message = replace(a_message(), fact="ticket.opened", role="customer")

    async with a_mail_relay() as relay:
        await a_sender(relay).send(message)

    assert "auto-replied" == parsed(relay.mails[0])["Auto-Submitted"]


async def test_the_relay_gets_one_plain_mail_that_says_it_was_written_by_a_machine() -> None:
    message = a_message(subject="#A1 needs you", body="Line one.\nLine two: é.")

    async with a_mail_relay() as relay:
        result = await a_sender(relay).send(message)

    mail = parsed(relay.mails[0])
    assert Outcome.SENT == result.outcome
    assert [("support@acme.example", ["ana@acme.example"])] == relay.envelopes
    assert "#A1 needs you" == mail["Subject"]
    assert "Ana <ana@acme.example>" == mail["To"]
    assert "auto-generated" == mail["Auto-Submitted"]
    assert "All" == mail["X-Auto-Response-Suppress"]
    assert "Line one.\nLine two: é.\n" == body_of(mail, "plain")
    assert f"<{message.notification_id}@acme.example>" == mail["Message-ID"]


async def test_D2_every_attempt_has_the_same_message_id() -> None:
    async with a_mail_relay(Mood.DROPS_AFTER_THE_TEXT) as relay:
        await a_sender(relay).send(a_message())
        await a_sender(relay).send(a_message())

    first, second = (parsed(raw)["Message-ID"] for raw in relay.mails)
    assert first == second


@pytest.mark.parametrize(
    ("mood", "expected"),
    [
        (Mood.BUSY_AT_THE_ADDRESS, Outcome.RETRY),
        (Mood.REFUSES_THE_ADDRESS, Outcome.DEAD),
        (Mood.BUSY_AFTER_THE_TEXT, Outcome.RETRY),
        (Mood.REFUSES_THE_TEXT, Outcome.DEAD),
        (Mood.DROPS_AFTER_THE_TEXT, Outcome.UNKNOWN),
    ],
)
async def test_what_a_relay_says_decides_the_outcome(mood: Mood, expected: Outcome) -> None:
    async with a_mail_relay(mood) as relay:
        result = await a_sender(relay).send(a_message())

    assert expected == result.outcome


async def test_a_relay_that_goes_silent_after_the_text_leaves_the_outcome_unknown() -> None:
    async with a_mail_relay(Mood.SILENT_AFTER_THE_TEXT) as relay:
        result = await a_sender(relay, timeout_seconds=1.0).send(a_message())

    assert Outcome.UNKNOWN == result.outcome


async def test_a_relay_that_is_not_there_is_tried_again() -> None:
    async with a_mail_relay() as relay:
        pass

    result = await a_sender(relay).send(a_message())

    assert Outcome.RETRY == result.outcome


async def test_a_relay_without_tls_gets_nothing_when_tls_is_asked_for() -> None:
    async with a_mail_relay() as relay:
        result = await a_sender(relay, security="starttls").send(a_message())

    assert (Outcome.RETRY, []) == (result.outcome, relay.mails)


async def test_a_connection_carries_one_mail_after_the_other() -> None:
    async with a_mail_relay() as relay:
        sender = a_sender(relay)
        outcomes = [(await sender.send(a_message())).outcome for _ in range(3)]
        await sender.close()

    assert ([Outcome.SENT] * 3, 1) == (outcomes, len(relay.connections))


async def test_a_connection_that_is_gone_is_replaced_and_nothing_is_lost() -> None:
    async with a_mail_relay() as relay:
        sender = a_sender(relay)
        await sender.send(a_message())
        relay.hang_up()
        result = await sender.send(a_message())
        await sender.close()

    assert (Outcome.SENT, 2, 2) == (result.outcome, len(relay.mails), len(relay.connections))


async def test_a_connection_that_was_refused_something_is_not_used_again() -> None:
    async with a_mail_relay(Mood.REFUSES_THE_ADDRESS) as relay:
        sender = a_sender(relay)
        outcomes = [(await sender.send(a_message())).outcome for _ in range(2)]
        await sender.close()

    assert ([Outcome.DEAD, Outcome.SENT], 2) == (outcomes, len(relay.connections))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b.example\r\nRCPT TO:<victim@example.com>",
        "a@b.example, c@d.example",
        "=?utf-8?q?a=0d=0aBcc:x?= <a@b.example>",
        "a..b@c.example",
    ],
)
async def test_an_address_that_is_not_one_plain_address_is_dead(address: str) -> None:
    async with a_mail_relay() as relay:
        result = await a_sender(relay).send(a_message(address=address))

    assert (Outcome.DEAD, []) == (result.outcome, relay.envelopes)


@pytest.mark.parametrize("text", HOSTILE)
async def test_S25_nothing_a_customer_writes_becomes_a_header(text: str) -> None:
    async with a_mail_relay() as relay:
        result = await a_sender(relay).send(a_message(subject_line=text, name=text))

    mail = parsed(relay.mails[0])
    assert Outcome.SENT == result.outcome
    assert HEADERS == set(mail.keys())
    assert len(mail.keys()) == len(HEADERS)
    assert [("support@acme.example", ["ana@acme.example"])] == relay.envelopes


@given(subject=st.text(max_size=300), name=st.text(max_size=100), body=st.text(max_size=500))
@settings(max_examples=200, deadline=None)
def test_S25_no_text_at_all_adds_a_header_or_stops_the_sender(
    subject: str, name: str, body: str
) -> None:
    sender = EmailSender(SmtpSettings(host="relay.test", sender="Acme <support@acme.example>"))
    message: Message = a_message(subject_line=subject, name=name, category=body)

    mail = parsed(sender.compose(message).as_bytes())

    assert HEADERS == set(mail.keys())
    assert len(mail.keys()) == len(HEADERS)
    assert UUID(mail["Message-ID"][1:37]) == message.notification_id

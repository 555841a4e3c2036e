"""Every template in every language as the mail it becomes, letter by letter, and what hostile words make of it.

The files in `golden/mails` are the text as it leaves; `python -m tests.unit.notifier.test_mail_words` writes them
anew from the code, for a person to read before they are committed.
"""

import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.message import Message as OldMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from services.intake.mail.conversation import answered, ticket_reference
from services.intake.mail.headers import MailHeaders
from services.notifier.domain.message import Message
from services.notifier.domain.phrases import LANGUAGES
from services.notifier.domain.templates import Templates, clean_line
from services.notifier.domain.ticket import reference_of
from services.notifier.previewing import TICKET, example, is_for_customers
from services.notifier.senders.email import EmailSender
from services.notifier.senders.mail_html import html_of
from services.notifier.senders.settings import SmtpSettings
from shared.policy import load_workflow

GOLDEN: Final = Path(__file__).parent / "golden" / "mails"
NOW: Final = datetime(2026, 6, 1, 8, 0, 5, tzinfo=UTC)
POLICY: Final = load_workflow(None)
TEMPLATES: Final = Templates(POLICY.notification.templates)
SENDER: Final = EmailSender(
    SmtpSettings(host="relay.test", sender="Acme Support <support@acme.example>")
)
CASES: Final = [
    (name, language) for name in TEMPLATES.names for language in TEMPLATES.languages(name)
]

#: What a customer might write, or be called.
HOSTILE: Final = [
    "Refund\r\nBcc: victim@example.com\r\n\r\n<h1>Our bank account has changed</h1>",
    "=?utf-8?q?a=0d=0aBcc:victim=40example.com?=",
    "\u202egnp.exe\u200b\ufeff\u2066evil\u2069",
    "x" * 10_000,
    "<script>alert(1)</script><img src=https://evil.example/t.gif onerror=x><!-- ",
    '"><a href="https://evil.example">I take it</a>',
    "javascript:alert(1) https://evil.example/a/b",
    "<!channel> *bold* [click](https://evil.example) `x` | ~",
    "{{ 7 * 7 }} {% for x in y %} {{ ''.__class__.__mro__ }} ${7*7} #{7*7}",
    "שלום עולם مرحبا 🎫 漢字",
    "[#00000000] Re: #deadbeef",
    "--=_boundary--\n--boundary--",
]


def a_message(template: str, language: str, *, subject: str | None = None) -> Message:
    said = {} if subject is None else {"subject_line": subject, "name": subject[:300]}
    fields = {} if subject is None else {"summary": subject, "category": subject}
    return example(
        template,
        POLICY,
        TEMPLATES,
        now=NOW,
        language=language,
        zone=ZoneInfo("Europe/Berlin"),
        fields=fields,
        **said,
    )


def as_text(message: Message) -> str:
    """The mail as a person would check it: subject and text."""
    return f"Subject: {message.subject}\n\n{message.body}\n"


def raw(message: Message) -> bytes:
    return SENDER.compose(message).as_bytes()


def read(message: Message) -> EmailMessage:
    """The mail as the parser of a mail program reads it, another one than wrote it."""
    mail = email.message_from_bytes(raw(message), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def read_as_of_old(message: Message) -> OldMessage:
    """The same by the parser of twenty years ago, which knows nothing of policies."""
    return email.message_from_bytes(raw(message), policy=email.policy.compat32)


class Seen(HTMLParser):
    """What an HTML reader makes of a mail: tags, where links lead, what is to be read."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(("template", "language"), CASES)
def test_every_template_says_in_every_language_what_was_agreed(
    template: str, language: str
) -> None:
    expected = (GOLDEN / f"{template}.{language}.txt").read_text("utf-8")

    assert expected == as_text(a_message(template, language))


def test_every_word_for_customers_is_there_in_every_language() -> None:
    for template in TEMPLATES.names:
        if is_for_customers(template, POLICY):
            assert set(LANGUAGES) == set(TEMPLATES.languages(template))


@pytest.mark.parametrize(("template", "language"), CASES)
def test_the_html_says_what_the_text_says(template: str, language: str) -> None:
    message = a_message(template, language)
    shown = " ".join(Seen(html_of(message)).text.split())

    for word in message.body.replace(" · ", " ").replace("- #", "#").split():
        if "https://" not in word:
            assert word.strip(":") in shown


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("template", ["handoff", "received", "digest"])
def test_S24_the_mail_of_a_hostile_subject_is_what_we_wrote(template: str, text: str) -> None:
    message = a_message(template, "en", subject=text)
    wire = raw(message)
    modern, old = read(message), read_as_of_old(message)

    assert wire.isascii()
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    assert b"\n" not in wire.replace(b"\r\n", b"")
    assert list(modern.keys()) == list(SENDER.compose(a_message(template, "en")).keys())
    assert modern["Subject"] == message.subject
    assert str(make_header(decode_header(old["Subject"]))) == message.subject
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in modern.iter_parts()]
    assert not list(_defects(modern))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("template", ["handoff", "received", "digest"])
def test_S24_no_word_of_a_customer_becomes_markup_or_a_link(template: str, text: str) -> None:
    benign, hostile = a_message(template, "en"), a_message(template, "en", subject=text)
    expected, seen = Seen(html_of(benign)), Seen(html_of(hostile))

    assert seen.tags <= expected.tags
    assert seen.attributes <= expected.attributes
    assert set(seen.links) <= set(expected.links)


def test_what_a_customer_wrote_is_there_to_be_read() -> None:
    text = "<script>alert(1)</script> {{ 7 * 7 }}"

    assert text in Seen(html_of(a_message("handoff", "en", subject=text))).text


@pytest.mark.parametrize(("template", "language"), CASES)
def test_a_mail_fetches_nothing_and_runs_nothing(template: str, language: str) -> None:
    html = html_of(a_message(template, language))
    seen = Seen(html)

    assert not seen.tags & {"img", "script", "link", "iframe", "form", "object", "video", "audio"}
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert "url(" not in html
    assert "@import" not in html
    assert all(link.startswith("https://") for link in seen.links)


def test_a_link_that_goes_on_behind_ours_is_not_ours() -> None:
    message = a_message("handoff", "en", subject="x")
    link = message.acknowledge_link
    assert link is not None
    trap = f"{link}.evil.example and {link}?next=evil"

    made = a_message("handoff", "en", subject=trap)

    assert set(Seen(html_of(made)).links) == {link}


def test_mails_about_a_ticket_are_one_conversation_and_digests_are_none() -> None:
    page, receipt, digest = (read(a_message(t, "en")) for t in ("handoff", "received", "digest"))

    assert page["References"] == receipt["References"] == page["In-Reply-To"]
    assert page["References"] == f"<ticket.{TICKET.hex}@acme.example>"
    assert page["Message-ID"] != receipt["Message-ID"]
    assert digest["References"] is None


@pytest.mark.parametrize("template", ["received", "escalated", "follow_up", "survey"])
@pytest.mark.parametrize("text", HOSTILE)
def test_an_answer_of_a_customer_leads_intake_to_the_ticket(template: str, text: str) -> None:
    mail = read(a_message(template, "en", subject=text))
    reply = MailHeaders.of(
        [
            ("Subject", f"Re: {mail['Subject']}"),
            ("In-Reply-To", mail["Message-ID"]),
            ("References", f"{mail['References']} {mail['Message-ID']}"),
        ]
    )

    assert ticket_reference(f"Re: {mail['Subject']}") == reference_of(TICKET)[1:].lower()
    assert answered(reply) == (
        mail["Message-ID"].strip("<>"),
        mail["References"].strip("<>"),
    )


def test_a_template_that_names_another_ticket_does_not_lead_there() -> None:
    templates = Templates(
        {"received": POLICY.notification.templates["received"].__class__("{{ subject_line }}", "x")}
    )
    made = example("received", POLICY, templates, now=NOW, subject_line="Re: #deadbeef")

    assert made.subject == f"[{reference_of(TICKET)}] Re: #deadbeef"


def test_ids_and_addresses_longer_than_a_line_stay_what_they_are() -> None:
    sender = EmailSender(
        SmtpSettings(host="r", sender=f"S <support@{'long-name.' * 8}example.com>")
    )
    wire = sender.compose(a_message("handoff", "en")).as_bytes().decode()

    assert f"\r\nReferences: <ticket.{TICKET.hex}@{'long-name.' * 8}example.com>\r\n" in wire


def test_the_same_message_is_the_same_mail_on_every_attempt() -> None:
    assert raw(a_message("handoff", "en")) == raw(a_message("handoff", "en"))


def test_instants_are_in_the_zone_of_the_reader() -> None:
    assert "Monday 1 June, 10:12 (Berlin time)" in a_message("warning", "en").body


def test_a_customer_is_told_of_the_time_in_whole_words() -> None:
    assert "innerhalb von 4 Stunden" in a_message("escalated", "de").body
    assert clean_line("4 heures") in a_message("escalated", "fr").body


def _defects(mail: EmailMessage) -> Iterator[object]:
    for part in mail.walk():
        yield from part.defects
        for value in part.values():
            yield from value.defects


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for one, spoken in CASES:
        (GOLDEN / f"{one}.{spoken}.txt").write_text(as_text(a_message(one, spoken)), "utf-8")

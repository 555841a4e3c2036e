"""What a mail says: its text, its writer, its conversation (semantics D5, V1; security 8)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.intake.domain.commands import Contact
from services.intake.mail.letter import MailError, contact_of
from services.intake.mail.rfc822 import read_letter
from tests.support.mails import a_mail, a_part, multipart


def read(raw: bytes) -> Contact:
    return contact_of(read_letter(raw))


def test_the_writer_is_who_stands_in_From() -> None:
    contact = read(a_mail(sender='"Roe, Ana" <Ana@Example.org>', Reply_To="other@example.org"))

    assert contact.customer.customer_id == ""
    assert contact.customer.addresses == ("email:ana@example.org",)
    assert contact.customer.contact == {"email": "Ana@Example.org", "name": "Roe, Ana"}
    assert contact.channel == "email"


@pytest.mark.parametrize(
    ("sender", "address", "name"),
    [
        ("=?utf-8?q?J=C3=B6rg?= <j@x.example>", "email:j@x.example", "Jörg"),
        ("j@x.example (Jo)", "email:j@x.example", "Jo"),
        (
            "=?utf-8?q?boss=40x=2Eexample?= <j@evil.example>",
            "email:j@evil.example",
            "boss@x.example",
        ),
        ('"boss@x.example" <j@evil.example>', "email:j@evil.example", "boss@x.example"),
    ],
)
def test_a_name_that_looks_like_an_address_is_none(sender: str, address: str, name: str) -> None:
    customer = read(a_mail(sender=sender)).customer

    assert customer.addresses == (address,)
    assert (customer.contact or {})["name"] == name


@pytest.mark.parametrize("sender", ["foo", "", "<>", "a b@x.example, c", "(" * 3000, "@", "a@"])
def test_a_mail_of_nobody_is_unreadable(sender: str) -> None:
    with pytest.raises(MailError, match="no sender"):
        read(a_mail(sender=sender))


def test_a_line_break_hidden_in_a_name_or_a_subject_is_a_space() -> None:
    contact = read(
        a_mail(sender="=?utf-8?q?A=0D=0ABcc=3A_x?= <a@x.example>", subject="=?utf-8?q?a=0A=00b?=")
    )

    assert (contact.customer.contact or {})["name"] == "A Bcc: x"
    assert contact.subject == "a b"


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("Mon, 2 Mar 2026 10:00:00 +0100", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 10:00:00 -0000", None),
        ("Mon, 99 Mar 2026 10:00:00 +0100", None),
        ("Mon, 2 Mar 99999 10:00:00 +0100", None),
        ("yesterday", None),
    ],
)
def test_a_date_counts_where_it_names_an_instant(value: str, at: datetime | None) -> None:
    assert read(a_mail(Date=value)).occurred_at == at


@pytest.mark.parametrize(
    ("subject", "read_as"),
    [
        ("=?iso-8859-1?q?Gr=FC=DFe?=", "Grüße"),
        ("=?utf-8?b?R3LD?= =?utf-8?b?vMOfZQ==?=", "Grüße"),
        ("=?no-such-charset?q?Gr=FC=DFe?=", "Grüße"),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("Grüße", "Grüße"),
        ("a\r\n  b", "a b"),
        ("x" * 3000, "x" * 1000),
    ],
)
def test_a_subject_is_readable_whatever_it_is_written_in(subject: str, read_as: str) -> None:
    assert read(a_mail(subject=subject)).subject == read_as


def test_a_subject_in_raw_bytes_of_no_charset_is_readable() -> None:
    raw = a_mail().replace(b"The export fails", "Grüße".encode("latin-1"))

    assert read(raw).subject == "Grüße"


def test_D5_the_mails_it_answers_are_the_conversations_other_names_nearest_first() -> None:
    contact = read(
        a_mail(
            message_id="c@x",
            In_Reply_To="<b@x>",
            References="<0@x>\r\n <a@x> <b@x>",
            subject="Re: [#0A1B2C3D] The export",
        )
    )

    assert contact.external_id == "c@x"
    assert contact.answers == ("b@x", "a@x", "0@x")
    assert contact.reference == "0a1b2c3d"


def test_of_many_references_the_last_twenty_count() -> None:
    every = " ".join(f"<{n}@x>" for n in range(100))

    assert read(a_mail(References=every)).answers == tuple(f"{n}@x" for n in range(99, 78, -1))


@pytest.mark.parametrize(
    "subject", ["#0A1B2C3", "#0A1B2C3D4", "&#0A1B2C3D", "#0A1B2C3G", "x#0A1B2C3D"]
)
def test_what_is_not_eight_digits_names_no_ticket(subject: str) -> None:
    assert read(a_mail(subject=subject)).reference is None


def test_a_long_message_id_is_its_digest_wherever_it_is_named() -> None:
    name = "x" * 300

    first, second = read(a_mail(message_id=name)), read(a_mail(In_Reply_To=f"<{name}>"))

    assert first.external_id is not None
    assert first.external_id.startswith("sha256:")
    assert second.answers == (first.external_id,)


def test_a_mail_without_a_name_gets_one_that_stays() -> None:
    first = read(a_mail("One", message_id=None))
    again = read(b"Received: by another way\r\n" + a_mail("One", message_id=None))
    other = read(a_mail("Two", message_id=None))

    assert first.external_id == again.external_id
    assert first.external_id != other.external_id


def test_V1_the_whole_message_is_kept_with_quotes_and_signature() -> None:
    body = "Still broken.\r\n\r\nOn Monday Jo wrote:\r\n> Try again\r\n-- \r\nAna"

    assert read(a_mail(body)).body == body.replace("\r\n", "\n") + "\n"


def test_of_two_forms_of_a_message_the_text_is_read_and_the_html_is_shown() -> None:
    contact = read(
        multipart(a_part("plain"), a_part("<b>bold</b>", "text/html"), kind="alternative")
    )

    assert (contact.body, contact.html) == ("plain", "<b>bold</b>")


def test_html_alone_is_read_as_a_person_would() -> None:
    markup = (
        "<p>First <a href='https://x.example/'>link</a></p><ul><li>one<li>two</ul>"
        "<blockquote>old<br>older</blockquote>a&nbsp;b"
    )

    contact = read(multipart(a_part(markup, "text/html")))

    assert contact.body.split("\n") == [
        *("First link", "- one", "- two", "", "> old", "> older", "a b"),
    ]


def test_html_and_text_one_after_another_are_one_message() -> None:
    contact = read(
        multipart(a_part("before"), a_part("<i>middle</i>", "text/html"), a_part("a < b"))
    )

    assert contact.body == "before\nmiddle\na < b"
    assert contact.html == "<pre>before</pre>\n<i>middle</i>\n<pre>a &lt; b</pre>"


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("utf-8", "Grüße".encode(), "Grüße"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("us-ascii", "Grüße".encode("latin-1"), "Grüße"),
        ("iso-8859-1", b"\x93quoted\x94", "“quoted”"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("utf-8", b"Gr\xfc\xc3\x9fe", "Gr\N{REPLACEMENT CHARACTER}ße"),
        ("rot13", b"Hi", "Hi"),
        ("zip", b"Hi", "Hi"),
        ("\0" * 9, b"Hi", "Hi"),
        ("utf-7", b"+2AA-", "\N{REPLACEMENT CHARACTER}"),
        ("utf-8", b"a\0b\x1b[2Jc\x7f", "ab[2Jc"),
    ],
)
def test_a_text_is_readable_whatever_charset_it_claims(charset: str, raw: bytes, text: str) -> None:
    head = f'From: a@x.example\r\nContent-Type: text/plain; charset="{charset}"\r\n\r\n'

    assert read(head.encode() + raw).body == text


def test_a_text_is_cut_at_64_KiB_of_characters() -> None:
    assert len(read(a_mail("ä" * 100_000)).body) == 64 * 1024


def test_a_mail_that_says_it_has_parts_and_has_none_is_read_as_text() -> None:
    raw = b"From: a@x.example\r\nContent-Type: multipart/mixed\r\n\r\nJust text"

    assert read(raw).body == "Just text"


@pytest.mark.parametrize(
    "raw",
    [
        b"a" * (25 * 1024 * 1024 + 1),
        b"\n" * 500_001,
        b"From: a@x.example\r\n\r\n" + b"\r" * 500_001,
    ],
)
def test_S26_a_mail_beyond_all_limits_is_unreadable(raw: bytes) -> None:
    with pytest.raises(MailError, match="The mail"):
        read(raw)

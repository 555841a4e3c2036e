"""Mail that no person wrote is known as such (semantics D5)."""

from __future__ import annotations

import pytest

from services.intake.mail.letter import contact_of
from services.intake.mail.rfc822 import read_letter
from tests.support.mails import a_mail, a_part, multipart


def is_automatic(raw: bytes) -> bool:
    return contact_of(read_letter(raw)).automatic


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Auto_Submitted", "auto-replied"),
        ("Auto_Submitted", "Auto-Generated; owner-email=x@y.example"),
        ("Precedence", "bulk"),
        ("Precedence", "Junk"),
        ("Precedence", "list"),
        ("Precedence", "auto_reply"),
        ("X_Autoreply", "yes"),
        ("X_Autorespond", "Out of office"),
        ("Return_Path", "<>"),
        ("List_Id", "News (all of it) <news.example.org>"),
        ("List_Unsubscribe", "<mailto:leave@example.org>"),
        ("Content_Type", 'multipart/report; report-type=delivery-status; boundary="x"'),
    ],
)
def test_D5_a_header_that_only_machines_write_tells(header: str, value: str) -> None:
    assert is_automatic(a_mail(**{header: value}))


@pytest.mark.parametrize(
    "sender",
    ["MAILER-DAEMON@x.example", "Postmaster <postmaster@x.example>", "MAILER DAEMON <>"],
)
def test_D5_mail_by_a_mail_system_is_automatic(sender: str) -> None:
    assert is_automatic(a_mail(sender=sender))


def test_D5_a_bounce_is_automatic() -> None:
    assert is_automatic(
        multipart(
            a_part("It could not be delivered."),
            a_part(
                "Reporting-MTA: dns; x.example\r\n\r\nAction: failed", "message/delivery-status"
            ),
            kind="report; report-type=delivery-status",
        )
    )


def test_D5_a_mail_of_ours_that_comes_back_is_automatic() -> None:
    ours = a_mail(Auto_Submitted="auto-generated", X_Auto_Response_Suppress="All")

    assert is_automatic(ours)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Auto_Submitted", "no"),
        ("Precedence", "first-class"),
        ("X_Autoreply", "no"),
        ("Return_Path", "<ana@example.org>"),
        ("X_Auto_Response_Suppress", "OOF"),
    ],
)
def test_D5_a_person_is_believed_to_be_one(header: str, value: str) -> None:
    assert not is_automatic(a_mail(**{header: value}))

"""Which files of a mail are kept, and under which names (security 8)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.commands import Attachment
from services.intake.mail.files import MOST_FILE_BYTES, kept_file, safe_name
from services.intake.mail.letter import contact_of
from services.intake.mail.rfc822 import read_letter
from tests.support.mails import a_part, multipart


def files(raw: bytes) -> tuple[Attachment, ...]:
    return contact_of(read_letter(raw)).attachments


def a_file(name: str, content: bytes, content_type: str = "application/octet-stream") -> str:
    return a_part(
        base64.encodebytes(content).decode(),
        content_type,
        Content_Disposition=f'attachment; filename="{name}"',
        Content_Transfer_Encoding="base64",
    )


def test_S26_a_file_of_a_known_kind_is_kept_with_the_type_of_its_name() -> None:
    [kept] = files(multipart(a_part("See this"), a_file("a.pdf", b"%PDF", "text/html")))

    assert kept == Attachment(name="a.pdf", content_type="application/pdf", size=4, content=b"%PDF")


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("run.exe", "image/png"),
        ("a.html", "text/plain"),
        ("a.svg", "image/svg+xml"),
        ("a", "text/html"),
    ],
)
def test_S26_a_file_that_runs_or_draws_is_refused_with_its_reason(name: str, declared: str) -> None:
    refused = kept_file(name, declared, b"MZ")

    assert (refused.name, refused.size, refused.content) == (name, 2, None)
    assert refused.refused == "Files of this kind are not kept."


def test_S26_a_file_that_is_too_large_is_refused_and_its_size_is_known() -> None:
    refused = kept_file("a.log", "text/plain", b"x" * (MOST_FILE_BYTES + 1))

    assert (refused.content, refused.size) == (None, MOST_FILE_BYTES + 1)
    assert refused.refused == "Files larger than 10 MiB are not kept."


def test_S26_of_many_files_twenty_are_kept() -> None:
    found = files(multipart(*(a_file(f"{n}.txt", b"x") for n in range(25))))

    assert [file.refused is None for file in found] == [True] * 20 + [False] * 5


def test_S26_of_very_many_parts_the_first_are_read() -> None:
    found = contact_of(
        read_letter(multipart(a_part("The text"), *(a_file(f"{n}.txt", b"x") for n in range(200))))
    )

    assert found.body == "The text"
    assert len(found.attachments) < 52
    assert found.attachments[-1].refused == "Only 50 parts, at most 10 deep, are read."


def test_S26_what_is_nested_too_deeply_is_refused_and_the_rest_is_read() -> None:
    deep = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(20)
    )

    found = contact_of(read_letter(multipart(a_part("The text"), deep + "\r\nhidden")))

    assert found.body == "The text"
    assert "hidden" not in str(found.attachments)


def test_a_forwarded_mail_is_kept_as_a_file() -> None:
    inner = "From: b@x.example\r\nSubject: Inner\r\n\r\nOld text"

    [kept] = files(multipart(a_part("See below"), a_part(inner, "message/rfc822")))

    assert (kept.name, kept.content_type) == ("message.eml", "message/rfc822")
    assert b"Old text" in (kept.content or b"")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie_ x.txt"),
        ("invoice\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe", "invoicefdp.exe"),
        (".htaccess", "htaccess"),
        ("", "file"),
        ("..", "file"),
        ("a\0b.txt", "ab.txt"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_S26_a_name_is_reduced_to_a_safe_base_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text())
def test_S26_any_name_is_made_safe(name: str) -> None:
    safe = safe_name(name)

    assert 0 < len(safe) <= 120
    assert safe.isprintable()
    assert not set(safe) & set('/\\<>:"|?*')
    assert not safe.startswith(".")


def test_a_name_in_encoded_words_is_read() -> None:
    [kept] = files(multipart(a_file("=?utf-8?q?Gr=C3=BC=C3=9Fe.txt?=", b"x")))

    assert kept.name == "Grüße.txt"

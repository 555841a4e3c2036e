"""Mails for tests: made of headers and text, or the samples beside the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: What a source that signs nothing is proved by.
TOKEN: Final = "a-token-of-22-characters-or-more"

_DATA: Final = Path(__file__).parents[3] / "shared" / "data"

#: Real and malformed messages of two test suites; none where the data is absent.
RAW_MAILS: Final = tuple(
    sorted(path for path in (_DATA / "raw_emails").glob("*/*") if path.is_file())
)


def sample(name: str) -> bytes | None:
    """A recorded call of a provider, None where the data is absent."""
    path = _DATA / "webhook_payloads" / name
    return path.read_bytes() if path.exists() else None


def a_mail(
    body: str = "The export stops half way.",
    *,
    sender: str = "Ana Roe <ana@example.org>",
    subject: str = "The export fails",
    message_id: str | None = "first@example.org",
    **headers: str,
) -> bytes:
    """A plain mail; `in_reply_to=…` is the header In-Reply-To."""
    lines = [f"From: {sender}", "To: help@example.com", f"Subject: {subject}"]
    if message_id is not None:
        lines.append(f"Message-ID: <{message_id}>")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body, ""]).encode()


def multipart(*parts: str, kind: str = "mixed", sender: str = "ana@example.org") -> bytes:
    """A mail of `parts`, each with its own headers."""
    bounded = "".join(f"--B\r\n{part}\r\n" for part in parts)
    return (
        f"From: {sender}\r\nSubject: Parts\r\nMessage-ID: <parts@example.org>\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary="B"\r\n\r\n'
        f"{bounded}--B--\r\n"
    ).encode()


def a_part(content: str, content_type: str = "text/plain", **headers: str) -> str:
    """One part of a mail."""
    lines = [f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", content])


def a_form(fields: dict[str, str | bytes], *files: tuple[str, str, bytes]) -> bytes:
    """A multipart form; `files` are (name, content type, content)."""
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + (value.encode() if isinstance(value, str) else value)
        for name, value in fields.items()
    ]
    parts += [
        f'Content-Disposition: form-data; name="attachment{n}"; filename="{name}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n".encode()
        + content
        for n, (name, content_type, content) in enumerate(files, 1)
    ]
    return b"".join(b"--xYzZY\r\n" + part + b"\r\n" for part in parts) + b"--xYzZY--\r\n"

"""A raw mail (RFC 5322 and MIME) as a letter, by the standard library's tolerant parser.

It is the older policy of that parser, with bounded headers: the newer one is slow by the square of a
hostile header. Limits on lines, parts and depth hold while parsing, not after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.errors import MessageError
from email.message import Message
from email.parser import BytesFeedParser, BytesHeaderParser
from email.policy import Compat32, Policy
from typing import Any, Final, TypeAlias

from services.intake.domain.commands import Attachment

from .cleaning import text_of
from .files import kept_file, refused_file
from .headers import HEADER_CHARACTERS, MailHeaders, decoded, unfolded
from .letter import Letter, MailError, joined

#: The largest mail that is read, as the wire has it.
MOST_BYTES: Final = 25 * 1024 * 1024

#: A mail of that size has fewer lines, unless they are made to cost time.
MOST_LINES: Final = 500_000

#: Parts after this many, and parts that lie deeper than this, are not read.
MOST_PARTS: Final = 50
DEEPEST: Final = 10

#: Where the headers of a mail that is only looked at have ended.
_HEADER_BYTES: Final = 256 * 1024

_NOT_READ: Final = f"Only {MOST_PARTS} parts, at most {DEEPEST} deep, are read."

_CHUNK: Final = 64 * 1024

#: What the library raises for parts that are not what they say.
_ODD: Final = (ValueError, LookupError, TypeError, AttributeError, MessageError, AssertionError)

#: A mail as the library has it.
_Part: TypeAlias = "Message[str, str]"


class _FullError(Exception):
    """There are more parts than are read."""


class _BoundedHeaders(Compat32):
    """Headers are cut as they are parsed, and made readable as they are read."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:HEADER_CHARACTERS]

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002 - the library's signature
        return unfolded(value)


_POLICY: Final = _BoundedHeaders()


def read_headers(raw: bytes) -> MailHeaders:
    """Only the headers of a mail, whatever follows them."""
    parsed = BytesHeaderParser(policy=_POLICY).parsebytes(raw[:_HEADER_BYTES])
    return MailHeaders.of(parsed.raw_items())


def read_letter(raw: bytes) -> Letter:
    """The letter that `raw` is. Raises MailError for one beyond all limits."""
    if len(raw) > MOST_BYTES:
        raise MailError(f"The mail is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    if max(raw.count(b"\n"), raw.count(b"\r")) > MOST_LINES:
        raise MailError(f"The mail has more than {MOST_LINES} lines.")
    root, is_whole = _parsed(raw)
    reading = _Reading()
    text, html = reading.body(root, 0)
    if not is_whole:
        reading.files.append(refused_file("rest of the message", "", _NOT_READ))
    return Letter(
        headers=MailHeaders.of(root.raw_items()),
        text=text,
        html=html,
        files=tuple(reading.files),
    )


def _parsed(raw: bytes) -> tuple[_Part, bool]:
    """The tree of parts, as far as it is read, and whether that is all: never is the whole mail lost."""
    parts: list[_Part] = []

    def make(policy: Policy[Any] = _POLICY) -> _Part:
        if len(parts) > MOST_PARTS:
            raise _FullError
        parts.append(Message(policy))
        return parts[-1]

    parser = BytesFeedParser(make, policy=_POLICY)
    parts.clear()  # the parser tries out what it was given
    try:
        for start in range(0, len(raw), _CHUNK):
            parser.feed(raw[start : start + _CHUNK])
            if parts and _depth(parts[0]) > DEEPEST:
                return parts[0], False
        parser.close()
    except (_FullError, *_ODD):
        return parts[0], False
    return (parts[0] if parts else Message(_POLICY)), True


def _children(part: _Part) -> list[_Part]:
    payload = part.get_payload() if part.is_multipart() else []
    return [one for one in payload if isinstance(one, Message)]


def _depth(part: _Part) -> int:
    """How deep the part lies that is being read."""
    depth = 0
    while children := _children(part):
        part = children[-1]
        depth += 1
    return depth


class _Reading:
    """Collects the files of a mail while its texts are put together."""

    def __init__(self) -> None:
        self.files: list[Attachment] = []

    def body(self, part: _Part, depth: int) -> tuple[str | None, str | None]:
        """The text and the HTML in `part` that are the message itself."""
        children = _children(part)
        content_type = part.get_content_type()
        if depth > DEEPEST:
            self.files.append(refused_file(_name(part), content_type, "It is nested too deeply."))
        elif children and content_type.startswith("message/") and depth:
            self._enclosed(part, children)
        elif children:
            bodies = (self.body(child, depth + 1) for child in children)
            return _chosen(bodies) if content_type == "multipart/alternative" else joined(bodies)
        elif content_type in {"text/plain", "text/html"} and not _is_file(part):
            text = text_of(_content(part), _charset(part))
            return (None, text) if content_type == "text/html" else (text, None)
        elif not content_type.startswith("multipart/"):
            self._file(_name(part), content_type, _content(part))
        elif not depth:  # says it has parts, and has none
            return text_of(_content(part)), None
        return None, None

    def _enclosed(self, part: _Part, children: list[_Part]) -> None:
        """A mail inside a mail: kept as a file, as it came."""
        content_type = part.get_content_type()
        name = _name(part, "message.eml" if content_type == "message/rfc822" else "report.txt")
        try:
            content = b"\n".join(child.as_bytes() for child in children)
        except (*_ODD, RecursionError):
            self.files.append(refused_file(name, content_type, "It could not be read."))
        else:
            self._file(name, content_type, content)

    def _file(self, name: str, content_type: str, content: bytes) -> None:
        self.files.append(kept_file(name, content_type, content, number=len(self.files)))


def _chosen(
    bodies: Iterator[tuple[str | None, str | None]],
) -> tuple[str | None, str | None]:
    """Of several forms of one message its text and its HTML."""
    forms = list(bodies)
    text = next((text for text, _ in forms if text and text.strip()), None)
    return text, next((html for _, html in forms if html), None)


def _is_file(part: _Part) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_name(part))


def _name(part: _Part, otherwise: str = "") -> str:
    try:
        named = part.get_filename()
    except _ODD:
        named = None
    return decoded(named) if named else otherwise


def _charset(part: _Part) -> str | None:
    try:
        return part.get_content_charset()
    except _ODD:
        return None


def _content(part: _Part) -> bytes:
    """The bytes of a part without parts; what is encoded wrongly is taken as it stands."""
    try:
        content = part.get_payload(decode=True)
    except _ODD:  # a charset that is none stands in the way
        del part["content-type"]
        content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""

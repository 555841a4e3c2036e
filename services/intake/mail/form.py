"""Forms, as providers post them: fields and files of a body, in either of the two encodings.

The encoding is told by the bytes themselves: a body that is parked is read again without its headers.
"""

from __future__ import annotations

import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from .cleaning import text_of
from .letter import MailError

#: Some providers repeat every header of a mail as a field.
MOST_FIELDS: Final = 500
MOST_FILES: Final = 50

_BOUNDARY_CHARACTERS: Final = 200
_HEADERS_A_PART: Final = 8


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a form, under the field it came in."""

    field: str
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A form's fields, the first of each name, and its files."""

    fields: dict[str, bytes]
    uploads: tuple[Upload, ...] = ()
    repeated: frozenset[str] = frozenset()

    def text(self, name: str, charset: str | None = None) -> str | None:
        """A field as text, None if there is no such field."""
        raw = self.fields.get(name)
        return None if raw is None else text_of(raw, charset)

    def digest(self) -> bytes:
        """SHA-256 of what the form says, whatever stood between its parts."""
        made = hashlib.sha256()
        said = [(name.encode("utf-8", "replace"), value) for name, value in self.fields.items()]
        said += [(file.name.encode("utf-8", "replace"), file.content) for file in self.uploads]
        for part in (part for pair in said for part in pair):
            made.update(len(part).to_bytes(8, "big") + part)
        return made.digest()


@dataclass(slots=True)
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    content: bytearray = field(default_factory=bytearray)


def read_form(raw: bytes) -> Form:
    """The form in `raw`. Raises MailError for what is none, and for one with too many parts."""
    if raw.startswith(b"--"):
        return _multipart(raw)
    pairs = [pair.partition(b"=") for pair in raw.split(b"&", MOST_FIELDS)]
    if len(pairs) > MOST_FIELDS or not all(equals for _, equals, _ in pairs):
        raise MailError("The body is no form, or has too many fields.")
    fields = [(text_of(_unquoted(name)), _unquoted(value)) for name, _, value in pairs]
    return _form(fields, [])


def _unquoted(value: bytes) -> bytes:
    """Percent signs undone as if it were quoted-printable, a hundred times faster than by urllib."""
    escaped = value.replace(b"=", b"=3D").replace(b"%", b"=").replace(b"+", b" ")
    return binascii.a2b_qp(escaped)


def _multipart(raw: bytes) -> Form:
    boundary = raw[2 : _BOUNDARY_CHARACTERS + 2].partition(b"\r\n")[0]
    parts: list[_Part] = []

    def begin() -> None:
        if len(parts) == MOST_FIELDS + MOST_FILES:
            raise MailError("The form has too many parts.")
        parts.append(_Part())

    def end_header() -> None:
        part = parts[-1]
        part.headers[bytes(part.name).strip().lower()] = bytes(part.value).strip()
        part.name.clear()
        part.value.clear()

    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": begin,
            "on_header_field": lambda data, start, end: parts[-1].name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: parts[-1].value.extend(data[start:end]),
            "on_header_end": end_header,
            "on_part_data": lambda data, start, end: parts[-1].content.extend(data[start:end]),
        },
        max_header_count=_HEADERS_A_PART,
    )
    try:
        parser.write(raw)
        parser.finalize()
    except FormParserError as error:
        raise MailError(f"The body is no form: {error}") from error
    return _sorted(parts)


def _sorted(parts: list[_Part]) -> Form:
    fields: list[tuple[str, bytes]] = []
    uploads: list[Upload] = []
    for part in parts:
        _, options = parse_options_header(part.headers.get(b"content-disposition"))
        name = text_of(options.get(b"name", b""))
        if b"filename" not in options:
            fields.append((name, bytes(part.content)))
            continue
        if len(uploads) == MOST_FILES:
            raise MailError("The form has too many files.")
        content_type = text_of(part.headers.get(b"content-type", b""))
        filename = text_of(options[b"filename"])
        uploads.append(Upload(name, filename, content_type, bytes(part.content)))
    return _form(fields, uploads)


def _form(fields: list[tuple[str, bytes]], uploads: list[Upload]) -> Form:
    first: dict[str, bytes] = {}
    repeated = set()
    for name, value in fields:
        if name in first:
            repeated.add(name)
        first.setdefault(name, value)
    return Form(first, tuple(uploads), frozenset(repeated))

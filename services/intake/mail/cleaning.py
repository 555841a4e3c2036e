"""Foreign text, made fit to be stored and shown: no NUL, no lone surrogates, no control characters."""

from __future__ import annotations

import codecs
import re
from typing import Final

#: More of a message than this is kept by nobody's eyes (characters).
TEXT_CHARACTERS: Final = 64 * 1024

#: A subject, a name: one line.
LINE_CHARACTERS: Final = 1000

#: Hardly a character takes more bytes than this in any charset that mail uses.
BYTES_A_CHARACTER: Final = 4

_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_LINE_ENDS: Final = re.compile(r"\r\n?|\u2028|\u2029|\x85")
_BLANKS: Final = re.compile(r"\s+")

_CHARSET_CHARACTERS: Final = 40

#: What Latin-1 mostly means, and what mail without a charset is written in.
_WESTERN: Final = "cp1252"

#: For host names, for programs and for nothing; and ASCII, which is often a lie.
_NO_CHARSETS: Final = frozenset(
    {"ascii", "idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)


def clean(text: str, most: int = TEXT_CHARACTERS) -> str:
    """At most `most` characters of `text`, without what no database and no terminal should be given."""
    plain = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text[: 2 * most]))
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", plain)[:most]


def one_line(text: str, most: int = LINE_CHARACTERS) -> str:
    """`text` as one clean line of at most `most` characters."""
    return _BLANKS.sub(" ", clean(text)).strip()[:most].rstrip()


def text_of(raw: bytes, charset: str | None = None) -> str:
    """`raw` as text: in its charset, else as UTF-8 or, as browsers do, in the code page of Windows."""
    short = raw[: BYTES_A_CHARACTER * TEXT_CHARACTERS]
    codec = _codec(charset)
    if codec is not None:
        return short.decode(codec, "replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(short, final=short == raw)
    except UnicodeDecodeError:
        return short.decode(_WESTERN, "replace")


def _codec(charset: str | None) -> str | None:
    """Python's name of `charset`; None for one that nobody knows, and for ASCII, which is often a lie."""
    name = (charset or "").strip(" \"'").lower()[:_CHARSET_CHARACTERS]
    try:
        found = codecs.lookup(name).name if name else "ascii"
        b"a".decode(found, "replace")  # refuses what encodes no text: base64, zip, rot13
    except (LookupError, ValueError):
        return None
    if found == "iso8859-1":
        return _WESTERN
    return None if found in _NO_CHARSETS else found

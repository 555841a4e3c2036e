"""Which files are kept, under which name and type. A refused one keeps its name and says why.

The end of the name decides, not the type that the mail claims; what is served later has our type.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from services.intake.domain.commands import Attachment

from .cleaning import clean

#: How many files of one mail are kept.
MOST_FILES: Final = 20

#: How large a file may be.
MOST_FILE_BYTES: Final = 10 * 1024 * 1024

_NAME_CHARACTERS: Final = 120
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_EXTENSION: Final = re.compile(r"\.([a-z0-9]{1,10})$")
_NOT_IN_NAMES: Final = re.compile(r'[<>:"|?*]')
_BLANKS: Final = re.compile(r"\s+")

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_OPEN: Final = "application/vnd.oasis.opendocument"

#: What is kept: nothing that runs, nothing that a browser would draw with scripts in it.
TYPES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "heic": "image/heic",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "log": "text/plain",
    "md": "text/plain",
    "yaml": "text/plain",
    "yml": "text/plain",
    "diff": "text/plain",
    "patch": "text/plain",
    "asc": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "json": "application/json",
    "har": "application/json",
    "xml": "application/xml",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "odt": f"{_OPEN}.text",
    "ods": f"{_OPEN}.spreadsheet",
    "odp": f"{_OPEN}.presentation",
    "zip": "application/zip",
    "gz": "application/gzip",
    "tgz": "application/gzip",
    "7z": "application/x-7z-compressed",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "eml": "message/rfc822",
    "p7m": "application/pkcs7-mime",
    "p7s": "application/pkcs7-signature",
}

_KEPT_TYPES: Final = frozenset(TYPES.values())


def kept_file(name: str, declared: str, content: bytes, *, number: int = 0) -> Attachment:
    """The `number`-th file of a mail (from 0), kept or refused."""
    safe = safe_name(name)
    extension = _EXTENSION.search(safe.lower())
    said = _type(declared)
    content_type = TYPES.get(extension[1]) if extension else said if said in _KEPT_TYPES else None
    refused = None
    if content_type is None:
        refused = "Files of this kind are not kept."
    elif len(content) > MOST_FILE_BYTES:
        refused = f"Files larger than {MOST_FILE_BYTES // 1024 // 1024} MiB are not kept."
    elif number >= MOST_FILES:
        refused = f"Only {MOST_FILES} files of a message are kept."
    return Attachment(
        name=safe,
        content_type=content_type or said,
        size=len(content),
        content=None if refused else content,
        refused=refused,
    )


def refused_file(name: str, declared: str, reason: str) -> Attachment:
    """A file that could not be read at all."""
    return Attachment(
        name=safe_name(name), content_type=_type(declared), size=0, content=None, refused=reason
    )


def safe_name(name: str) -> str:
    """The base name without folders, control and direction characters, and leading dots; never empty."""
    base = _BLANKS.sub(" ", re.split(r"[/\\]", clean(name[-4096:]))[-1])
    shown = "".join(sign for sign in base if unicodedata.category(sign)[0] != "C")
    plain = unicodedata.normalize("NFC", _NOT_IN_NAMES.sub("_", shown)).strip(" .")
    if len(plain) <= _NAME_CHARACTERS:
        return plain or "file"
    end = _EXTENSION.search(plain.lower())
    tail = plain[end.start() :] if end else ""
    return plain[: _NAME_CHARACTERS - len(tail)] + tail


def _type(declared: str) -> str:
    said = declared.partition(";")[0].strip().lower()
    return said if _TYPE.fullmatch(said) else "application/octet-stream"

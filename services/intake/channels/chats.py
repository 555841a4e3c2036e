"""What the channels of people who chat have in common: the subject, the files, the conversation's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from services.intake.domain.commands import AnyCommand, Attachment, Contact, CustomerFacts

from .base import Member, Parsed
from .fields import line, number
from .people import CUSTOMER
from .reading import ReadingError, decode_json, digest, parsed

#: How much of a first line is a subject.
SUBJECT_CHARACTERS: Final = 200

#: The workflow's channel for conversations in writing.
CHAT: Final = "chat"

#: What the file is when the provider does not say.
_ANY_TYPE: Final = "application/octet-stream"

#: What a column of the database can hold.
_SIZES: Final = range(2**63)


def said(
    customer: CustomerFacts,
    text: str,
    at: datetime | None,
    *,
    thread: str | None = None,
    session: tuple[str, ...] = (),
    files: Sequence[Attachment] = (),
    automatic: bool = False,
    subject: str = "",
    channel: str = CHAT,
) -> Iterator[Contact]:
    """A customer's message, or nothing where nothing was written or sent.

    It belongs to a `thread`, which ends, or to a person's `session`, which never does. The names of a
    session are addresses of the person: they are no reference of the ticket's, because that one travels in events
    (semantics D9).
    """
    if text.strip() or files:
        yield Contact(
            external_id=thread,
            also=session,
            occurred_at=at,
            by=CUSTOMER,
            customer=customer,
            subject=subject or first_line(text) or files[0].name,
            body=text,
            channel=channel,
            attachments=tuple(files),
            automatic=automatic,
            session=bool(session),
        )


def first_line(text: str) -> str:
    """The first line with something in it, shortened to a subject."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line), "")[:SUBJECT_CHARACTERS]


def unfetched(
    file: Any, *, name: str = "", kind: str = "", size: str = "", otherwise: str
) -> Attachment:
    """A file that the provider keeps, from the fields called like this: getting it would take a call.

    `otherwise` is its name where it has none.
    """
    told = number(file, size)
    return Attachment(
        name=line(file, name, most=SUBJECT_CHARACTERS) or otherwise,
        content_type=line(file, kind, most=100) or _ANY_TYPE,
        size=told if told is not None and told in _SIZES else 0,
        refused="not fetched",
    )


def place(latitude: Any, longitude: Any, *names: str) -> str:
    """Where somebody is, in a line; empty where that is not said."""
    known = [str(one)[:20] for one in (latitude, longitude) if isinstance(one, int | float | str)]
    called = ", ".join(name for name in names if name)
    if len(known) < len((latitude, longitude)):
        return called
    return f"Location: {', '.join(known)}" + (f" ({called})" if called else "")


def reader(commands: Callable[[Any], Iterator[AnyCommand]]) -> Callable[[bytes], Parsed]:
    """`parse` for members in JSON, of whose value `commands` makes commands or raises ReadingError."""
    return lambda raw: parsed(raw, lambda member: tuple(commands(decode_json(member))))


def decoded(raw: bytes) -> Any:
    """The JSON in `raw`, None where `parse` will say what is wrong with it."""
    try:
        return decode_json(raw)
    except ReadingError:
        return None


def whole(raw: bytes, *key: str | None) -> tuple[Member, ...]:
    """`raw` as one member, known by the parts of its `key`, or by its bytes if one of them is missing."""
    known = [part for part in key if part]
    return (Member(":".join(known) if len(known) == len(key) else digest(raw), raw),)

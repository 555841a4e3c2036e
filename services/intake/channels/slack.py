"""Slack's Events API: what people write in channels and in direct messages to the app.

Signed with HMAC-SHA256 over `v0:timestamp:body`. A thread is a conversation: its first message opens a
ticket, replies follow up. Edits, deletions, reactions and members who come and go mean nothing. Not
verified: that a retry has the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from services.intake.domain.commands import Contact

from .base import Call, Channel, Greeting, Member, Source
from .chats import decoded, reader, said, unfetched, whole
from .fields import demanded, identifier, inside, text
from .people import asker
from .reading import instant
from .signatures import hmac_verifier, need, only, unix_seconds

_TIMESTAMP: Final = "x-slack-request-timestamp"

#: The subtypes of messages that say something; a plain message has none.
_SAYING: Final = {"", "file_share", "me_message", "thread_broadcast", "bot_message"}

#: `<what>` and `<what|label>`, where a `<` of the writer's own is escaped.
_MARKUP: Final = re.compile(r"<([^<>|]*)(?:\|([^<>|]*))?>")


def slack(source: Source) -> Channel:
    """The adapter of one Slack app; its secrets are signing secrets. Raises SecretError."""
    verify = hmac_verifier(
        need(source),
        header="x-slack-signature",
        prefix="v0=",
        signed=lambda call: b"v0:%s:%s" % (only(call.headers, _TIMESTAMP).encode(), call.raw),
        sent_at=unix_seconds(_TIMESTAMP),
    )
    return Channel(verify, _members, reader(partial(_commands, source.name)), _greet)


def _greet(call: Call) -> Greeting | None:
    """Slack asks when the URL is configured, and signs that too: whoever can sign is given it back."""
    if call.method != "POST" or b"url_verification" not in call.raw:
        return None
    envelope = decoded(call.raw)
    if text(envelope, "type") != "url_verification" or not text(envelope, "challenge"):
        return None
    return Greeting(text(envelope, "challenge").encode())


def _members(call: Call) -> Sequence[Member]:
    return whole(call.raw, identifier(decoded(call.raw), "event_id"))


def _commands(source: str, envelope: Any) -> Iterator[Contact]:
    event = inside(envelope, "event")
    if demanded(envelope, "type") != "event_callback" or demanded(event, "type") != "message":
        return
    if text(event, "subtype") not in _SAYING:
        return
    room, written_at = demanded(event, "channel"), demanded(event, "ts")
    thread = f"{room}:{identifier(event, 'thread_ts') or written_at}"
    machine = identifier(event, "bot_id")
    writer = machine or demanded(event, "user")
    files = inside(event, "files")
    yield from said(
        asker(source, writer, ticket=thread),
        plain(text(event, "text")),
        instant(written_at),
        thread=thread,
        files=[
            unfetched(file, name="name", kind="mimetype", size="size", otherwise="file")
            for file in (files if isinstance(files, list) else [])
        ],
        automatic=machine is not None or text(event, "subtype") == "bot_message",
    )


def plain(markup: str) -> str:
    """Slack's markup as people read it: links, people, rooms and the three escapes."""
    read = _MARKUP.sub(_read, markup)
    return read.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _read(match: re.Match[str]) -> str:
    what, label = match[1], match[2]
    if what.startswith("!"):  # everybody here, a group, a date
        return label or f"@{what[1:]}"
    if what.startswith(("@", "#")):
        return what[0] + (label or what[1:]).lstrip("@#")
    shown = what.removeprefix("mailto:").removeprefix("tel:")
    return shown if not label or label == shown else f"{label} ({shown})"

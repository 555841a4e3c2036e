"""Telegram's Bot API: what people write to the bot, alone or in a group.

Nothing is signed: a token in a header, chosen when the webhook was set, is all there is. A chat is a
session. Edits mean nothing: Telegram also reports edits in which nothing one can see has changed. Not verified:
how often it tries again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from services.intake.domain.commands import Attachment, Contact

from .base import Call, Channel, Member, Source
from .chats import decoded, place, reader, said, unfetched, whole
from .fields import demanded, epoch, identifier, inside, line, text
from .people import asker
from .reading import ReadingError
from .signatures import token_verifier

_FILES: Final = ("animation", "audio", "document", "sticker", "video", "video_note", "voice")

#: Written by the app when somebody opens the chat, not by the person.
_OPENED: Final = "/start"


def telegram(source: Source) -> Channel:
    """The adapter of one bot; its secrets are the webhook's secret tokens. Raises SecretError."""
    verify = token_verifier(source.secrets, header="x-telegram-bot-api-secret-token")
    return Channel(verify, _members, reader(partial(_commands, source.name)))


def _members(call: Call) -> Sequence[Member]:
    return whole(call.raw, identifier(decoded(call.raw), "update_id"))


def _commands(source: str, update: Any) -> Iterator[Contact]:
    demanded(update, "update_id")
    message = inside(update, "message")
    if message is None:  # an edit, a post in a channel, a member, a payment
        return
    chat, writer = demanded(message, "chat", "id"), demanded(message, "from", "id")
    words = text(message, "text") or text(message, "caption") or _shown(message)
    yield from said(
        asker(source, writer, ticket="", name=_name(inside(message, "from"))),
        words,
        epoch(message, "date"),
        session=(f"chat:{chat}",),
        files=_files(message),
        automatic=_is_bot(message) or words.partition(" ")[0] == _OPENED,
    )


def _is_bot(message: Any) -> bool:
    is_bot = inside(message, "from", "is_bot")
    if not isinstance(is_bot, bool | None):
        raise ReadingError("is_bot is neither true nor false")
    return bool(is_bot) or inside(message, "is_automatic_forward") is True


def _name(writer: Any) -> str:
    return f"{line(writer, 'first_name')} {line(writer, 'last_name')}".strip()


def _shown(message: Any) -> str:
    """What is neither written nor a file: a place, somebody's card, a question to choose from."""
    where, card = inside(message, "location"), inside(message, "contact")
    if where is not None:
        venue = inside(message, "venue")
        latitude, longitude = inside(where, "latitude"), inside(where, "longitude")
        return place(latitude, longitude, line(venue, "title"), line(venue, "address"))
    if card is not None:
        return f"Contact: {_name(card)} {line(card, 'phone_number', most=100)}".rstrip()
    return line(message, "poll", "question")


def _files(message: Any) -> list[Attachment]:
    """Everything with a file; of a photo its largest size, which comes last."""
    found = [(kind, inside(message, kind)) for kind in _FILES]
    found.append(("photo", inside(message, "photo", -1)))
    return [
        unfetched(file, name="file_name", kind="mime_type", size="file_size", otherwise=kind)
        for kind, file in found
        if isinstance(file, dict)
    ]

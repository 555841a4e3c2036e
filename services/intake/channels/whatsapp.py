"""WhatsApp through Meta's Cloud API: what customers write to a business number.

Signed with HMAC-SHA256 over the raw body. One call brings messages of several people; each is a member
of its own. Reports of delivery, reactions and changes of number mean nothing. Not verified by a capture:
messages of kind `unsupported`, and users who show no telephone number (`from_user_id`).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec

from services.intake.domain.commands import Attachment, Contact
from services.intake.domain.identity import telephone_address

from .base import Call, Channel, Greeting, Member, SecretError, SignatureError, Source
from .chats import decoded, place, reader, said, unfetched
from .fields import demanded, epoch, identifier, inside, line, text
from .people import asker
from .reading import UNREADABLE, ReadingError, digest
from .signatures import hmac_verifier, need, raw_body

#: Meta sends up to a thousand together; a call with more is no call of Meta's.
MOST_MESSAGES: Final = 1000

_FILES: Final = frozenset({"audio", "document", "image", "sticker", "video"})

#: What customers do that WhatsApp does not pass on, and that is no message.
_NOT_SAID: Final = frozenset({"edit", "pin", "poll_update"})

_WITHHELD: Final = "(A message of a kind that WhatsApp does not pass on.)"

#: What the webhooks of WhatsApp are about, among all the things Meta has.
_ACCOUNT: Final = "whatsapp_business_account"

_Shape = TypeVar("_Shape")


class _Body(msgspec.Struct, frozen=True):
    """What Meta sends; its parts are read one by one, so that a bad one spoils no other."""

    object: str
    entry: list[msgspec.Raw] = []


class _Account(msgspec.Struct, frozen=True):
    """What happened to one business account."""

    changes: list[msgspec.Raw]


class _Change(msgspec.Struct, frozen=True):
    """One thing that happened."""

    field: str
    value: msgspec.Raw


class _Value(msgspec.Struct, frozen=True):
    """What happened to one business number."""

    messages: list[msgspec.Raw] = []
    contacts: list[msgspec.Raw] = []


def whatsapp(source: Source) -> Channel:
    """The adapter of one app of Meta's; its secrets are app secrets. Raises SecretError."""
    if not source.verify_token:
        raise SecretError("has no word for Meta's handshake", setting="VERIFY_TOKEN")
    verify = hmac_verifier(
        need(source), header="x-hub-signature-256", prefix="sha256=", signed=raw_body
    )
    greet = partial(_greet, source.verify_token.encode())
    return Channel(verify, _members, reader(partial(_commands, source.name)), greet)


def _greet(word: bytes, call: Call) -> Greeting | None:
    """Meta asks by GET when the URL is configured. Raises SignatureError for another word than ours."""
    asked = {name: call.query.getlist(f"hub.{name}") for name in ("mode", "verify_token")}
    if call.method != "GET" or not any(asked.values()):
        return None
    offered = "\n".join(asked["verify_token"]).encode()
    if not hmac.compare_digest(word, offered) or asked["mode"] != ["subscribe"]:
        raise SignatureError("handshake")
    return Greeting(call.query.get("hub.challenge", "").encode())


def _members(call: Call) -> Sequence[Member]:
    members = list(islice(_messages(call.raw), MOST_MESSAGES + 1))
    return members if len(members) <= MOST_MESSAGES else [Member(digest(call.raw), call.raw)]


def _messages(raw: bytes) -> Iterator[Member]:
    """Every message with its writer, and whatever is in its place and none."""
    bad: list[bytes] = []
    bodies = _shaped(_Body, [raw], bad)
    accounts = (one for body in bodies if body.object == _ACCOUNT for one in body.entry)
    changes = (one for account in _shaped(_Account, accounts, bad) for one in account.changes)
    told = (one.value for one in _shaped(_Change, changes, bad) if one.field == "messages")
    for value in _shaped(_Value, told, bad):
        writers = _writers(value.contacts)
        yield from (_member(bytes(message), writers) for message in value.messages)
    yield from (Member(digest(part), part) for part in bad)


def _shaped(
    shape: type[_Shape], raws: Iterable[bytes | msgspec.Raw], bad: list[bytes]
) -> Iterator[_Shape]:
    decoder = msgspec.json.Decoder(shape)
    for raw in raws:
        try:
            yield decoder.decode(raw)
        except UNREADABLE:
            bad.append(bytes(raw))


def _writers(contacts: Sequence[msgspec.Raw]) -> dict[str, bytes]:
    """What is told of the writers, by each of their ids."""
    return {
        known: bytes(raw)
        for raw in contacts
        if (contact := decoded(bytes(raw)))
        for known in (identifier(contact, "wa_id"), identifier(contact, "user_id"))
        if known
    }


def _member(message: bytes, writers: dict[str, bytes]) -> Member:
    read = decoded(message)
    writer = identifier(read, "from") or identifier(read, "from_user_id") or ""
    raw = b'{"contact":%s,"message":%s}' % (writers.get(writer, b"null"), message)
    return Member(identifier(read, "id") or digest(raw), raw)


def _commands(source: str, member: Any) -> Iterator[Contact]:
    message, contact = inside(member, "message"), inside(member, "contact")
    if not isinstance(message, dict):
        raise ReadingError("no message")
    demanded(message, "id")
    number = identifier(message, "from") or ""
    known_as = identifier(message, "from_user_id") or identifier(contact, "user_id")
    address = telephone_address(f"+{number}")
    if not (address or known_as):
        raise ReadingError("nobody wrote this")
    kind = demanded(message, "type")
    words, files = _words(kind, message), _files(kind, message)
    if words is None:
        return
    if not words.strip() and not files:
        raise ReadingError(f"a message of type {kind[:40]!r} that says nothing")
    ids = [one for one in (address and number, known_as) if one]
    yield from said(
        asker(
            source,
            known_as,
            ticket="",
            name=line(contact, "profile", "name"),
            phone=address.removeprefix("tel:") if address else "",
        ),
        words,
        epoch(message, "timestamp"),
        session=tuple(f"whatsapp:{one}" for one in ids),
        files=files,
    )


def _words(kind: str, message: Any) -> str | None:
    """What the customer says by a message of this kind; None for what is no message, or unknown."""
    match kind:
        case "text":
            return text(message, "text", "body")
        case "button":
            return text(message, "button", "text")
        case "interactive":
            return _choice(inside(message, "interactive"))
        case "location":
            where = inside(message, "location")
            latitude, longitude = inside(where, "latitude"), inside(where, "longitude")
            return place(latitude, longitude, line(where, "name"), line(where, "address"))
        case "contacts":
            return _cards(inside(message, "contacts"))
        case "order":
            return text(message, "order", "text") or "(An order from the catalogue.)"
        case "unsupported" | "unknown":
            what = text(message, "unsupported", "type")
            return None if what in _NOT_SAID else _WITHHELD
        case _:
            return text(message, kind, "caption") if kind in _FILES else None


def _choice(interactive: Any) -> str:
    """What was chosen, or the answers of a form as they are."""
    for reply in ("button_reply", "list_reply"):
        if title := text(interactive, reply, "title"):
            return "\n".join(filter(None, (title, text(interactive, reply, "description"))))
    return text(interactive, "nfm_reply", "response_json")


def _cards(cards: Any) -> str:
    """People whose cards were sent, a line each."""
    return "\n".join(
        f"Contact: {line(card, 'name', 'formatted_name')} {line(card, 'phones', 0, 'phone')}".rstrip()
        for card in (cards if isinstance(cards, list) else [])
    )


def _files(kind: str, message: Any) -> list[Attachment]:
    file = inside(message, kind)
    if kind not in _FILES or not isinstance(file, dict):
        return []
    return [unfetched(file, name="filename", kind="mime_type", otherwise=kind)]

"""CloudEvents 1.0 over HTTP: the generic webhook's commands as the data of events (docs/webhook.md).

One event in its JSON, a batch of them, or one with its attributes in headers; signed by Standard Webhooks.
That signature covers no header but its own. What stands in the headers of the third kind is therefore
compared, never believed: the body names its own type, and its repeats are known by the signed `webhook-id`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args
from urllib.parse import unquote

import msgspec

from services.intake.domain.commands import AnyCommand

from .base import OURS, Call, Channel, Member, Source
from .chats import decoded, reader
from .fields import demanded, identifier, inside, text
from .generic import MOST_COMMANDS, AnyPart
from .reading import UNREADABLE, ReadingError, decode_json, digest, elements
from .standard_webhooks import StandardWebhooks

#: The types of events that are commands; all others are somebody else's.
TYPES: Final = frozenset(part.__struct_config__.tag for part in get_args(AnyPart))

_EVENT: Final = "application/cloudevents"
_BATCH: Final = "application/cloudevents-batch+json"

#: Our own attribute: the others came in headers, unsigned.
_IN_HEADERS: Final = "inheaders"


def cloudevents(source: Source) -> Channel:
    """The adapter of one sender of events. Raises SecretError."""
    signatures = StandardWebhooks(source.secrets)
    return Channel(
        verify=lambda call, now: signatures.verify(call.headers, call.raw, now=now),
        members=_members,
        parse=reader(_commands),
        codes=OURS,
    )


def _members(call: Call) -> Sequence[Member]:
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _BATCH:
        return _batch(call.raw)
    if "ce-specversion" in call.headers and not kind.startswith(_EVENT):
        return (Member(call.headers["webhook-id"], _in_json(call)),)
    return (_member(call.raw),)


def _batch(raw: bytes) -> Sequence[Member]:
    """Every event on its own; one that is none spoils no other."""
    try:
        events = elements(raw)
    except ReadingError:
        return (Member(digest(raw), raw),)
    if len(events) > MOST_COMMANDS:
        return (Member(digest(raw), raw),)
    return [_member(event) for event in events]


def _member(raw: bytes) -> Member:
    """An event is known by its id together with its source (CloudEvents 1.0, 3.1)."""
    event = decoded(raw)
    source, event_id = identifier(event, "source"), identifier(event, "id")
    return Member(f"{source} {event_id}" if source and event_id else digest(raw), raw)


def _in_json(call: Call) -> bytes:
    """The same event in one document; a body that is no object stays as it is, and cannot be read."""
    data = decoded(call.raw)
    if not isinstance(data, dict):
        return call.raw
    named = ("specversion", "id", "source", "type")
    attributes = {name: unquote(call.headers.get(f"ce-{name}", "")) for name in named}
    attributes["datacontenttype"] = call.headers.get("content-type", "")
    return b'%s,"%s":true,"data":%s}' % (
        msgspec.json.encode(attributes)[:-1],
        _IN_HEADERS.encode(),
        call.raw,
    )


def _commands(event: Any) -> Iterator[AnyCommand]:
    kind = demanded(event, "type")
    if kind not in TYPES:
        return
    if text(event, "specversion") != "1.0":
        raise ReadingError("not specversion 1.0")
    demanded(event, "id")
    demanded(event, "source")
    data = _data(event)
    own = data.get("type")
    if own != kind and (own is not None or inside(event, _IN_HEADERS) is True):
        raise ReadingError("the type of the data is not the type of the event")
    at = {"occurred_at": time} if (time := text(event, "time")) else {}
    try:
        part: AnyPart = msgspec.convert({**at, **data, "type": kind}, type=AnyPart)
    except UNREADABLE as error:
        raise ReadingError(str(error)) from error
    yield part.command()


def _data(event: Any) -> dict[str, Any]:
    """The command, as JSON or as JSON in base64."""
    media = text(event, "datacontenttype").partition(";")[0].strip().lower() or "application/json"
    if media != "application/json" and not media.endswith("+json"):
        raise ReadingError(f"data of type {media[:40]!r}")
    data = inside(event, "data")
    if packed := text(event, "data_base64"):
        try:
            data = decode_json(base64.b64decode(packed, validate=True))
        except (binascii.Error, ValueError) as error:
            raise ReadingError(f"data_base64: {error}") from error
    if not isinstance(data, dict):
        raise ReadingError("the data are no object")
    return data

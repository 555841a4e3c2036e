"""Reading what a provider sent: bytes of which anything may be true.

All that can go wrong is a ReadingError; with `parsed` it becomes a parked delivery (semantics D1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from services.intake.domain.commands import AnyCommand
from services.intake.domain.delivery import Unreadable

from .base import Parsed
from .bounds import BoundsError, check

_T = TypeVar("_T")

#: What decoding foreign bytes can raise.
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, BoundsError)

_value_decoder = msgspec.json.Decoder()
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])


class ReadingError(ValueError):
    """An authentic body that says nothing we understand, though it should; the message says why."""


def parsed(
    raw: bytes, commands_of: Callable[[bytes], AnyCommand | Sequence[AnyCommand] | None]
) -> Parsed:
    """The command or commands that `commands_of` makes of a member; all of it, or all unreadable."""
    try:
        made = commands_of(raw)
    except ReadingError as error:
        return Parsed((), (Unreadable(0, raw, str(error)),))
    if made is None:
        return Parsed()
    return Parsed(tuple(enumerate(made if isinstance(made, Sequence) else (made,))))


def decode_json(raw: bytes) -> Any:
    """The value of a JSON text of bounded size and depth, without NULs. Raises ReadingError."""
    try:
        check(raw)
        value = _value_decoder.decode(raw)
    except UNREADABLE as error:
        raise ReadingError(str(error) or type(error).__name__) from error
    return without_nul(value) if rb"\u0000" in raw else value


def read(raw: bytes | msgspec.Raw, kind: type[_T]) -> _T:
    """A JSON text as a `kind`; fields it does not name are ignored. Raises ReadingError."""
    value = decode_json(bytes(raw))
    try:
        return msgspec.convert(value, kind)
    except UNREADABLE as error:
        raise ReadingError(str(error)) from error


def elements(raw: bytes) -> list[bytes]:
    """The bytes of every element of a JSON array. Raises ReadingError."""
    try:
        return [bytes(element) for element in _list_decoder.decode(raw)]
    except UNREADABLE as error:
        raise ReadingError(str(error) or type(error).__name__) from error


def without_nul(value: Any) -> Any:
    """PostgreSQL stores no NUL, and a customer's words must not be lost for one: it is dropped."""
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [without_nul(member) for member in value]
        case dict():
            return {without_nul(name): without_nul(member) for name, member in value.items()}
        case _:
            return value


def instant(seconds: float | str | None) -> datetime | None:
    """The instant so many seconds after 1970 began, None for what is none."""
    try:
        counted = float(seconds) if seconds is not None else -1.0
        return datetime.fromtimestamp(counted, UTC) if counted > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def key_of(identity: str | None, raw: bytes) -> str:
    """The provider's own id of what it tells; without one, equal bytes are a repeat (webhooks 5)."""
    return identity or digest(raw)


def digest(*parts: bytes | str) -> str:
    """A key made of `parts`: SHA-256 in hex, with the parts kept apart."""
    made = hashlib.sha256()
    for part in parts:
        encoded = part.encode() if isinstance(part, str) else part
        made.update(len(encoded).to_bytes(8, "big") + encoded)
    return made.hexdigest()

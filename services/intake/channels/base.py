"""What a channel is: how a source proves itself, what tells a repeat, and what it wishes for.

A channel is a value made of functions, built once from its source's settings. Adding one is a file with
such a function, a line in the registry and a golden test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from starlette.datastructures import Headers, QueryParams

from services.intake.domain.commands import AnyCommand
from services.intake.domain.delivery import Unreadable


class SignatureError(Exception):
    """The call is not authentic; `reason` is a word for the metrics, told to nobody outside."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SecretError(ValueError):
    """A source cannot be used as it is configured: what is wrong with which of its settings."""

    def __init__(self, message: str, *, setting: str = "SECRETS") -> None:
        super().__init__(message)
        self.setting = setting


@dataclass(frozen=True, slots=True)
class Source:
    """What a channel is told about its source: one or two `secrets`, and where the world sees it.

    `public_url` is the webhook's whole URL as the provider was given it: schemes that sign the URL
    (Twilio, HubSpot) check that one, never what the request says of itself (security S06).
    `verify_token` is what Meta's handshake repeats.
    """

    name: str
    secrets: tuple[str, ...]
    public_url: str | None = None
    verify_token: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call as it came: `token` is the last part of a path with one, None without."""

    method: str
    headers: Headers
    raw: bytes = b""
    query: QueryParams = field(default_factory=QueryParams)
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One thing that a call tells, with the key that is the same for every repeat of it (webhooks 5).

    `raw` is all that `parse` needs: a member that is parked is read again from these bytes alone. `digest`
    tells what a repeat must repeat, where a provider counts its attempts in the body; else it is all of it.
    """

    key: str
    raw: bytes
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a member holds: commands and what could not be read, numbered together in its order."""

    commands: tuple[tuple[int, AnyCommand], ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a handshake is answered with, or a provider that takes an answer for an order."""

    content: bytes
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Codes:
    """The status codes a provider understands (webhooks 4).

    `crowded` answers a source over its quota; 503 instead of 429 where the provider gives up on 429.
    """

    accepted: int = 200
    repeated: int = 200
    refused: int = 401
    crowded: int = 429


#: Vendors count everything but 200 as a failure.
VENDOR: Final = Codes()

#: Senders that read the answer learn whether it was new.
OURS: Final = Codes(accepted=202)

MEBIBYTE: Final = 1024 * 1024


def no_greeting(call: Call) -> Greeting | None:  # noqa: ARG001 - the signature of all of them
    """Most providers shake no hands."""
    return None


@dataclass(frozen=True, slots=True)
class Channel:
    """One source's adapter.

    `verify` runs over the raw bytes before anything is parsed, compares in constant time, tries all
    secrets and raises nothing but SignatureError. `greet` answers a handshake: for a POST after
    `verify`; for a GET, which nobody signs, it is all there is (None: no such thing). `members` splits
    an authentic call: a body that cannot be split is one member. `parse` raises nothing: what cannot be
    read is part of the answer, because a retry would bring the same bytes again (semantics D1).
    `greet` raises SignatureError for a handshake with the wrong word. `answer` is said to whoever is told
    nothing of what became of it, because the provider acts on what it is answered.
    `retried` is whether the provider tries again by itself what was answered 503: where it does not, a
    call is let in from the reserve that busy times leave (webhooks 4).
    """

    verify: Callable[[Call, datetime], None]
    members: Callable[[Call], Sequence[Member]]
    parse: Callable[[bytes], Parsed]
    greet: Callable[[Call], Greeting | None] = no_greeting
    codes: Codes = VENDOR
    most_bytes: int = MEBIBYTE
    answer: Greeting | None = None
    retried: bool = True


#: Makes a channel for a source. Raises SecretError.
MakeChannel: TypeAlias = Callable[[Source], Channel]

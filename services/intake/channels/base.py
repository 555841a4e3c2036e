"""What a channel is: it tells whether a call is authentic, what tells a repeat, and what it wishes for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.datastructures import Headers

from services.intake.domain.commands import AnyCommand
from services.intake.domain.delivery import Unreadable


class SignatureError(Exception):
    """The call is not authentic; `reason` is a word for the metrics, told to nobody outside."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SecretError(ValueError):
    """A configured secret cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a body holds: commands and what could not be read, numbered together in its order."""

    commands: tuple[tuple[int, AnyCommand], ...]
    unreadable: tuple[Unreadable, ...] = ()


class Channel(Protocol):
    """One source's adapter, built once with its secrets.

    `verify` runs over the raw bytes before anything is parsed, compares in constant time, tries all
    secrets and raises nothing but SignatureError. `parse` raises nothing: what cannot be read is
    part of the answer, because a retry would bring the same bytes again (semantics D1).
    """

    def verify(self, headers: Headers, raw: bytes, *, now: datetime) -> None:
        """Raise SignatureError unless the call is authentic and no older or newer than allowed."""
        ...

    def dedupe_key(self, headers: Headers, raw: bytes) -> str:
        """What is the same for every repeat of this delivery, and only for those."""
        ...

    def parse(self, raw: bytes) -> Parsed:
        """The commands in an authentic body."""
        ...

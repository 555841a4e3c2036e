"""From records to events: pure, and never raises. What is no event of ours keeps its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from shared.contracts import Event, UndecodableError, UnknownTypeError, decode
from shared.ids import TIERLINE, derived_id
from shared.kafka.records import Record


@dataclass(frozen=True, slots=True)
class Received:
    """A record and the event in it."""

    record: Record
    event: Event

    @property
    def id(self) -> UUID:
        """The event's id: what the inbox knows it by."""
        return self.event.id

    @property
    def type(self) -> str:
        """The event's type."""
        return self.event.type

    @property
    def key(self) -> str:
        """Whom it is about: what order is kept for. It is the record's key (`read`)."""
        return self.record.key or ""

    @property
    def stream(self) -> tuple[str, str]:
        """Topic and key: what the event's sequence counts in."""
        return self.record.topic, self.record.key or ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no event this release can read, and why."""

    record: Record
    id: UUID
    error: str

    type = "undecodable"

    @property
    def key(self) -> str | None:
        """The record's key, if it has one. NUL, which PostgreSQL refuses, is written out."""
        return self.record.key.replace("\0", "\\0") if self.record.key else None


Entry: TypeAlias = Received | Unreadable


def read_all(records: Iterable[Record]) -> list[Entry]:
    """Every record as an event or as unreadable, in order."""
    return [read(record) for record in records]


def read(record: Record) -> Entry:
    """The event in `record`, or why there is none."""
    try:
        event = decode(record.value)
    except UndecodableError as error:
        return Unreadable(record, _id_of(record, error), str(error).replace("\0", "\\0"))
    if misplaced := _misplaced(record, event):
        return Unreadable(record, _place_id(record), misplaced)
    return Received(record, event)


def _misplaced(record: Record, event: Event) -> str | None:
    """Order is kept by topic and key, so an event under another's cannot be applied."""
    if event.topic != record.topic:
        return f"{event.type} belongs on {event.topic}"
    subject = event.subject
    if subject != record.key:
        return f"the key is not the subject {subject!r}"
    if "\0" in subject:
        return "the subject contains NUL"
    if event.sequence < 1:
        return f"the sequence is {event.sequence}"
    return None


def _id_of(record: Record, error: UndecodableError) -> UUID:
    """An event of an unknown version has its own id, so that a rebuild repeats it."""
    if isinstance(error, UnknownTypeError):
        try:
            return UUID(record.headers.get("ce_id", ""))
        except ValueError:
            return _place_id(record)
    return _place_id(record)


def _place_id(record: Record) -> UUID:
    """Derived from place and bytes: a topic made anew has the same places again."""
    digest = hashlib.sha256(record.value).hexdigest()
    return derived_id(
        derived_id(TIERLINE, record.topic), f"{record.partition}:{record.offset}:{digest}"
    )

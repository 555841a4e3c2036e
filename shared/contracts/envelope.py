"""The envelope: every event is a CloudEvents 1.0 document in structured JSON (ADR 0010).

The same bytes are in the outbox, on the topic, in the golden examples and in the docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.ids import derived_id

from .payload import PAYLOADS, Payload, type_of
from .vocabulary import Instant

CONTENT_TYPE: Final = "application/cloudevents+json"

#: An event above this size is refused when it is written, so the broker never refuses it later.
MAX_EVENT_BYTES: Final = 256 * 1024


class UndecodableError(Exception):
    """These bytes are no event of ours; the message says why."""


class UnknownTypeError(UndecodableError):
    """A CloudEvent of a type or version this release does not know. Parked, never dropped."""


class OversizedEventError(ValueError):
    """An event is larger than MAX_EVENT_BYTES."""


class Cause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What makes something follow: the event's id, the root of its chain, and its trace."""

    id: UUID
    correlation_id: UUID
    traceparent: str | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One fact, published or about to be.

    `time` is when it happened (semantics T1, T10), `recorded_time` when it was written. `sequence` is
    gapless from 1 per (subject, topic) and 0 until the outbox has numbered the event (ruling 2).
    """

    id: UUID
    source: str
    time: datetime
    recorded_time: datetime
    payload: Payload
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None
    sequence: int = 0

    @property
    def type(self) -> str:
        """The CloudEvents type."""
        return type_of(self.payload).event_type

    @property
    def topic(self) -> str:
        """The topic it belongs to, without a deployment's prefix."""
        return type_of(self.payload).topic

    @property
    def subject(self) -> str:
        """Ticket id (agent id on support.agents, name on support.calendars); the Kafka key."""
        return self.payload.subject

    @property
    def cause(self) -> Cause:
        """This event as the cause of what follows from it."""
        return Cause(id=self.id, correlation_id=self.correlation_id, traceparent=self.traceparent)


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """What a core says, before it is an event.

    `time` is the nominal instant (default: the batch's now); `id` the derived id of a time or ladder
    fact (semantics T9; default: derived from the cause, the type and its ordinal).
    """

    cause: Cause
    payload: Payload
    time: datetime | None = None
    id: UUID | None = None


def follow_ups_to_events(follow_ups: list[FollowUp], *, source: str, now: datetime) -> list[Event]:
    """Turn what a service says into events, each with the id that a repeat would give it again."""
    ordinals: dict[tuple[UUID, str], int] = {}
    events = []
    for said in follow_ups:
        event_type = type_of(said.payload).event_type
        ordinal = ordinals.get((said.cause.id, event_type), 0)
        ordinals[said.cause.id, event_type] = ordinal + 1
        events.append(
            Event(
                id=said.id or derived_id(said.cause.id, f"{event_type}:{ordinal}"),
                source=source,
                time=said.time or now,
                recorded_time=now,
                payload=said.payload,
                correlation_id=said.cause.correlation_id,
                causation_id=said.cause.id,
                traceparent=said.cause.traceparent,
            )
        )
    return events


class _Wire(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The CloudEvents attributes as they stand in the JSON document."""

    id: UUID
    source: str
    type: str
    subject: str
    time: Instant
    recordedtime: Instant
    dataschema: str
    partitionkey: str
    sequence: str
    correlationid: UUID
    data: msgspec.Raw
    specversion: str
    datacontenttype: str
    causationid: UUID | None = None
    traceparent: str | None = None


_encoder = msgspec.json.Encoder()
_wire_decoder = msgspec.json.Decoder(_Wire)
_data_decoders: dict[str, msgspec.json.Decoder[Payload]] = {}


def encode(event: Event) -> bytes:
    """The event as a CloudEvents JSON document. Raises OversizedEventError above 256 KiB."""
    described, subject = type_of(event.payload), event.subject
    document = _encoder.encode(
        _Wire(
            specversion="1.0",
            datacontenttype="application/json",
            id=event.id,
            source=event.source,
            type=described.event_type,
            subject=subject,
            time=event.time,
            recordedtime=event.recorded_time,
            dataschema=described.schema_urn,
            partitionkey=subject,
            sequence=f"{event.sequence:010d}",
            correlationid=event.correlation_id,
            causationid=event.causation_id,
            traceparent=event.traceparent,
            data=msgspec.Raw(_encoder.encode(event.payload)),
        )
    )
    if len(document) > MAX_EVENT_BYTES:
        raise OversizedEventError(
            f"{described.event_type} of {subject} has {len(document)} bytes, "
            f"at most {MAX_EVENT_BYTES} are allowed"
        )
    return document


def headers(event: Event) -> Mapping[str, str]:
    """The Kafka headers that let a subscriber filter without parsing."""
    named = {"content-type": CONTENT_TYPE, "ce_type": event.type, "ce_id": str(event.id)}
    return named | {"traceparent": event.traceparent} if event.traceparent else named


def decode(document: bytes) -> Event:
    """The event in `document`; unknown attributes and data fields are ignored.

    Raises UnknownTypeError for a type or version we do not know, UndecodableError for anything else
    that is wrong, with the JSON path of the first fault.
    """
    try:
        wire = _wire_decoder.decode(document)
        payload = _data_decoder(wire.type).decode(wire.data)
        sequence = int(wire.sequence)
    except UndecodableError:
        raise
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UndecodableError(f"{type(error).__name__}: {error}") from error
    if payload.subject != wire.subject:
        raise UndecodableError(f"subject {wire.subject!r} is not the data's {payload.subject!r}")
    return Event(
        id=wire.id,
        source=wire.source,
        time=wire.time,
        recorded_time=wire.recordedtime,
        payload=payload,
        correlation_id=wire.correlationid,
        causation_id=wire.causationid,
        traceparent=wire.traceparent,
        sequence=sequence,
    )


def _data_decoder(event_type: str) -> msgspec.json.Decoder[Payload]:
    known = _data_decoders.get(event_type)
    if known is None:
        described = PAYLOADS.get(event_type)
        if described is None:
            raise UnknownTypeError(f"no event type {event_type!r} in this release")
        known = _data_decoders[event_type] = msgspec.json.Decoder(described.cls)
    return known

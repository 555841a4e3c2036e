"""Every event type has a golden example that is never deleted and decodes for ever."""

import json
from pathlib import Path

import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat

from shared.contracts import (
    MAX_EVENT_BYTES,
    PAYLOADS,
    Event,
    OversizedEventError,
    TicketOpened,
    UndecodableError,
    UnknownTypeError,
    decode,
    encode,
    headers,
)
from tests.support.builders import PAYLOAD_EXAMPLES, a, an_event

EXAMPLES = Path(__file__).parents[2] / "shared" / "contracts" / "examples"
FILES = sorted(EXAMPLES.glob("*/*.json"))


@pytest.mark.parametrize("event_type", sorted(PAYLOADS))
def test_every_event_type_has_a_golden_example(event_type: str) -> None:
    assert list((EXAMPLES / event_type).glob("*.json")) != []


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_golden_example_of_any_age_decodes_and_encodes_to_itself(file: Path) -> None:
    document = file.read_bytes()

    event = decode(document)

    assert json.loads(encode(event)) == json.loads(document)


@pytest.mark.parametrize("payload", PAYLOAD_EXAMPLES, ids=lambda p: type(p).__name__)
def test_the_wire_keeps_everything(payload: msgspec.Struct) -> None:
    event = an_event(payload)  # type: ignore[arg-type]

    assert decode(encode(event)) == event


def test_the_envelope_is_a_cloud_event_to_the_reference_implementation() -> None:
    document = encode(an_event(a(TicketOpened)))

    read = JSONFormat().read(None, document)

    assert read.get_type() == "support.ticket.opened.v1"
    assert read.get_extension("sequence") == "0000000001"
    assert read.get_extension("partitionkey") == read.get_subject()


def test_headers_let_a_subscriber_filter_without_parsing() -> None:
    event = an_event(a(TicketOpened))

    assert headers(event) == {
        "content-type": "application/cloudevents+json",
        "ce_type": "support.ticket.opened.v1",
        "ce_id": str(event.id),
        "traceparent": event.traceparent,
    }


def test_unknown_attributes_and_fields_are_ignored() -> None:
    document = json.loads(encode(an_event(a(TicketOpened))))
    document["newattribute"] = "x"
    document["data"]["new_field"] = {"deep": [1]}

    assert decode(json.dumps(document).encode()) == an_event(a(TicketOpened))


def changed(**changes: object) -> bytes:
    return json.dumps(json.loads(encode(an_event(a(TicketOpened)))) | changes).encode()


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"not json", "JSON is malformed"),
        (b"\xff\xfe", "invalid"),
        (b"[" * 100_000, "Expected `object`"),
        (b"{}", "missing required field"),
        (changed(id="7"), "Invalid UUID"),
        (changed(data={"ticket_id": "x"}), "Invalid UUID"),
        (changed(time="2026-06-01T10:00:00"), "timezone"),
        (changed(subject="somebody else"), "is not the data's"),
        (changed(sequence="many"), "invalid literal"),
    ],
)
def test_bytes_that_are_no_event_are_refused_with_a_reason(document: bytes, says: str) -> None:
    with pytest.raises(UndecodableError, match=says):
        decode(document)


def test_an_unknown_version_is_told_apart_from_rubbish() -> None:
    with pytest.raises(UnknownTypeError, match=r"support\.ticket\.opened\.v9"):
        decode(changed(type="support.ticket.opened.v9"))


def test_an_event_too_large_for_the_broker_is_refused_when_it_is_written() -> None:
    event: Event = an_event(a(TicketOpened, signals=["x" * MAX_EVENT_BYTES]))

    with pytest.raises(OversizedEventError, match="at most 262144"):
        encode(event)

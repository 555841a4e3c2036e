"""From records to events: what is no event of ours keeps its bytes and gets a derived id."""

from uuid import UUID

from shared.contracts import TicketOpened, encode, headers
from shared.kafka.records import Record
from shared.runtime.decoding import Received, Unreadable, read
from tests.support.builders import MONDAY_10, TICKET, a, an_event

EVENT = an_event(a(TicketOpened))


def a_record(
    value: bytes | None = None,
    *,
    topic: str = "support.tickets",
    key: str | None = str(TICKET),
    offset: int = 7,
    ce_id: str = str(EVENT.id),
) -> Record:
    return Record(
        topic=topic,
        partition=3,
        offset=offset,
        key=key,
        value=encode(EVENT) if value is None else value,
        headers={**headers(EVENT), "ce_id": ce_id},
        timestamp=MONDAY_10,
    )


def the_unreadable(record: Record) -> Unreadable:
    found = read(record)
    assert isinstance(found, Unreadable)
    return found


def test_an_event_is_received_as_it_was_sent() -> None:
    found = read(a_record())

    assert isinstance(found, Received)
    assert EVENT == found.event
    assert ("support.tickets", str(TICKET)) == found.stream


def test_bytes_that_are_no_event_keep_their_key() -> None:
    found = the_unreadable(a_record(b"\xff not json"))

    assert str(TICKET) == found.key
    assert "DecodeError" in found.error


def test_the_same_bytes_at_the_same_place_have_the_same_id() -> None:
    assert the_unreadable(a_record(b"x")).id == the_unreadable(a_record(b"x")).id


def test_other_bytes_or_another_place_have_another_id() -> None:
    ids = {
        the_unreadable(a_record(b"x")).id,
        the_unreadable(a_record(b"y")).id,
        the_unreadable(a_record(b"x", offset=8)).id,
    }

    assert len(ids) == 3


def test_an_unknown_version_is_known_by_its_own_id_wherever_it_stands() -> None:
    newer = encode(EVENT).replace(b"ticket.opened.v1", b"ticket.opened.v9")

    assert EVENT.id == the_unreadable(a_record(newer)).id
    assert EVENT.id == the_unreadable(a_record(newer, offset=99)).id


def test_an_unknown_version_without_a_usable_id_is_known_by_its_place() -> None:
    newer = encode(EVENT).replace(b"ticket.opened.v1", b"ticket.opened.v9")
    found = the_unreadable(a_record(newer, ce_id="nonsense"))

    assert isinstance(found.id, UUID)
    assert EVENT.id != found.id


def test_an_event_on_anothers_topic_or_key_is_unreadable() -> None:
    assert "belongs on support.tickets" in the_unreadable(a_record(topic="support.sla")).error
    assert "the key is not the subject" in the_unreadable(a_record(key="somebody")).error


def test_an_event_without_a_sequence_is_unreadable() -> None:
    unnumbered = encode(an_event(a(TicketOpened), sequence=0))

    assert the_unreadable(a_record(unnumbered)).error == "the sequence is 0"


def test_a_nul_in_a_key_is_written_out() -> None:
    assert the_unreadable(a_record(b"x", key="a\0b")).key == "a\\0b"

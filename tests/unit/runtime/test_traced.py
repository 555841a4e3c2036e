"""The spans of a transaction are told when it is committed, and say what it came of."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from uuid_utils.compat import uuid7

from shared.contracts import Author, Cause, Event, FollowUp, TicketClosed
from shared.contracts.vocabulary import AuthorKind, CloseReason
from shared.kafka.records import Record
from shared.observability.spans import LONG_AFTER, origin
from shared.observability.tracing import new_traceparent, trace_id
from shared.runtime.decoding import Received
from shared.runtime.traced import Step, Traced
from tests.support.builders import MONDAY_10
from tests.support.toy import a_message
from tests.support.traces import Recorder, attributes, id_of, parent_id, service_of, trace_of

CAUSE = new_traceparent()
BY = Author(kind=AuthorKind.SYSTEM)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def received(event: Event) -> Received:
    record = Record(event.topic, 3, 17, event.subject, b"", {}, MONDAY_10)
    return Received(record, event)


def an_event(traceparent: str | None = CAUSE) -> Event:
    return msgspec.structs.replace(a_message(1, 1), traceparent=traceparent)


def a_closing(ticket_id: UUID, traceparent: str | None = CAUSE) -> FollowUp:
    cause = Cause(id=uuid4(), correlation_id=ticket_id, traceparent=traceparent)
    return FollowUp(
        cause=cause, payload=TicketClosed(ticket_id=ticket_id, by=BY, reason=CloseReason.TIMEOUT)
    )


def opened(ago: timedelta) -> UUID:
    """The id of a ticket that was opened so long ago."""
    now = uuid7()
    return UUID(int=now.int - (int(ago.total_seconds() * 1000) << 80))


def test_what_is_said_in_a_transaction_that_fails_is_not_told(recorder: Recorder) -> None:
    with contextlib.suppress(ValueError), Traced(recorder.tracer("router")) as traced:
        traced.heard([received(an_event())])
        traced.said([an_event()])
        raise ValueError("no room")

    (span,) = recorder.spans
    assert ("process", "ValueError") == (span.name.split()[0], attributes(span)["error.type"])


def test_a_part_that_is_undone_alone_fails_alone(recorder: Recorder) -> None:
    with Traced(recorder.tracer("router")) as traced:
        with contextlib.suppress(ValueError), traced.part():
            traced.heard([received(an_event())])
            traced.said([an_event()])
            raise ValueError("poison")
        with traced.part():
            traced.heard([received(an_event())])

    assert {None, "ValueError"} == {attributes(one).get("error.type") for one in recorder.spans}
    assert 2 == len(recorder.spans)


def test_a_handler_is_given_its_own_span_as_what_follows_carries(recorder: Recorder) -> None:
    event = an_event()
    with Traced(recorder.tracer("router")) as traced:
        (given,) = traced.heard([received(event)])

    (span,) = recorder.spans
    assert f"00-{trace_of(span)}-{id_of(span):016x}-01" == given.traceparent
    assert trace_id(event.traceparent) == trace_of(span)
    assert msgspec.structs.replace(given, traceparent=CAUSE) == event
    assert (3, 17, 1) == (
        int(attributes(span)["messaging.destination.partition.id"]),
        attributes(span)["messaging.kafka.offset"],
        attributes(span)["messaging.batch.message_count"],
    )


def test_an_event_of_no_trace_begins_none(recorder: Recorder) -> None:
    event = an_event(traceparent=None)
    with Traced(recorder.tracer("router")) as traced:
        assert (event,) == traced.heard([received(event)])
        assert [event] == traced.said([event])

    assert [] == recorder.spans


def test_while_traces_are_off_events_are_the_same_objects() -> None:
    event, said = an_event(), [an_event()]
    with Traced() as traced:
        assert traced.heard([received(event)])[0] is event
        assert traced.said(said) is said
        assert CAUSE == traced.did("plan notification", CAUSE)


@pytest.mark.parametrize(
    ("ago", "step", "is_linked"),
    [
        (timedelta(minutes=8), Step("timer fired", by_time=True), False),
        (timedelta(hours=2), Step("timer fired", by_time=True), True),
        (timedelta(hours=2), Step("dispatch"), False),
    ],
    ids=["soon", "late", "not-by-time"],
)
def test_what_time_brings_about_long_after_begins_a_trace_with_a_link(
    ago: timedelta, step: Step, *, is_linked: bool, recorder: Recorder
) -> None:
    ticket = opened(ago)
    with Traced(recorder.tracer("escalator")) as traced:
        (said,) = traced.stepped(step, [a_closing(ticket)])

    (span,) = recorder.spans
    linked = [f"{link.context.trace_id:032x}" for link in span.links]
    assert (step.name, "escalator") == (span.name, service_of(span))
    assert ([trace_id(CAUSE)] if is_linked else []) == linked
    assert is_linked == (trace_id(CAUSE) != trace_of(span))
    assert is_linked == (parent_id(span) is None)
    assert trace_of(span) == trace_id(said.cause.traceparent)


def test_a_step_says_several_things_about_a_ticket_under_one_span(recorder: Recorder) -> None:
    first, second = opened(timedelta()), opened(timedelta())
    with Traced(recorder.tracer("router")) as traced:
        said = traced.stepped(
            Step("dispatch"), [a_closing(first), a_closing(first), a_closing(second)]
        )

    assert [str(first), str(second)] == [
        attributes(one)["tierline.ticket_id"] for one in recorder.spans
    ]
    carried = [one.cause.traceparent for one in said]
    assert carried[0] == carried[1] != carried[2]


def test_a_gap_of_an_hour_turns_a_parent_into_a_link() -> None:
    just_before = LONG_AFTER - timedelta(seconds=1)

    assert (CAUSE, ()) == origin(CAUSE, just_before)
    assert (None, (CAUSE,)) == origin(CAUSE, LONG_AFTER)
    assert (None, ()) == origin(None, LONG_AFTER)

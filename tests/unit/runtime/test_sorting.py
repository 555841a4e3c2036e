"""What is applied of a batch, where a service hears of itself."""

from __future__ import annotations

from shared.contracts import NotificationSent, SlaBreached, encode, headers
from shared.kafka.records import Record
from shared.runtime.decoding import Received, read
from shared.runtime.sorting import sort
from tests.support.builders import MONDAY_10, a, an_event


def received(kind: type[NotificationSent | SlaBreached], sequence: int) -> Received:
    event = an_event(a(kind), sequence=sequence)
    entry = read(
        Record(
            topic=event.topic,
            partition=0,
            offset=sequence,
            key=event.subject,
            value=encode(event),
            headers=headers(event),
            timestamp=MONDAY_10,
        )
    )
    assert isinstance(entry, Received)
    return entry


def test_what_a_service_hears_of_itself_was_counted_when_it_was_written() -> None:
    """Its stream stands at three: it wrote them all before it hears the first."""
    own = [received(NotificationSent, n) for n in (1, 2, 3)]
    found = sort(own, last={own[0].stream: 3}, stalled=(), own="/notifier")

    assert (own, [], []) == (found.apply, found.parked, found.truncated)


def test_what_others_wrote_twice_is_late_as_ever() -> None:
    late = received(SlaBreached, 2)
    found = sort([late], last={late.stream: 2}, stalled=(), own="/notifier")

    assert ([], ["late"]) == (found.apply, [one.reason.value for one in found.parked])


def test_what_a_service_hears_of_itself_waits_behind_what_is_parked_of_its_ticket() -> None:
    own = received(NotificationSent, 1)
    found = sort([own], last={}, stalled=(own.key or "",), own="/notifier")

    assert ["stalled"] == [one.reason.value for one in found.parked]

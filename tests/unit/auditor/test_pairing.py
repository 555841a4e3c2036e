"""Clocks that are not recomputed begin and end once."""

from __future__ import annotations

from services.auditor.pairing import unpaired
from shared.contracts import Event, SlaBreached, SlaCancelled, SlaMet, SlaResumed, SlaStarted
from shared.contracts.vocabulary import Metric
from tests.support.builders import a, an_event

ACCEPT = Metric.LEVEL_ACCEPT


def events(
    *kinds: type[SlaStarted | SlaMet | SlaCancelled | SlaResumed | SlaBreached],
) -> list[Event]:
    return [
        an_event(a(kind, metric=ACCEPT, cycle=1), sequence=n) for n, kind in enumerate(kinds, 1)
    ]


def words(log: list[Event]) -> list[str]:
    return [finding.words for finding in unpaired(log)]


def test_X2_a_level_clock_that_begins_and_ends_once_is_right() -> None:
    assert [] == words(events(SlaStarted, SlaBreached, SlaMet))


def test_X2_a_level_clock_that_ends_without_a_beginning_or_twice_is_found() -> None:
    assert ["ended without a beginning"] == words(events(SlaMet))
    assert ["ended without a beginning"] == words(events(SlaStarted, SlaMet, SlaCancelled))


def test_X2_a_level_clock_that_begins_twice_is_found() -> None:
    assert ["began twice"] == words(events(SlaStarted, SlaStarted))


def test_M4_a_clock_that_a_merge_ended_goes_on_and_ends_again() -> None:
    assert [] == words(events(SlaStarted, SlaCancelled, SlaResumed, SlaMet))


def test_T9_an_id_that_stands_for_two_events_is_found() -> None:
    first, second = events(SlaStarted, SlaMet)
    twin = an_event(second.payload, at=second.time, sequence=3, event_id=first.id)

    assert ["another event has the same id"] == words([first, twin])
    assert [] == words([first, first])

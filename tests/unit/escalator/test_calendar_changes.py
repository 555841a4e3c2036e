"""What is told of calendars: every change once, and by it an auditor knows what the escalator counts in (C4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.auditor import calendars_told
from services.escalator.domain.calendar_changes import untold
from services.escalator.domain.versions import CalendarDays, Version, histories
from shared.contracts import CalendarChanged
from tests.support.audits import told_of
from tests.support.cases import MIDNIGHT

OFFICE = CalendarDays(
    zone="Europe/Berlin",
    weekly=dict.fromkeys(range(5), ((540, 1020),)),
    holidays=(),
    exceptions={},
)
MORNINGS = replace(OFFICE, weekly=dict.fromkeys(range(5), ((540, 720),)))
CLOSED_ONCE = replace(OFFICE, exceptions={date(2026, 6, 2): ()})


def version(number: int, begins: datetime = MIDNIGHT, **calendars: CalendarDays) -> Version:
    return Version(
        number=number,
        digest=f"{number:012}",
        tzdata="2025b",
        calendars=calendars,
        effective_from=begins,
        applied_at=MIDNIGHT,
        applied_by="maria",
        note="",
    )


def later(hours: int) -> datetime:
    return MIDNIGHT + timedelta(hours=hours)


def said(versions: list[Version], **told: int) -> list[tuple[str, int]]:
    payloads = [item.payload for item in untold(versions, told)]
    return [(p.calendar, p.workflow_version) for p in payloads if isinstance(p, CalendarChanged)]


def test_C4_the_first_version_tells_of_all_calendars_and_another_of_those_it_changes() -> None:
    known = [version(1, office=OFFICE, early=MORNINGS)]
    assert [("early", 1), ("office", 1)] == said(known)

    known.append(version(2, later(1), office=CLOSED_ONCE, early=MORNINGS))
    assert [("office", 2)] == said(known, office=1, early=1)
    assert [] == said(known, office=2, early=1)


def test_C4_the_same_hours_for_an_earlier_instant_are_a_change() -> None:
    known = [version(1, office=OFFICE), version(2, later(9), office=MORNINGS)]

    assert [("office", 3)] == said([*known, version(3, later(5), office=MORNINGS)], office=2)
    assert [] == said([*known, version(3, later(10), office=MORNINGS)], office=2)


def test_a_change_has_the_same_id_whoever_tells_of_it() -> None:
    known = [version(1, office=OFFICE), version(2, later(1), office=MORNINGS)]

    assert [item.id for item in untold(known, {})][1:] == [
        item.id for item in untold(known, {"office": 1})
    ]


def test_hours_that_no_event_can_hold_are_left_out_and_the_change_is_told() -> None:
    endless = {date(2020, 1, 1) + timedelta(days=n): ((0, 60),) for n in range(9000)}
    [item] = untold([version(1, office=replace(OFFICE, exceptions=endless))], {})

    assert isinstance(item.payload, CalendarChanged)
    assert item.payload.hours is None


ANY_VERSIONS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.dictionaries(
            st.sampled_from(["office", "early"]),
            st.sampled_from([OFFICE, MORNINGS, CLOSED_ONCE]),
        ),
    ),
    max_size=8,
)


@given(ANY_VERSIONS)
def test_C4_who_is_told_of_the_changes_knows_what_the_escalator_counts_in(
    decided: list[tuple[int, dict[str, CalendarDays]]],
) -> None:
    versions = [version(n, later(at), **named) for n, (at, named) in enumerate(decided, start=1)]
    counts_in, told = histories(versions), calendars_told.histories(told_of(versions))

    assert counts_in.keys() == told.keys()
    for name, history in counts_in.items():
        for hour in range(-24, 24 * 9):
            assert history.is_open(later(hour)) == told[name].is_open(later(hour)), (name, hour)

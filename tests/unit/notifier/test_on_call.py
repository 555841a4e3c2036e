"""Who is on call: one holder at every instant, handovers at their local time, overrides first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.on_call import Duties, Duty, Override, Source
from services.notifier.domain.on_call_calendar import (
    ShiftsError,
    calendar_of,
    override_of,
    shifts_of,
)
from services.notifier.domain.recipient import Recipient
from shared.ical import NoCalendarError
from shared.policy import Rotation
from tests.support.builders import MONDAY_10
from tests.support.telling import ANA, ELIF, EVERYBODY, SOFIA

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: Zones that change their clocks at midnight, by half an hour, across the date line, or never.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Beirut",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "UTC",
)

instants = st.datetimes(datetime(2009, 1, 1), datetime(2037, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
rotations = st.builds(
    Rotation,
    members=st.sampled_from([("a",), ("a", "b"), ("a", "b", "c"), ("a", "a", "b")]),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    days=st.just(1),
    weekday=st.just(0),
    minute=st.integers(0, 1439),
) | st.builds(
    Rotation,
    members=st.sampled_from([("a",), ("a", "b"), ("a", "b", "c")]),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    days=st.just(7),
    weekday=st.integers(0, 6),
    minute=st.integers(0, 1439),
)


def everybody_is_there(_: str) -> bool:
    return True


@given(rotations, instants)
def test_every_instant_lies_in_exactly_one_turn(rotation: Rotation, at: datetime) -> None:
    turn = rotation.turn(at)

    assert rotation.begins(turn) <= at < rotation.begins(turn + 1)
    assert rotation.holder(at) == rotation.members[turn % len(rotation.members)]


@given(rotations, instants)
def test_turns_follow_each_other_and_begin_at_their_local_time(
    rotation: Rotation, at: datetime
) -> None:
    turn = rotation.turn(at)
    begins = [rotation.begins(turn + n) for n in range(4)]
    for instant in begins:
        local = instant.astimezone(rotation.zone)
        earlier = (instant - timedelta(seconds=1)).astimezone(rotation.zone)
        meant = local.hour * 60 + local.minute == rotation.minute and local.second == 0
        skipped = earlier.utcoffset() != local.utcoffset()

        assert meant or skipped, (local, earlier)

    assert begins == sorted(begins)  # two at once where a zone left out a whole day


def test_clocks_that_are_put_back_hand_over_once() -> None:
    berlin = Rotation(("a", "b"), ZoneInfo("Europe/Berlin"), 1, 0, 2 * 60 + 30)
    night = datetime(2026, 10, 25, tzinfo=UTC)
    holders = [berlin.holder(night + timedelta(minutes=15 * n)) for n in range(12)]

    # 02:30 comes at 00:30 UTC, and once more at 01:30 UTC
    assert 1 == sum(before != after for before, after in pairwise(holders))
    assert berlin.begins(berlin.turn(night + HOUR)) == night + timedelta(minutes=30)


def test_a_handover_that_is_skipped_is_when_the_clocks_change() -> None:
    berlin = Rotation(("a", "b"), ZoneInfo("Europe/Berlin"), 1, 0, 2 * 60 + 30)
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)

    assert berlin.begins(berlin.turn(change)) == change
    assert berlin.holder(change - timedelta(seconds=1)) != berlin.holder(change)


@given(
    rotations, instants, st.lists(st.tuples(st.integers(0, 200), st.integers(1, 100)), max_size=4)
)
def test_one_holder_at_every_instant_whatever_overrides_there_are(
    rotation: Rotation, start: datetime, spans: list[tuple[int, int]]
) -> None:
    overrides = tuple(
        an_override(f"o{n}", start + since * HOUR, start + (since + lasts) * HOUR, n=n)
        for n, (since, lasts) in enumerate(spans)
    )
    duty = Duty(rotation=rotation, overrides=overrides)
    turns = list(duty.turns(start, start + 12 * DAY))

    assert start == turns[0].since
    assert [turn.until for turn in turns[:-1]] == [turn.since for turn in turns[1:]]
    assert all(
        (before.recipient_id, before.source) != (after.recipient_id, after.source)
        for before, after in pairwise(turns)
    )
    for turn in turns:
        assert turn.recipient_id == duty.holder(turn.since, everybody_is_there)
        last = (turn.until or start + 12 * DAY) - timedelta(seconds=1)
        assert turn.recipient_id == duty.holder(last, everybody_is_there)


def an_override(who: str, since: datetime, until: datetime, *, n: int = 0) -> Override:
    return Override(
        override_id=UUID(int=n),
        team="x",
        recipient_id=who,
        since=since,
        until=until,
        made_at=MONDAY_10 + n * HOUR,
    )


ALWAYS_A = Rotation(("a", "b", "c"), ZoneInfo("UTC"), 7, 0, 0)


def test_an_override_stands_before_an_imported_shift_and_that_before_the_turn() -> None:
    until = MONDAY_10 + HOUR
    shift = override_of(
        "x", "shift", since=MONDAY_10, until=until, made_at=MONDAY_10 + DAY, imported=True
    )
    by_hand = an_override("hand", MONDAY_10, until)
    later = an_override("later", MONDAY_10, until, n=1)

    def held(*overrides: Override) -> str | None:
        duty = Duty(rotation=ALWAYS_A, overrides=overrides)
        return duty.holder(MONDAY_10, everybody_is_there)

    assert ("shift", "hand", "later") == (held(shift), held(shift, by_hand), held(by_hand, later))


def test_whoever_is_away_is_replaced_by_the_next_who_is_there() -> None:
    duty = Duty(rotation=ALWAYS_A, overrides=(an_override("o", MONDAY_10, MONDAY_10 + HOUR),))
    turn = ALWAYS_A.holder(MONDAY_10)
    following = list(ALWAYS_A.after(turn))

    def there(*names: str) -> str | None:
        return duty.holder(MONDAY_10, lambda one: one in names)

    assert "o" == there("o", turn)
    assert turn == there(turn, *following)
    assert following[0] == there(*following)
    assert following[1] == there(following[1])


def test_where_nobody_is_there_it_stays_with_whose_turn_it_is() -> None:
    assert ALWAYS_A.holder(MONDAY_10) == Duty(rotation=ALWAYS_A).holder(MONDAY_10, lambda _: False)


def test_a_stored_rotation_stands_before_the_workflows_and_shifts_alone_leave_gaps() -> None:
    shift = override_of(
        "x", "s", since=MONDAY_10, until=MONDAY_10 + HOUR, made_at=MONDAY_10, imported=True
    )
    workflow = {"x": Rotation(("w",), ZoneInfo("UTC"), 1, 0, 0)}
    stored = Duties.of({"x": ALWAYS_A}, []).of_team("x", workflow)
    alone = Duties.of({}, [shift]).of_team("x", {})

    assert (Source.ROTATION, ALWAYS_A) == (stored.source, stored.rotation)
    assert Source.WORKFLOW == Duties().of_team("x", workflow).source
    assert [("s", MONDAY_10, MONDAY_10 + HOUR)] == [
        (turn.recipient_id, turn.since, turn.until)
        for turn in alone.turns(MONDAY_10 - DAY, MONDAY_10 + DAY)
    ]
    assert None is alone.holder(MONDAY_10 + HOUR, everybody_is_there)
    assert None is Duties().of_team("y", workflow).holder(MONDAY_10, everybody_is_there)


def a_calendar(*events: str) -> str:
    """A calendar of one-day shifts from that Tuesday on; `events` are their own lines."""
    laid = []
    for n, lines in enumerate(events):
        times = f"DTSTART:2026060{2 + n}T080000Z\r\nDTEND:2026060{2 + n}T160000Z"
        laid.append(f"BEGIN:VEVENT\r\nUID:{n}\r\n{times}\r\n{lines}\r\nEND:VEVENT")
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *laid, "END:VCALENDAR", ""])


@pytest.mark.parametrize(
    "line",
    [
        "ATTENDEE:mailto:SOFIA@desk.example",
        "ATTENDEE;CN=Sofia:mailto:s.private@home.example",
        "SUMMARY:Sofia",
        "SUMMARY:sofia",
        "SUMMARY:On call: Sofia",
        "SUMMARY:Sofia (primary)",
        "SUMMARY:Sofia - second line",
        "X-TIERLINE-RECIPIENT:sofia\r\nSUMMARY:Ana",
    ],
)
def test_whose_a_shift_is_is_said_by_who_attends_or_by_its_title(line: str) -> None:
    (shift,) = shifts_of(a_calendar(line), "specialists", EVERYBODY, MONDAY_10)

    assert ("sofia", datetime(2026, 6, 2, 8, tzinfo=UTC)) == (shift.recipient_id, shift.since)


def test_shifts_that_repeat_are_laid_out() -> None:
    text = a_calendar("SUMMARY:Ana\r\nRRULE:FREQ=WEEKLY;COUNT=3")
    shifts = shifts_of(text, "specialists", EVERYBODY, MONDAY_10)

    assert [2, 9, 16] == [shift.since.day for shift in shifts]


def test_a_name_of_nobody_or_of_two_people_is_a_fault() -> None:
    twins = [*EVERYBODY, Recipient(recipient_id="ana2", name="Ana", channels={"log": ""})]
    with pytest.raises(ShiftsError) as nobody:
        shifts_of(a_calendar("SUMMARY:Zoe", "DESCRIPTION:x"), "x", EVERYBODY, MONDAY_10)

    with pytest.raises(ShiftsError) as two:
        shifts_of(a_calendar("SUMMARY:Ana"), "x", twins, MONDAY_10)

    assert 2 == len(nobody.value.faults)
    assert 1 == len(two.value.faults)


def test_what_is_no_calendar_is_said_to_be_none() -> None:
    with pytest.raises(NoCalendarError):
        shifts_of("hello", "x", EVERYBODY, MONDAY_10)


def test_what_is_written_is_read_as_the_same_turns() -> None:
    rotation = Rotation(("ana", "elif", "sofia"), ZoneInfo("Europe/Berlin"), 7, 0, 540)
    duty = Duty(rotation=rotation)
    turns = list(duty.turns(duty.began(MONDAY_10), MONDAY_10 + 30 * DAY))[:-1]
    people = {one.recipient_id: one for one in (ANA, ELIF, SOFIA)}
    text = calendar_of("specialists", turns, people, now=MONDAY_10)
    read = shifts_of(text, "specialists", people.values(), MONDAY_10)

    assert [(turn.recipient_id, turn.since, turn.until) for turn in turns] == [
        (shift.recipient_id, shift.since, shift.until) for shift in read
    ]

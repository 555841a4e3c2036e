"""What waits for others, until when, and what never does: bundles, digests, budgets, quiet hours."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.holding import (
    Used,
    held,
    next_digest,
    over_budget,
    quiet_until,
    undisturbed,
    within_budget,
)
from services.notifier.domain.notification import Hold, Notification, Urgency
from services.notifier.domain.parcel import Parcel, parcel_of
from services.notifier.domain.recipient import Quiet, Recipient
from shared.calendar import Calendar
from shared.ids import derived_id
from shared.policy import Noise, QuietHours
from tests.support.builders import ESCALATION, MONDAY_10
from tests.support.messages import a_notification

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
OFFICE = Calendar("office", "UTC", {day: [(540, 1080)] for day in range(5)})
NOISE = Noise()
AT_NIGHT = Noise(quiet=QuietHours(OFFICE))
EVENING = MONDAY_10.replace(hour=22)


def one(n: int = 0, **changes: Any) -> Notification:
    changed = {"notification_id": derived_id(ESCALATION, str(n)), "role": "team_lead", **changes}
    return a_notification(**changed)


def a_person(**fields: Any) -> Recipient:
    return Recipient(recipient_id="ana", **fields)


def waiting(new: Notification, noise: Noise = NOISE, **person: Any) -> tuple[Hold | None, datetime]:
    done = held(new, a_person(**person), noise, new.planned_at)
    return done.hold, done.due_at


def test_D4_what_is_not_urgent_waits_a_minute_for_others() -> None:
    assert (Hold.BUNDLE, MONDAY_10 + MINUTE) == waiting(one())


@pytest.mark.parametrize(
    "changes",
    [
        {"urgency": Urgency.PAGE},
        {"role": "customer"},
        {"channel": "log", "urgency": Urgency.CALM},
        {"channel": "feed"},
    ],
)
def test_D4_pages_customers_and_mere_records_never_wait(changes: dict[str, Any]) -> None:
    assert (None, MONDAY_10) == waiting(one(deferrable=True, **changes), AT_NIGHT)


def test_D4_without_a_bundle_nothing_waits() -> None:
    assert (None, MONDAY_10) == waiting(one(), Noise(bundle=timedelta()))


def test_D4_what_is_calm_waits_for_the_next_full_interval_of_the_persons_own_clock() -> None:
    calm = one(urgency=Urgency.CALM, planned_at=MONDAY_10 + 20 * MINUTE)
    every_four = Noise(every=timedelta(hours=4), zone=BERLIN)

    assert (Hold.DIGEST, MONDAY_10.replace(hour=11)) == waiting(calm)
    assert (Hold.DIGEST, MONDAY_10.replace(minute=15) + 60 * MINUTE) == waiting(
        calm, zone=KATHMANDU
    )
    assert (Hold.DIGEST, datetime(2026, 6, 1, 14, tzinfo=UTC)) == waiting(calm, every_four)


def test_D4_a_digest_of_seven_hours_begins_anew_at_midnight() -> None:
    noise = timedelta(hours=7)
    evening = datetime(2026, 6, 1, 21, 30, tzinfo=UTC)

    assert datetime(2026, 6, 2, tzinfo=UTC) == next_digest(evening, noise, ZoneInfo("UTC"))


@given(
    at=st.integers(0, 365 * 86_400).map(lambda seconds: MONDAY_10 + timedelta(seconds=seconds)),
    minutes=st.integers(1, 1440),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Santiago"]),
)
@settings(max_examples=300, deadline=None)
def test_D4_the_next_digest_is_always_ahead_and_never_far(
    at: datetime, minutes: int, zone: str
) -> None:
    due = next_digest(at, minutes * MINUTE, ZoneInfo(zone))

    assert at < due <= at + minutes * MINUTE + timedelta(hours=1)


def test_L7_in_quiet_hours_what_can_wait_waits_for_their_end() -> None:
    late = one(deferrable=True, planned_at=EVENING)
    firm = one(deferrable=False, planned_at=EVENING)

    assert (Hold.QUIET_HOURS, datetime(2026, 6, 2, 9, tzinfo=UTC)) == waiting(late, AT_NIGHT)
    assert (Hold.BUNDLE, EVENING + MINUTE) == waiting(firm, AT_NIGHT)


def test_L7_a_digest_that_would_come_in_the_night_comes_in_the_morning() -> None:
    calm = one(urgency=Urgency.CALM, deferrable=True, planned_at=EVENING)

    assert (Hold.QUIET_HOURS, datetime(2026, 6, 2, 9, tzinfo=UTC)) == waiting(calm, AT_NIGHT)


def test_L7_a_persons_own_quiet_hours_in_their_own_zone_stand_for_those_of_the_workflow() -> None:
    own = Quiet(since=22 * 60, until=7 * 60)
    person = a_person(quiet=own, zone=BERLIN)

    def until(hour: int, minute: int = 0) -> datetime | None:
        return quiet_until(MONDAY_10.replace(hour=hour, minute=minute), person, AT_NIGHT)

    assert [None, datetime(2026, 6, 2, 5, tzinfo=UTC), MONDAY_10.replace(hour=5), None] == [
        until(19, 59),
        until(20),
        until(4, 59),
        until(5),
    ]


def test_L7_quiet_hours_of_one_day_have_both_ends_in_it() -> None:
    person = a_person(quiet=Quiet(since=12 * 60, until=13 * 60))

    assert [None, MONDAY_10.replace(hour=13), None] == [
        quiet_until(MONDAY_10.replace(hour=hour, minute=59), person, NOISE) for hour in (11, 12, 13)
    ]


def test_L7_what_came_due_in_the_night_after_all_waits_unless_it_has_begun() -> None:
    late = one(1, deferrable=True)
    firm = one(2, deferrable=False)

    ready, quiet = undisturbed(parcel_of([late, firm]), None, AT_NIGHT, EVENING)
    begun, none = undisturbed(
        parcel_of([one(attempts=1, deferrable=True)]), None, AT_NIGHT, EVENING
    )

    assert ([firm], [Hold.QUIET_HOURS]) == (ready, [n.hold for n in quiet])
    assert (1, []) == (len(begun), none)


def parcels(count: int, **changes: Any) -> list[Parcel]:
    return [
        parcel_of([one(n, planned_at=MONDAY_10 + n * timedelta(seconds=1), **changes)])
        for n in range(count)
    ]


def leaving(found: Sequence[Parcel], used: Used = Used()) -> tuple[int, int]:  # noqa: B008 - frozen
    ready, beyond = within_budget(found, {"ana": used}, NOISE)
    return len(ready), len(beyond)


def test_D4_beyond_twenty_messages_an_hour_the_rest_waits_for_the_digest() -> None:
    assert (20, 5) == leaving(parcels(25))
    assert (1, 24) == leaving(parcels(25), Used(messages=19))
    beyond = over_budget(one(), None, NOISE, MONDAY_10)
    assert (Hold.BUDGET, MONDAY_10 + 60 * MINUTE) == (beyond.hold, beyond.due_at)


def test_D4_texts_have_a_budget_of_six_within_the_other_one() -> None:
    assert (6, 4) == leaving(parcels(10, channel="sms"))
    assert (0, 1) == leaving(parcels(1, channel="sms"), Used(messages=20))
    assert (1, 0) == leaving(parcels(1), Used(messages=6, sms=6))


@pytest.mark.parametrize(
    "changes",
    [{"urgency": Urgency.PAGE}, {"hold": Hold.DIGEST}, {"attempts": 1}, {"role": "customer"}],
)
def test_D4_pages_digests_and_further_attempts_are_outside_the_budget(
    changes: dict[str, Any],
) -> None:
    assert (30, 0) == leaving(parcels(30, **changes), Used(messages=20))


_KINDS = st.sampled_from(
    [
        (Urgency.PAGE, "email"),
        (Urgency.NORMAL, "email"),
        (Urgency.NORMAL, "sms"),
        (Urgency.CALM, "email"),
        (Urgency.CALM, "log"),
    ]
)


@given(arrivals=st.lists(st.tuples(st.integers(0, 7200), _KINDS), max_size=120))
@settings(max_examples=100, deadline=None)
def test_D4_everything_leaves_once_no_page_waits_and_nobody_gets_more_than_the_budget(
    arrivals: list[tuple[int, tuple[Urgency, str]]],
) -> None:
    """A person's hours played through: what falls due leaves with what waits, as the lease would do it."""
    noise = Noise(messages=4, sms=2)
    pending: list[Notification] = []
    for turn, (second, (urgency, over)) in enumerate(arrivals):
        at = MONDAY_10 + timedelta(seconds=second)
        new = one(turn, urgency=urgency, channel=over, planned_at=at, due_at=at)
        pending.append(held(new, None, noise, at))
    left: Counter[object] = Counter()
    counted: list[tuple[datetime, str]] = []
    for page in [n for n in pending if n.urgency is Urgency.PAGE]:
        assert (None, page.planned_at) == (page.hold, page.due_at)
    while pending:
        now = min(n.due_at for n in pending)
        due = [n for n in pending if n.due_at <= now]
        groups: dict[object, list[Notification]] = {}
        for n in due:
            groups.setdefault(n.channel if n.hold else n.notification_id, []).append(n)
        for channel, members in groups.items():
            ids = {n.notification_id for n in members}
            members += [
                n
                for n in pending
                if n.hold is Hold.BUNDLE
                and n.channel == channel
                and n.planned_at <= now
                and n.notification_id not in ids
            ]
        recent = [c for at, c in counted if at > now - timedelta(hours=1)]
        used = Used(len(recent), recent.count("sms"))
        ready, beyond = within_budget([parcel_of(g) for g in groups.values()], {"ana": used}, noise)
        for parcel in ready:
            left.update(n.notification_id for n in parcel.members)
            if not parcel.is_digest and parcel.head.urgency is not Urgency.PAGE:
                counted += [(now, parcel.head.channel)] if parcel.head.channel != "log" else []
        gone = {n.notification_id for p in [*ready, *beyond] for n in p.members}
        late = [over_budget(n, None, noise, now) for p in beyond for n in p.members]
        pending = [n for n in pending if n.notification_id not in gone] + late

    assert {1} >= set(left.values())
    assert len(arrivals) == len(left)
    for at, _ in counted:
        hour = [channel for when, channel in counted if at <= when < at + timedelta(hours=1)]
        assert (len(hour) <= noise.messages, hour.count("sms") <= noise.sms) == (True, True)

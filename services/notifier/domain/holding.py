"""What waits for others, and until when: bundles, digests, quiet hours, the hourly budget (D4, L7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from shared.policy import Noise

from .audience import CUSTOMER
from .notification import Hold, Notification, Urgency
from .parcel import Parcel
from .recipient import Quiet, Recipient

#: Channels nobody is disturbed by, and PagerDuty, where every matter is one incident that is settled under
#: its own key: nothing is held there, and nothing counted.
RECORDS: Final = frozenset({"log", "feed", "pagerduty"})

#: The channel with a budget of its own.
SMS: Final = "sms"

#: The budget is that of so long (semantics D4).
WITHIN: Final = timedelta(hours=1)

_MINUTE: Final = timedelta(minutes=1)
_DAY_MINUTES: Final = 1440


@dataclass(frozen=True, slots=True)
class Used:
    """How many messages a recipient has had within the hour, and how many of them as SMS."""

    messages: int = 0
    sms: int = 0

    def leaves_room(self, channel: str, noise: Noise) -> bool:
        """One more over `channel` is within the budget."""
        return self.messages < noise.messages and (channel != SMS or self.sms < noise.sms)

    def and_one(self, channel: str) -> Used:
        """With one more over `channel`."""
        return Used(self.messages + 1, self.sms + (channel == SMS))


def held(
    notification: Notification, person: Recipient | None, noise: Noise, now: datetime
) -> Notification:
    """The notification as it waits, if it does."""
    if not may_wait(notification):
        return notification
    hold, due = Hold.BUNDLE if noise.bundle else None, now + noise.bundle
    if notification.urgency is Urgency.CALM:
        hold, due = Hold.DIGEST, next_digest(now, noise.every, _zone(person, noise))
    return _until_day(notification, hold, due, person, noise)


def over_budget(
    notification: Notification, person: Recipient | None, noise: Noise, now: datetime
) -> Notification:
    """The notification as it waits for the next digest, because the recipient has had enough."""
    due = next_digest(now, noise.every, _zone(person, noise))
    return _until_day(notification, Hold.BUDGET, due, person, noise)


def undisturbed(
    parcel: Parcel, person: Recipient | None, noise: Noise, now: datetime
) -> tuple[list[Notification], list[Notification]]:
    """What of a message may leave now, and what came due in quiet hours after all and waits for their end.

    What has been attempted already goes on.
    """
    if not parcel.is_new or quiet_until(now, person, noise) is None:
        return list(parcel.members), []
    ready = [n for n in parcel.members if not n.deferrable]
    quiet = [_until_day(n, n.hold, now, person, noise) for n in parcel.members if n.deferrable]
    return ready, quiet


def may_wait(notification: Notification) -> bool:
    """It is for the staff, is no page, and goes where it would disturb somebody."""
    return (
        notification.urgency is not Urgency.PAGE
        and notification.role != CUSTOMER
        and notification.channel not in RECORDS
    )


def within_budget(
    parcels: Sequence[Parcel], used: Mapping[str, Used], noise: Noise
) -> tuple[list[Parcel], list[Parcel]]:
    """What can leave now, and what is beyond the budget of its recipient, the earliest first.

    Pages, digests and further attempts are outside the budget.
    """
    counts = dict(used)
    ready: list[Parcel] = []
    beyond: list[Parcel] = []
    for parcel in sorted(parcels, key=lambda p: (p.head.planned_at, p.head.notification_id)):
        known = counts.get(parcel.head.recipient_id, Used())
        if not is_counted(parcel):
            ready.append(parcel)
        elif known.leaves_room(parcel.head.channel, noise):
            counts[parcel.head.recipient_id] = known.and_one(parcel.head.channel)
            ready.append(parcel)
        else:
            beyond.append(parcel)
    return ready, beyond


def is_counted(parcel: Parcel) -> bool:
    """It takes one from the budget of its recipient: a new message that is neither page nor digest."""
    return parcel.is_new and not parcel.is_digest and may_wait(parcel.head)


def next_digest(at: datetime, every: timedelta, zone: ZoneInfo) -> datetime:
    """The first instant after `at` that is a whole number of `every` after a local midnight."""
    local = at.astimezone(zone)
    passed = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    minutes = min((passed // every + 1) * every // _MINUTE, _DAY_MINUTES)
    return _local(local.date(), minutes, zone, after=at)


def quiet_until(at: datetime, person: Recipient | None, noise: Noise) -> datetime | None:
    """When the quiet hours of `at` are over, None outside them. A person's own stand for those of the
    workflow.
    """
    if person is None or person.quiet is None:
        return noise.quiet.end(at) if noise.quiet else None
    return _own_quiet_until(at, person.quiet, _zone(person, noise))


def _own_quiet_until(at: datetime, quiet: Quiet, zone: ZoneInfo) -> datetime | None:
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    over_midnight = quiet.until < quiet.since
    if over_midnight and minute >= quiet.since:
        return _local(local.date() + timedelta(days=1), quiet.until, zone, after=at)
    begun = over_midnight or minute >= quiet.since
    return (
        _local(local.date(), quiet.until, zone, after=at)
        if begun and minute < quiet.until
        else None
    )


def _until_day(
    notification: Notification,
    hold: Hold | None,
    due: datetime,
    person: Recipient | None,
    noise: Noise,
) -> Notification:
    end = quiet_until(due, person, noise) if notification.deferrable else None
    if end is not None:
        hold, due = Hold.QUIET_HOURS, end
    return msgspec.structs.replace(notification, hold=hold, due_at=due)


def _zone(person: Recipient | None, noise: Noise) -> ZoneInfo:
    return (person.zone if person else None) or noise.zone


def _local(day: date, minutes: int, zone: ZoneInfo, *, after: datetime) -> datetime:
    """So many minutes after midnight by the clock on the wall; of two such instants the first one after
    `after`.
    """
    wall = datetime.combine(day, time()) + minutes * _MINUTE
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first > after else max(second, after)

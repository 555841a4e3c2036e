"""What somebody no longer gets who has stopped their summaries by mail, and what still reaches them (D4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from shared.contracts.vocabulary import SuppressReason

from .holding import may_wait
from .notification import Kind, Notification
from .parcel import Parcel
from .recipient import Recipient

#: The channel whose summaries can be stopped by a link.
EMAIL: Final = "email"


def can_be_stopped(notification: Notification) -> bool:
    """It waits to leave with others, by mail, and nobody has to act on it: it is no page, about no critical
    ticket and no escalation, and takes back nothing its reader was told (L4, T3).
    """
    about = notification.about
    asks_somebody = notification.is_critical or about.kind is Kind.ESCALATION
    takes_back = bool(about.corrects or about.settles) or about.kind is Kind.CORRECTION
    return (
        notification.channel == EMAIL
        and notification.hold is not None
        and may_wait(notification)
        and not asks_somebody
        and not takes_back
    )


def is_summary(parcel: Parcel) -> bool:
    """A bundle or a digest by mail that its reader can do without, in part at least."""
    return len(parcel.members) > 1 and any(map(can_be_stopped, parcel.members))


def without_stopped(
    ready: Sequence[Notification], people: Mapping[str, Recipient]
) -> tuple[list[Notification], list[Notification]]:
    """What can go, and what its recipient has stopped: muted. What has been attempted already goes on."""
    left: list[Notification] = []
    stopped: list[Notification] = []
    for notification in ready:
        person = people.get(notification.recipient_id)
        refused = person is not None and person.no_digests and notification.attempts == 0
        if refused and can_be_stopped(notification):
            stopped.append(msgspec.structs.replace(notification, reason=SuppressReason.MUTED))
        else:
            left.append(notification)
    return left, stopped

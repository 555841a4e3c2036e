"""What leaves as one message: one notification, or several to one recipient over one channel (D4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from .notification import Hold, Notification


@dataclass(frozen=True, slots=True)
class Parcel:
    """The notifications of one message, the earliest first."""

    members: tuple[Notification, ...]

    @property
    def head(self) -> Notification:
        """The earliest of them."""
        return self.members[0]

    @property
    def message_id(self) -> UUID:
        """The id of the message, the same on every attempt (semantics D2)."""
        return self.head.message_id

    @property
    def is_new(self) -> bool:
        """No attempt has been made yet."""
        return self.head.attempts == 0

    @property
    def is_digest(self) -> bool:
        """Something in it waited longer than a bundle does."""
        return any(member.hold not in {None, Hold.BUNDLE} for member in self.members)


def parcel_of(members: Iterable[Notification]) -> Parcel:
    """The parcel of those, one at least."""
    return Parcel(tuple(sorted(members, key=lambda n: (n.planned_at, n.notification_id))))

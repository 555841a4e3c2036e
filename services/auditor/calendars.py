"""The calendars of the workflows that are given, with what is known of their changes (semantics C4, C5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from shared.calendar import ALWAYS, Calendar
from shared.calendar_history import CalendarHistory, CalendarVersion, same_hours
from shared.policy import WorkflowPolicy

from .hours import Hours

_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


class Calendars:
    """The open time of every calendar by name. `policies` are the newest first; `begins` says from when each
    counts, as far as that is known. The oldest one counts for all time before.
    """

    def __init__(
        self, policies: Sequence[WorkflowPolicy], begins: Sequence[datetime | None] = ()
    ) -> None:
        since = [*begins, *[None] * (len(policies) - len(begins))]
        since[len(policies) - 1] = since[len(policies) - 1] or _BEFORE_ALL
        self._policies = list(reversed(list(zip(policies, since, strict=True))))
        self._dated = None not in since
        self._known: dict[str, Hours] = {}

    def hours(self, name: str) -> Hours:
        """The open time of the calendar of that name; round the clock when no workflow has it."""
        if name not in self._known:
            self._known[name] = Hours(self._calendar(name))
        return self._known[name]

    def is_unsure(self, name: str) -> bool:
        """Do the workflows differ about it, and nobody says from when?"""
        found = [p.calendars[name] for p, _ in self._policies if name in p.calendars]
        return not self._dated and any(not same_hours(found[0], other) for other in found[1:])

    def never_closes(self, name: str) -> bool:
        """Does it count round the clock in every workflow that is given?"""
        found = (policy.calendars.get(name, ALWAYS) for policy, _ in self._policies)
        return all(
            one.weekly == ALWAYS.weekly and not one.holidays and not one.exceptions for one in found
        )

    def _calendar(self, name: str) -> Calendar:
        versions = [
            CalendarVersion(number, since or _BEFORE_ALL, policy.calendars[name])
            for number, (policy, since) in enumerate(self._policies, start=1)
            if name in policy.calendars
        ]
        if not versions:
            return ALWAYS
        changes = self._dated and len(versions) > 1
        return CalendarHistory.of(versions) if changes else versions[-1].calendar

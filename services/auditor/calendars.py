"""The calendars by which is judged: as their topic tells them, else those of the workflows that are given
(semantics C4, C5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from shared.calendar import ALWAYS, Calendar
from shared.calendar_history import CalendarHistory, CalendarVersion, same_hours
from shared.contracts import Event
from shared.policy import WorkflowPolicy

from .calendars_told import histories
from .hours import Hours

_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


class Calendars:
    """The open time of every calendar by name.

    A calendar of which `told` holds every change is known from these. For another one, `policies` are the
    newest first; `begins` says from when each counts, as far as that is known. The oldest one counts for
    all time before.
    """

    def __init__(
        self,
        policies: Sequence[WorkflowPolicy],
        begins: Sequence[datetime | None] = (),
        told: Iterable[Event] = (),
    ) -> None:
        since = [*begins, *[None] * (len(policies) - len(begins))]
        since[len(policies) - 1] = since[len(policies) - 1] or _BEFORE_ALL
        self._policies = list(reversed(list(zip(policies, since, strict=True))))
        self._dated = None not in since
        self._told = histories(told)
        self._known: dict[str, Hours] = {}

    def hours(self, name: str) -> Hours:
        """The open time of the calendar of that name; round the clock when nobody has it."""
        if name not in self._known:
            self._known[name] = Hours(self._calendar(name))
        return self._known[name]

    def is_unsure(self, name: str, *, late: bool) -> bool:
        """Do the workflows differ about it, and nobody says from when? Or was it asked after a workflow that
        was not given had come (`late`), which may have changed it?
        """
        if name in self._told:
            return False
        return self._differs(name) or (late and not self._never_closes(name))

    def _differs(self, name: str) -> bool:
        found = [p.calendars[name] for p, _ in self._policies if name in p.calendars]
        return not self._dated and any(not same_hours(found[0], other) for other in found[1:])

    def _never_closes(self, name: str) -> bool:
        """Does it count round the clock in every workflow that is given?"""
        found = (policy.calendars.get(name, ALWAYS) for policy, _ in self._policies)
        return all(
            one.weekly == ALWAYS.weekly and not one.holidays and not one.exceptions for one in found
        )

    def _calendar(self, name: str) -> Calendar:
        if name in self._told:
            return self._told[name]
        versions = [
            CalendarVersion(number, since or _BEFORE_ALL, policy.calendars[name])
            for number, (policy, since) in enumerate(self._policies, start=1)
            if name in policy.calendars
        ]
        if not versions:
            return ALWAYS
        changes = self._dated and len(versions) > 1
        return CalendarHistory.of(versions) if changes else versions[-1].calendar

"""The calendars the clocks count in now: those of every version of the workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.calendar import Calendar


class CalendarsInForce(Mapping[str, Calendar]):
    """Calendars by name, exchanged as a whole when another version of the workflow is learnt.

    A closure in the middle of the day has to count for running clocks at once, while everything else of
    a workflow waits for the next start (semantics C4, F1). `number` is the newest version in it.
    """

    def __init__(self, calendars: Mapping[str, Calendar]) -> None:
        self._known = dict(calendars)
        self.number = 0

    def __getitem__(self, name: str) -> Calendar:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def exchange(self, calendars: Mapping[str, Calendar], number: int) -> None:
        """Count in `calendars` from now on."""
        self._known = dict(calendars)
        self.number = number

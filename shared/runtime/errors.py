"""Transient or poison: the one place that tells them apart, and the limit on poison.

Reliability rule: a transient error says nothing about the events, so the batch is tried again; any
other error is blamed on the event that raises it alone, which is parked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.db.trouble import is_database_trouble, sqlstate
from shared.kafka.client import BrokerError
from shared.settings import DeadLetterSettings

#: SQLSTATEs after which the transaction is known to be undone.
ROLLED_BACK: Final = frozenset({"40001", "40P01", "55P03"})

#: How far the ratio of DeadLetterLimit looks back.
LIMIT_WINDOW: Final = timedelta(minutes=10)


class HaltedError(Exception):
    """The consumer parks too much and has stopped, so that a bad release cannot drain a topic."""


def was_rolled_back(error: BaseException) -> bool:
    """PostgreSQL undid the transaction for another's sake: doing it again is safe and useful."""
    return sqlstate(error) in ROLLED_BACK


def is_transient(error: BaseException) -> bool:
    """The error is about the surroundings, not about what was being worked on."""
    return isinstance(error, BrokerError) or is_database_trouble(error)


class DeadLetterLimit:
    """Says when a consumer parks too much: too many in a row, or too large a share of 10 minutes.

    The share counts only once more than `max_in_a_row` were parked in that time, or the first bad
    record of a quiet hour would halt the consumer.
    """

    def __init__(self, settings: DeadLetterSettings) -> None:
        self._settings = settings
        self._in_a_row = 0
        self._window: deque[tuple[datetime, int, int]] = deque()

    def check(self, verdicts: Sequence[bool], now: datetime) -> None:
        """Raise HaltedError if a batch with these verdicts (True = applied) would be too much.

        `verdicts` are in the order of the records. Remembers nothing: a batch that is not committed
        must not count.
        """
        longest = self._longest_run(verdicts)
        if longest > self._settings.max_in_a_row:
            raise HaltedError(f"{longest} records in a row would be parked")
        recent = [(a, p) for at, a, p in self._window if at > now - LIMIT_WINDOW]
        parked = sum(p for _, p in recent) + verdicts.count(False)
        total = sum(a + p for a, p in recent) + len(verdicts)
        if parked > self._settings.max_in_a_row and parked > self._settings.max_ratio * total:
            raise HaltedError(f"{parked} of {total} records of 10 minutes would be parked")

    def count(self, verdicts: Sequence[bool], now: datetime) -> None:
        """Remember the verdicts of a committed batch."""
        for applied in verdicts:
            self._in_a_row = 0 if applied else self._in_a_row + 1
        self._window.append((now, verdicts.count(True), verdicts.count(False)))
        while self._window[0][0] <= now - LIMIT_WINDOW:
            self._window.popleft()

    def _longest_run(self, verdicts: Sequence[bool]) -> int:
        run, longest = self._in_a_row, 0
        for applied in verdicts:
            run = 0 if applied else run + 1
            longest = max(longest, run)
        return longest

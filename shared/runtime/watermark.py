"""How far event time has come: until when the log has been heard, on the partitions owned here.

Time-driven decisions are taken `as_of` that instant, never ahead of facts that still wait in Kafka
(semantics T5, ADR 0007), and yet a deadline is never held silently (ruling 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import Clock
from shared.kafka.records import TopicPartition


@dataclass(frozen=True, slots=True)
class Reading:
    """What a timer may fire now.

    - **By the stream:** what is due at or before `as_of`, on the partitions in `owned`. `as_of` is None
      when nothing may be fired that way: no partition has been heard yet, or the clock guard holds.
    - **By the clock:** what `due_by_clock(hold_limit)` says, on every partition.
    """

    now: datetime
    as_of: datetime | None
    owned: frozenset[int]
    waiting_since: datetime | None

    def due_by_clock(self, hold_limit: timedelta) -> datetime | None:
        """The instant up to which due cases have been held for `hold_limit` and fire by the clock.

        Their facts carry `provisional: true` (ruling 1). It needs no ownership: a case that is still due
        after the limit was fired by nobody, whoever its partition belongs to, and the row lock with the
        moved `next_due_at` lets one process fire it. None while the clock guard holds, and in the first
        `hold_limit` of a process, which has not had the time to hear the log yet. Not behind `as_of`
        either: what the stream allows is not provisional.
        """
        if self.waiting_since is None or self.now - self.waiting_since < hold_limit:
            return None
        limit = self.now - hold_limit
        return None if self.as_of is not None and limit <= self.as_of else limit


class Heard(Protocol):
    """What the watermark asks a Kafka consumer; promised by `shared.kafka.client.Consumer`."""

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions owned."""
        ...

    def highwater(self, partition: TopicPartition) -> int | None:
        """The end offset at `last_poll`."""
        ...

    def position(self, partition: TopicPartition) -> int | None:
        """The next offset a poll will give."""
        ...

    def last_poll(self, partition: TopicPartition) -> datetime | None:
        """When `highwater` was last confirmed."""
        ...


class Watermark:
    """Follows, for every owned partition of every consumed topic, how far it has been handled.

    A partition that is caught up is heard until its high-water mark was last confirmed; one that is
    behind, until the `recorded_time` of the last event handled (not Kafka's record time: a broker's wrong
    clock decides nothing). With the broker gone, neither moves.
    """

    def __init__(self, clock: Clock, *, held: Callable[[], bool] = lambda: False) -> None:
        self._clock = clock
        self._held = held
        self._waiting_since: datetime | None = clock.now()
        self._heard: dict[TopicPartition, datetime | None] = {}

    def observe(
        self, consumer: Heard, recorded: Iterable[tuple[TopicPartition, datetime]] = ()
    ) -> None:
        """Take in a poll, once all it gave is handled and committed: so a position is what is handled.

        `recorded` has the `recorded_time` of the events just handled.
        """
        if self._held():
            # an instant taken from a clock that is wrong may lie hours ahead and would outlive the step
            self._heard = dict.fromkeys(consumer.assignment())
            return
        before = self._heard
        self._heard = {partition: before.get(partition) for partition in consumer.assignment()}
        for partition, instant in recorded:
            self._raise(partition, instant)
        for partition in self._heard:
            end, polled = consumer.highwater(partition), consumer.last_poll(partition)
            position = consumer.position(partition)
            if end is not None and polled is not None and position is not None and position >= end:
                self._raise(partition, polled)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions have gone to another member."""
        for partition in partitions:
            self._heard.pop(partition, None)

    def reading(self) -> Reading:
        """What may be fired now; one reading a step of a timer."""
        now = self._clock.now()
        if self._held():
            self._waiting_since = None
            return Reading(now=now, as_of=None, owned=frozenset(), waiting_since=None)
        self._waiting_since = self._waiting_since or now
        unheard = {p.partition for p, instant in self._heard.items() if instant is None}
        known = {
            partition: instant
            for partition, instant in self._heard.items()
            if instant is not None and partition.partition not in unheard
        }
        return Reading(
            now=now,
            as_of=min(now, *known.values()) if known else None,
            owned=frozenset(partition.partition for partition in known),
            waiting_since=self._waiting_since,
        )

    def age_seconds(self) -> float:
        """How far the watermark is behind the clock; 0 while nothing is owned."""
        reading = self.reading()
        return (reading.now - reading.as_of).total_seconds() if reading.as_of else 0.0

    def _raise(self, partition: TopicPartition, instant: datetime) -> None:
        known = self._heard.get(partition)
        if partition in self._heard and (known is None or instant > known):
            self._heard[partition] = instant

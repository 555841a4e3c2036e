"""The door to Kafka: what a producer, a consumer and the broker promise, whatever stands behind them.

`aio.AioKafka` speaks to a real broker, `memory.MemoryBroker` is one in memory; `tests/broker/suite.py`
holds both to what is written here. Topics and groups are named without a deployment's prefix.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from .records import Outgoing, Record, TopicPartition, TopicSpec

#: Called before partitions pass to another member; the batch in hand may still be committed meanwhile.
#: It runs inside `poll` or beside it, so it must not poll, and must not wait for a lock a poller holds.
OnRevoked = Callable[[frozenset[TopicPartition]], Awaitable[None]]


class BrokerError(Exception):
    """The broker refused, or something about it is wrong that waiting will not mend."""


class BrokerUnavailableError(BrokerError, ConnectionError):
    """The broker did not answer within its time limit. A ConnectionError, hence transient: try again."""


class UnknownTopicError(BrokerError):
    """A topic does not exist; the message names it. `tierline topics apply` creates what is missing."""


class WrongPartitionsError(BrokerError):
    """A topic has another number of partitions than it must have; the message says both."""


class Producer(Protocol):
    """Writes records and says of each whether the broker has it."""

    async def start(self) -> None:
        """Connect now instead of at the first `send`. Raises BrokerUnavailableError."""
        ...

    async def send(self, records: Sequence[Outgoing]) -> list[bool]:
        """Write `records`; for each, in order: does the broker have it?

        Returns within the request time limit. Never raises for a record the broker did not take: False
        means unknown or refused, and every later record of the same topic and key is False with it, so
        that sending the False ones again in order is always right. Nothing is retried after the return:
        no older copy of a record can arrive behind the next `send` (reliability 2.3).
        """
        ...

    async def stop(self) -> None:
        """Let go of the broker, within the request time limit even when it is gone. Never raises."""
        ...


class Consumer(Protocol):
    """One member of a consumer group. Offsets are committed by hand only; a new group starts at the
    earliest record; partitions with the same number of different topics go to the same member.
    """

    async def start(self) -> None:
        """Connect and subscribe. Raises BrokerUnavailableError, or UnknownTopicError for a topic that
        does not exist. The assignment comes later, with the polls that follow.
        """
        ...

    async def poll(self, *, timeout_seconds: float, max_records: int) -> list[Record]:
        """The next records, those of one partition in offset order; none after `timeout_seconds`.

        A broker that is gone gives no records and moves no `last_poll`. Raises BrokerError when the
        broker refuses this member for good (authorisation, for one).
        """
        ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Commit the next offset to read of each partition; within the request time limit.

        Partitions that are not assigned any more are left out. False says that not everything was
        committed, which is benign: the next owner reads those records again. Never raises.
        """
        ...

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions this member believes to own."""
        ...

    def highwater(self, partition: TopicPartition) -> int | None:
        """The end offset at `last_poll`; None when the partition is not ours or was not asked yet."""
        ...

    def position(self, partition: TopicPartition) -> int | None:
        """The next offset `poll` will give; None when the partition is not ours or not yet known."""
        ...

    def last_poll(self, partition: TopicPartition) -> datetime | None:
        """When `highwater` was last confirmed by the broker (aware, UTC). It moves on idle partitions,
        stands still while the broker is gone, and is None until the first answer after an assignment.
        """
        ...

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read this partition from `offset` on. Ignored for a partition that is not ours any more."""
        ...

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Give no records of `partitions` until `resume`. Those that are not ours are ignored."""
        ...

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Undo `pause`, which a new assignment of the partition undoes as well."""
        ...

    async def stop(self) -> None:
        """Leave the group, within the request time limit even when the broker is gone. Never raises."""
        ...


class Kafka(Protocol):
    """One broker (or cluster), and where its producers and consumers come from."""

    def producer(self) -> Producer:
        """A new producer, not yet started."""
        ...

    def consumer(self, group: str, topics: Sequence[str], *, on_revoked: OnRevoked) -> Consumer:
        """A new member of `group` for `topics`, not yet started."""
        ...

    async def create_topics(self, specs: Iterable[TopicSpec]) -> None:
        """Create the topics that do not exist; leave the others as they are. Raises BrokerError."""
        ...

    async def describe_topics(self) -> Mapping[str, TopicSpec]:
        """The existing topics with this deployment's prefix, by name. Raises BrokerError."""
        ...

    async def ping(self) -> None:
        """Return when the broker has answered. Raises BrokerUnavailableError."""
        ...

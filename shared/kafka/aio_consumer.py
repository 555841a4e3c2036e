"""The consumer that speaks to a real broker: manual offsets, range assignment, and a stop that ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, errors
from aiokafka import TopicPartition as Theirs
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from shared.settings import KafkaSettings

from .aio_connection import broker_call, connection_options, ended_well, in_our_words
from .client import (
    BrokerError,
    BrokerUnavailableError,
    OnRevoked,
    UnknownTopicError,
    WrongPartitionsError,
)
from .records import Record, TopicPartition

log = logging.getLogger(__name__)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class AioConsumer:
    """A `Consumer` on aiokafka. One task may poll; the other methods may be called beside it."""

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        client_id: str,
        group: str,
        topics: Sequence[str],
        on_revoked: OnRevoked,
        partitions: Mapping[str, int],
    ) -> None:
        """`partitions`: how many a topic of that full name must have to be read."""
        self._partitions = partitions
        self._settings = settings
        self._client_id = client_id
        self._group = settings.topic_prefix + group
        self._topics = [settings.topic_prefix + topic for topic in topics]
        self._on_revoked = on_revoked
        self._inner: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Connect and subscribe. Raises BrokerUnavailableError, UnknownTopicError, WrongPartitionsError."""
        inner = self._build()
        try:
            async with self._limited("consumer start"):
                await inner.start()
                self._require_topics(await inner._client.fetch_all_metadata())  # noqa: SLF001
        except BaseException:
            await self._kill(inner)
            raise
        # Subscribed only now: a start with topics would wait for the group, for seconds in a rebalance.
        inner.subscribe(self._topics, listener=_Listener(self))
        self._inner = inner

    async def poll(self, *, timeout_seconds: float, max_records: int) -> list[Record]:
        """The next records, or none after `timeout_seconds`. Raises WrongPartitionsError as well."""
        inner = self._running()
        try:
            # aiokafka's own time-out does not hold while partitions are handed over; records are only
            # taken out of its buffer after the last wait, so none is lost by this one.
            async with asyncio.timeout(timeout_seconds):
                fetched = await inner.getmany(
                    timeout_ms=round(timeout_seconds * 1000), max_records=max_records
                )
        except TimeoutError:
            return []
        except (errors.KafkaError, OSError) as error:
            raise in_our_words("poll", error) from error
        self._require_partitions(inner._client.cluster)  # noqa: SLF001
        return [self._record(raw) for records in fetched.values() for raw in records]

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Commit what is still ours; False when that is not everything, or is refused."""
        inner = self._running()
        assigned = inner.assignment()
        ours = {self._theirs(tp): at for tp, at in offsets.items() if self._theirs(tp) in assigned}
        try:
            if ours:
                async with self._limited("commit"):
                    await inner.commit(ours)
        except BrokerError as error:
            log.info(
                "Offsets were not committed",
                extra={"action": "commit_refused", "error": str(error)},
            )
            return False
        return len(ours) == len(offsets)

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions this member believes to own."""
        assigned = self._inner.assignment() if self._inner else ()
        return frozenset(self.ours(partition) for partition in assigned)

    def highwater(self, partition: TopicPartition) -> int | None:
        """The end offset the last fetch response told."""
        state = self._state(partition)
        return None if state is None else state.highwater

    def position(self, partition: TopicPartition) -> int | None:
        """The next offset `poll` will give."""
        state = self._state(partition)
        return state.position if state is not None and state.has_valid_position else None

    def last_poll(self, partition: TopicPartition) -> datetime | None:
        """When the last fetch response came, by this machine's clock."""
        state = self._state(partition)
        if state is None or state.timestamp is None:
            return None
        return _EPOCH + timedelta(milliseconds=state.timestamp)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read this partition from `offset` on."""
        if self._state(partition) is not None:
            self._running().seek(self._theirs(partition), offset)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Give no records of these partitions."""
        self._running().pause(*self._assigned(partitions))

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Give their records again."""
        self._running().resume(*self._assigned(partitions))

    async def stop(self) -> None:
        """Leave the group; after the time limit, just close."""
        inner, self._inner = self._inner, None
        if inner is None:
            return
        if not await ended_well(inner.stop(), seconds=self._settings.request_timeout_seconds):
            log.warning("A consumer was closed by force", extra={"action": "consumer_killed"})
            await self._kill(inner)

    async def hand_over(self, partitions: Iterable[Theirs]) -> None:
        """Tell the owner of this consumer that `partitions` will pass to others."""
        if revoked := frozenset(self.ours(partition) for partition in partitions):
            await self._on_revoked(revoked)

    def ours(self, partition: Theirs) -> TopicPartition:
        """A partition of aiokafka's as ours, without the prefix."""
        topic = partition.topic.removeprefix(self._settings.topic_prefix)
        return TopicPartition(topic, partition.partition)

    def _theirs(self, partition: TopicPartition) -> Theirs:
        return Theirs(self._settings.topic_prefix + partition.topic, partition.partition)

    def _assigned(self, partitions: Iterable[TopicPartition]) -> list[Theirs]:
        return [self._theirs(tp) for tp in partitions if self._state(tp) is not None]

    def _limited(self, what: str) -> Any:
        return broker_call(what, seconds=self._settings.request_timeout_seconds)

    def _running(self) -> AIOKafkaConsumer:
        if self._inner is None:
            raise RuntimeError("this consumer was not started, or was stopped")
        return self._inner

    def _require_topics(self, cluster: ClusterMetadata) -> None:
        if missing := sorted(set(self._topics) - cluster.topics()):
            raise UnknownTopicError(", ".join(missing))
        self._require_partitions(cluster)

    def _require_partitions(self, cluster: ClusterMetadata) -> None:
        """By what the group is given partitions by; a topic that is not known yet is not complained of."""
        for topic in self._topics:
            known = cluster.partitions_for_topic(topic)
            wanted = self._partitions.get(topic)
            if known and wanted and len(known) != wanted:
                raise WrongPartitionsError(
                    f"{topic} has {len(known)} partitions instead of {wanted}"
                )

    def _build(self) -> AIOKafkaConsumer:
        settings = self._settings
        limit_ms = round(settings.request_timeout_seconds * 1000)
        return AIOKafkaConsumer(
            **connection_options(settings, self._client_id),
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
            fetch_max_wait_ms=settings.fetch_max_wait_ms,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=min(1000, settings.session_timeout_ms // 4),
            max_poll_interval_ms=settings.max_poll_interval_ms,
            # A member waits in the group's join for as long as a session: no sooner may that time out.
            request_timeout_ms=settings.session_timeout_ms + limit_ms,
        )

    def _state(self, partition: TopicPartition) -> Any | None:
        """What aiokafka knows of an assigned partition. Its public position() waits; ours must not."""
        subscription = self._inner and self._inner._subscription.subscription  # noqa: SLF001
        assignment = subscription.assignment if subscription else None
        theirs = self._theirs(partition)
        return assignment.state_value(theirs) if assignment and theirs in assignment.tps else None

    def _record(self, raw: ConsumerRecord) -> Record:
        return Record(
            topic=raw.topic.removeprefix(self._settings.topic_prefix),
            partition=raw.partition,
            offset=raw.offset,
            key=None if raw.key is None else raw.key.decode(errors="replace"),
            value=raw.value or b"",
            headers={name: (v or b"").decode(errors="replace") for name, v in raw.headers},
            timestamp=_EPOCH + timedelta(milliseconds=max(0, raw.timestamp)),
        )

    async def _kill(self, inner: AIOKafkaConsumer) -> None:
        """End its tasks and connections without the broker: a member that lived on would join again.
        aiokafka has no public way to do this.
        """
        inner._closed = True  # noqa: SLF001
        group, fetcher = inner._coordinator, inner._fetcher  # noqa: SLF001
        tasks: list[asyncio.Task[None] | None] = []
        if fetcher is not None:
            tasks += [fetcher._fetch_task, *fetcher._pending_tasks]  # noqa: SLF001
        if group is not None:
            tasks += [group._coordination_task, group._heartbeat_task, group._commit_refresh_task]  # noqa: SLF001
        running = [task for task in tasks if task is not None]
        try:
            async with self._limited("consumer kill"):
                for task in running:
                    task.cancel()
                if running:
                    await asyncio.wait(running)
                await inner._client.close()  # noqa: SLF001
        except BrokerUnavailableError:
            log.warning("A dead consumer could not be closed", extra={"action": "consumer_leaked"})


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is not typed
    """Passes revocations on; new partitions are seen in `assignment()`."""

    def __init__(self, consumer: AioConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[Theirs]) -> None:
        """Awaited by aiokafka before the group is joined again."""
        await self._consumer.hand_over(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[Theirs]) -> None:
        """Nothing to do."""

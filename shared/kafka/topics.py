"""The public topics as `deploy/kafka/topics.yaml` states them: load, create, compare.

The file says who writes a topic, who reads it and how it is kept; the contract tests hold it to the
payloads. The broker is only ever added to: an existing topic is compared, never altered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import msgspec
from ruamel.yaml import YAML

from .client import Kafka
from .records import TopicSpec

#: In a checkout and in the wheel alike the file lies beside the packages.
PACKAGED: Final = Path(__file__).parents[2] / "deploy" / "kafka" / "topics.yaml"

_MILLISECOND: Final = timedelta(milliseconds=1)

_CREATE: Final = "run `tierline topics apply`"
_REMAKE: Final = "it is neither written nor read until it is made anew (docs/topics.md)"


class Topic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One public topic. Compacted ones keep the last record of every key for ever, those never cleaned up
    keep all.
    """

    producer: str
    consumers: tuple[str, ...]
    key: Literal["ticket_id", "agent_id", "calendar"]
    partitions: int
    retention_days: int | None = None
    cleanup: Literal["delete", "compact", "never"] = "delete"

    def __post_init__(self) -> None:
        if self.partitions < 1:
            raise ValueError("a topic has at least one partition")
        if (self.cleanup == "delete") != (self.retention_days is not None):
            raise ValueError("either retention_days or `cleanup: compact` or `never`")

    @property
    def retention(self) -> timedelta | None:
        """How long a record is kept; None for ever."""
        return None if self.retention_days is None else timedelta(days=self.retention_days)

    def spec(self, name: str) -> TopicSpec:
        """What the broker is told."""
        return TopicSpec(name, self.partitions, self._config())

    def _config(self) -> dict[str, str]:
        if self.cleanup == "compact":
            return {"cleanup.policy": "compact"}
        kept = -1 if self.retention is None else self.retention // _MILLISECOND
        return {"cleanup.policy": "delete", "retention.ms": str(kept)}


def load(path: Path = PACKAGED) -> Mapping[str, Topic]:
    """The topics by name, in the file's order. Raises OSError, or msgspec.ValidationError with a path."""
    document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return MappingProxyType(msgspec.convert(document, dict[str, Topic]))


async def apply(kafka: Kafka, topics: Mapping[str, Topic] | None = None) -> list[str]:
    """Create the topics that are missing; returns their names. Raises BrokerError."""
    existing = await kafka.describe_topics()
    missing = [
        topic.spec(name) for name, topic in (topics or load()).items() if name not in existing
    ]
    if missing:
        await kafka.create_topics(missing)
    return [spec.name for spec in missing]


async def drift(kafka: Kafka, topics: Mapping[str, Topic] | None = None) -> list[str]:
    """One sentence for every difference between the file and the broker; none is good news.

    A setting the broker does not tell is not compared. Raises BrokerError.
    """
    existing = await kafka.describe_topics()
    return [difference.sentence for difference in differences(existing, topics or load())]


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a topic is not as the file says.

    `remedy`: what must be done before the topic may be used at all; None when it may, as it is.
    """

    topic: str
    sentence: str
    remedy: str | None = None


def differences(
    existing: Mapping[str, TopicSpec], topics: Mapping[str, Topic]
) -> Iterator[Difference]:
    """How the `existing` topics differ from `topics`, in the order of the latter. Pure."""
    for name, topic in topics.items():
        if name in existing:
            yield from _compared(topic.spec(name), existing[name])
        else:
            yield Difference(name, f"{name} is missing", remedy=_CREATE)


def of_service(service: str, topics: Mapping[str, Topic]) -> Mapping[str, Topic]:
    """The topics that `service` writes or reads."""
    return {
        name: topic
        for name, topic in topics.items()
        if service == topic.producer or service in topic.consumers
    }


def partitions(topics: Mapping[str, Topic]) -> Mapping[str, int]:
    """How many partitions each topic must have."""
    return {name: topic.partitions for name, topic in topics.items()}


def _compared(wanted: TopicSpec, found: TopicSpec) -> Iterator[Difference]:
    if found.partitions != wanted.partitions:
        yield Difference(
            wanted.name,
            f"{wanted.name} has {found.partitions} partitions instead of {wanted.partitions}",
            remedy=_REMAKE,
        )
    for key, value in wanted.config.items():
        is_now = found.config.get(key, value)
        if is_now != value:
            yield Difference(wanted.name, f"{wanted.name} has {key}={is_now} instead of {value}")

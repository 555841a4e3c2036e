"""What a consumer knows of its distance to the end of the log, and of the broker's silence. Pure reading."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.kafka.client import Consumer
from shared.kafka.records import TopicPartition
from shared.observability.metrics import RuntimeMetrics


def lags(consumer: Consumer) -> Mapping[TopicPartition, int]:
    """Records known to wait on each owned partition.

    High-water mark minus position: the end offsets some brokers tell are too low.
    """
    found = {}
    for partition in consumer.assignment():
        end, position = consumer.highwater(partition), consumer.position(partition)
        if end is not None and position is not None:
            found[partition] = max(0, end - position)
    return found


def silent_seconds(consumer: Consumer, now: datetime) -> float:
    """For how long an owned partition has not been answered for; 0 before the first answer."""
    polls = [consumer.last_poll(partition) for partition in consumer.assignment()]
    oldest = min((poll for poll in polls if poll is not None), default=now)
    return (now - oldest).total_seconds()


def measure(consumer: Consumer, metrics: RuntimeMetrics) -> None:
    """Set the gauges of the owned partitions."""
    for partition, lag in lags(consumer).items():
        metrics.consumer_lag.labels(topic=partition.topic, partition=str(partition.partition)).set(
            lag
        )

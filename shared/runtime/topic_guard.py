"""Compares a service's topics with the catalogue, at start and ever after: a ticket's key decides its
partition, and a topic with another number of partitions would send it elsewhere (reliability F33).

It tells people. What keeps keys in their place are the producer and the consumer themselves, who use no
topic whose number of partitions is wrong; so it need not be quick.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from shared.kafka.client import Kafka
from shared.kafka.topics import Difference, Topic, differences, of_service
from shared.observability.metrics import RuntimeMetrics

log = logging.getLogger(__name__)

#: Seconds between two looks while all is well, and while it is not or nobody knows.
CALM_SECONDS: Final = 60.0
ANXIOUS_SECONDS: Final = 2.0


class TopicGuard:
    """Looks at the broker's topics at every `step`; `problems` says what forbids using one."""

    def __init__(
        self, kafka: Kafka, topics: Mapping[str, Topic], *, service: str, metrics: RuntimeMetrics
    ) -> None:
        self._kafka = kafka
        self._topics = of_service(service, topics)
        self._metrics = metrics
        self._told: frozenset[Difference] = frozenset()
        self.problems: Sequence[str] = ["topics: the broker has not been asked yet"]

    async def step(self) -> bool:
        """Look once. A worker's step: always False. Raises BrokerError, and remembers the last look."""
        found = list(differences(await self._kafka.describe_topics(), self._topics))
        self.problems = [f"topics: {in_words(one)}" for one in found if one.remedy]
        self._metrics.topics_unusable.one.set(len(self.problems))
        self._tell(found)
        return False

    def idle_seconds(self) -> float:
        """How long until the next look."""
        return ANXIOUS_SECONDS if self.problems else CALM_SECONDS

    def _tell(self, found: Iterable[Difference]) -> None:
        """Log what is new, and that something is over."""
        now = frozenset(found)
        for difference in sorted(now - self._told, key=lambda one: one.sentence):
            log.log(
                logging.ERROR if difference.remedy else logging.WARNING,
                "A topic is not as the catalogue says: %s",
                in_words(difference),
                extra={"action": "topic_differs", "topic": difference.topic},
            )
        if self._told and not now:
            log.info("Every topic is as the catalogue says", extra={"action": "topics_agree"})
        self._told = now


def in_words(difference: Difference) -> str:
    """The difference, and what to do about it where something must be done."""
    return (
        f"{difference.sentence}: {difference.remedy}" if difference.remedy else difference.sentence
    )

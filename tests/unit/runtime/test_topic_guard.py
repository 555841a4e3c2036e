"""A service says which of its topics it cannot use, why, and what to do (reliability F33)."""

from __future__ import annotations

import logging

import pytest

from shared.clock import FakeClock
from shared.kafka import topics
from shared.kafka.client import BrokerUnavailableError
from shared.kafka.memory import MemoryBroker
from shared.kafka.records import TopicSpec
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.runtime.topic_guard import ANXIOUS_SECONDS, CALM_SECONDS, TopicGuard

UNUSABLE = "tierline_topics_unusable"


class Watched:
    """A service's guard on a broker in memory."""

    def __init__(self, broker: MemoryBroker, service: str = "router") -> None:
        catalogue = Catalogue(service)
        self.service = service
        self.registry = catalogue.registry
        self.guard = TopicGuard(
            broker, topics.load(), service=service, metrics=RuntimeMetrics(catalogue)
        )

    @property
    def unusable(self) -> float | None:
        return self.registry.get_sample_value(UNUSABLE, {"service": self.service})


@pytest.fixture
def broker(clock: FakeClock) -> MemoryBroker:
    return MemoryBroker(clock)


async def test_before_the_first_look_nothing_is_known(broker: MemoryBroker) -> None:
    watched = Watched(broker)

    assert ["topics: the broker has not been asked yet"] == watched.guard.problems
    assert ANXIOUS_SECONDS == watched.guard.idle_seconds()


async def test_with_every_topic_as_stated_there_is_no_problem(broker: MemoryBroker) -> None:
    await topics.apply(broker)
    watched = Watched(broker)
    await watched.guard.step()

    assert [] == watched.guard.problems
    assert 0 == watched.unusable
    assert CALM_SECONDS == watched.guard.idle_seconds()


async def test_F33_another_number_of_partitions_is_named_with_what_to_do(
    broker: MemoryBroker, caplog: pytest.LogCaptureFixture
) -> None:
    await broker.create_topics([TopicSpec("support.sla", 13)])
    await topics.apply(broker)
    watched = Watched(broker)
    await watched.guard.step()
    await watched.guard.step()

    problem = (
        "support.sla has 13 partitions instead of 12: "
        "it is neither written nor read until it is made anew (docs/topics.md)"
    )
    assert [f"topics: {problem}"] == watched.guard.problems
    assert 1 == watched.unusable
    assert [f"A topic is not as the catalogue says: {problem}"] == caplog.messages


async def test_a_missing_topic_names_the_command_and_is_over_once_it_exists(
    broker: MemoryBroker,
) -> None:
    wanted = topics.load()
    await topics.apply(broker, {n: t for n, t in wanted.items() if n != "support.tickets"})
    watched = Watched(broker)
    await watched.guard.step()
    problems = watched.guard.problems
    await topics.apply(broker)
    await watched.guard.step()

    assert ["topics: support.tickets is missing: run `tierline topics apply`"] == problems
    assert [] == watched.guard.problems
    assert 0 == watched.unusable


async def test_only_the_topics_that_a_service_writes_or_reads_are_its_problem(
    broker: MemoryBroker,
) -> None:
    wanted = topics.load()
    await topics.apply(broker, {n: t for n, t in wanted.items() if n != "support.agents"})
    router, intake = Watched(broker), Watched(broker, "intake")
    await router.guard.step()
    await intake.guard.step()

    assert 1 == len(router.guard.problems)
    assert [] == intake.guard.problems


async def test_other_differences_are_only_reported(
    broker: MemoryBroker, caplog: pytest.LogCaptureFixture
) -> None:
    await broker.create_topics([TopicSpec("support.sla", 12, {"cleanup.policy": "compact"})])
    await topics.apply(broker)
    watched = Watched(broker)
    await watched.guard.step()

    assert [] == watched.guard.problems
    assert [logging.WARNING] == [record.levelno for record in caplog.records]


async def test_while_the_broker_is_away_the_last_look_stands(broker: MemoryBroker) -> None:
    await topics.apply(broker)
    watched = Watched(broker)
    await watched.guard.step()
    broker.go_down()
    with pytest.raises(BrokerUnavailableError):
        await watched.guard.step()

    assert [] == watched.guard.problems

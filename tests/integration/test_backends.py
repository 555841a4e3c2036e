"""The tests' own servers: which lane, what a broker can do, and that a database is a test's own."""

from __future__ import annotations

import asyncpg
import pytest

from services.local import EmbeddedBroker
from shared.settings import KafkaSettings
from tests.support import capabilities, lanes
from tests.support.backends import embedded_kafka_settings
from tests.support.capabilities import needs
from tests.support.lanes import Lane, LaneError

URLS = {
    lanes.DATABASE_URL: "postgresql://localhost/postgres",
    lanes.BOOTSTRAP_SERVERS: "localhost:9092",
}


def test_both_urls_make_the_external_lane() -> None:
    assert (Lane.EXTERNAL, True) == lanes.chosen(URLS)


@pytest.mark.parametrize("lane", list(Lane))
def test_a_lane_that_is_asked_for_is_taken(lane: Lane) -> None:
    assert (lane, False) == lanes.chosen({"TIERLINE_TEST_BACKENDS": lane, **URLS})


def test_the_external_lane_fails_without_its_servers() -> None:
    with pytest.raises(LaneError, match="TIERLINE_KAFKA__BOOTSTRAP_SERVERS"):
        lanes.chosen({"TIERLINE_TEST_BACKENDS": "external"})


def test_a_lane_nobody_knows_is_refused() -> None:
    with pytest.raises(LaneError, match="auto, external, docker, embedded"):
        lanes.chosen({"TIERLINE_TEST_BACKENDS": "cloud"})


@pytest.mark.own_servers
def test_on_given_servers_who_starts_their_own_is_not_collected(
    request: pytest.FixtureRequest,
) -> None:
    """This test bears the mark itself, so the external lane leaves it out."""
    others = [item for item in request.session.items if not item.get_closest_marker("own_servers")]

    assert [] == capabilities.with_servers_of_their_own([request.node], Lane.EMBEDDED)
    assert [request.node] == capabilities.with_servers_of_their_own([request.node], Lane.EXTERNAL)
    assert [] == capabilities.with_servers_of_their_own(others, Lane.EXTERNAL)


def test_a_capability_nobody_can_probe_is_refused() -> None:
    with pytest.raises(ValueError, match=r"kafka\.idempotence"):
        needs("kafka.speed")


def test_the_embedded_broker_says_what_it_cannot_do(own_broker: EmbeddedBroker) -> None:
    address = embedded_kafka_settings(own_broker).bootstrap_servers

    assert capabilities.why_not("kafka.idempotence", address) is not None
    assert capabilities.why_not("kafka.durable", address) is not None


@needs("kafka.idempotence")
def test_a_broker_that_can_do_it_is_not_skipped(kafka_settings: KafkaSettings) -> None:
    assert kafka_settings.idempotence


def test_every_test_has_topics_of_its_own(kafka_settings: KafkaSettings) -> None:
    assert kafka_settings.topic_prefix


async def test_a_database_is_the_tests_own(database_url: str, empty_database_url: str) -> None:
    names = []
    for url in (database_url, empty_database_url):
        connection = await asyncpg.connect(url)
        names.append(await connection.fetchval("SELECT current_database()"))
        await connection.close()

    assert 2 == len(set(names))
    assert all(name.startswith("tierline_test_") for name in names)

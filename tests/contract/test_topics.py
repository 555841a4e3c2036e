"""The catalogue of topics agrees with the payloads, the services and what the design stands on."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

import pytest

from shared.contracts import PAYLOADS
from shared.contracts import topics as names
from shared.kafka.topics import load
from shared.runtime.housekeeping import INBOX_KEEP
from shared.settings import OutboxSettings

SERVICES: Final = {"intake", "router", "escalator", "notifier"}
CATALOGUE: Final = load()

#: The escalator's cases remember their partition, so all topics they hear of are cut alike (ADR 0015).
TICKET_PARTITIONS: Final = 12


def test_the_catalogue_holds_exactly_the_named_topics() -> None:
    named = {value for name, value in vars(names).items() if name.isupper()}

    assert set(CATALOGUE) == named


def test_every_payload_has_a_topic_and_every_topic_a_payload() -> None:
    assert {described.topic for described in PAYLOADS.values()} == set(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_topic_has_one_producer_and_each_of_its_consumers_once(name: str) -> None:
    topic = CATALOGUE[name]

    assert topic.producer in SERVICES
    assert set(topic.consumers) <= SERVICES
    assert len(topic.consumers) == len(set(topic.consumers))


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_topics_key_is_what_its_payloads_are_about(name: str) -> None:
    keys = {d.cls.subject_field for d in PAYLOADS.values() if d.topic == name}

    assert keys == {CATALOGUE[name].key}


@pytest.mark.parametrize("name", CATALOGUE)
def test_topics_about_tickets_have_the_same_partitions(name: str) -> None:
    topic = CATALOGUE[name]

    assert (topic.partitions == TICKET_PARTITIONS) == (topic.key == "ticket_id")


@pytest.mark.parametrize("name", CATALOGUE)
def test_names_are_lower_case_words_joined_by_dots(name: str) -> None:
    """A dot and an underscore would collide in Kafka's metric names."""
    assert re.fullmatch(r"[a-z]+(\.[a-z]+)+", name)


@pytest.mark.parametrize("name", [n for n, topic in CATALOGUE.items() if topic.consumers])
def test_the_inbox_remembers_longer_than_an_event_can_come_again(name: str) -> None:
    """From the topic as long as it is kept, and from its producer's outbox by a rebuild."""
    kept = CATALOGUE[name].retention

    assert kept is not None
    assert kept < INBOX_KEEP
    assert timedelta(days=OutboxSettings().keep_days) < INBOX_KEEP

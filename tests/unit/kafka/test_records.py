"""Which records count as acknowledged."""

from __future__ import annotations

from shared.kafka.records import Outgoing, acknowledged_in_order


def outgoing(topic: str, key: str) -> Outgoing:
    return Outgoing(topic, key, b"")


def test_all_that_is_stored_is_acknowledged() -> None:
    records = [outgoing("t", "a"), outgoing("t", "b")]

    assert acknowledged_in_order(records, [True, True]) == [True, True]


def test_a_record_behind_a_missing_one_of_its_key_is_not_acknowledged() -> None:
    """Both are sent again in order; readers drop the repeat by its id (reliability 2.3)."""
    records = [outgoing("t", "a"), outgoing("t", "b"), outgoing("t", "a"), outgoing("t", "b")]

    assert acknowledged_in_order(records, [False, True, True, True]) == [False, True, False, True]


def test_a_missing_record_says_nothing_about_its_key_before_it() -> None:
    records = [outgoing("t", "a"), outgoing("t", "a")]

    assert acknowledged_in_order(records, [True, False]) == [True, False]


def test_order_is_kept_within_a_topic_only() -> None:
    records = [outgoing("t", "a"), outgoing("u", "a")]

    assert acknowledged_in_order(records, [False, True]) == [False, True]

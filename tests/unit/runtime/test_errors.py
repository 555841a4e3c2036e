"""Transient or poison, and when poison is too much."""

from datetime import timedelta

import asyncpg
import pytest
import sqlalchemy.exc

from shared.kafka.client import BrokerUnavailableError
from shared.runtime.errors import DeadLetterLimit, HaltedError, is_transient, was_rolled_back
from shared.settings import DeadLetterSettings
from tests.support.builders import MONDAY_10


def a_database_error(state: str | None, *, invalidated: bool = False) -> sqlalchemy.exc.DBAPIError:
    origin = Exception("from the driver")
    origin.sqlstate = state  # type: ignore[attr-defined]
    return sqlalchemy.exc.DBAPIError("SELECT 1", None, origin, connection_invalidated=invalidated)


@pytest.mark.parametrize(
    "state", ["08006", "40001", "40P01", "53300", "55P03", "57014", "57P01", "25P03"]
)
def test_what_postgresql_may_allow_later_is_transient(state: str) -> None:
    assert is_transient(a_database_error(state))


@pytest.mark.parametrize("state", ["22021", "22P05", "23505", "23514", "42703"])
def test_what_postgresql_refuses_for_its_content_is_poison(state: str) -> None:
    assert not is_transient(a_database_error(state))


def test_a_lost_connection_is_transient_without_any_code() -> None:
    assert is_transient(a_database_error(None, invalidated=True))


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(),
        BrokerUnavailableError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("got result for unknown protocol state"),
    ],
)
def test_trouble_of_the_surroundings_is_transient(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error", [ValueError("bad"), KeyError("x"), asyncpg.DataError("invalid input for argument")]
)
def test_anything_else_is_poison(error: Exception) -> None:
    assert not is_transient(error)


def test_only_a_transaction_known_to_be_undone_may_be_done_again() -> None:
    assert was_rolled_back(a_database_error("40P01"))
    assert not was_rolled_back(a_database_error("57P01"))


def a_limit(in_a_row: int = 5, ratio: float = 0.01) -> DeadLetterLimit:
    return DeadLetterLimit(DeadLetterSettings(max_in_a_row=in_a_row, max_ratio=ratio))


def test_the_sixth_bad_record_in_a_row_halts() -> None:
    limit = a_limit()
    limit.check([False] * 5, MONDAY_10)
    limit.count([False] * 5, MONDAY_10)

    with pytest.raises(HaltedError, match="6 records in a row"):
        limit.check([False], MONDAY_10)


def test_a_good_record_ends_the_row() -> None:
    limit = a_limit(ratio=1.0)
    limit.count([False] * 5 + [True], MONDAY_10)

    limit.check([False] * 5, MONDAY_10)


def test_one_bad_record_of_a_quiet_hour_does_not_halt() -> None:
    a_limit().check([True, False, True], MONDAY_10)


def test_too_large_a_share_of_ten_minutes_halts() -> None:
    limit = a_limit()
    limit.count([True, False] * 5, MONDAY_10)

    with pytest.raises(HaltedError, match="6 of 12 records"):
        limit.check([True, False], MONDAY_10 + timedelta(minutes=9))


def test_what_is_older_than_ten_minutes_does_not_count() -> None:
    limit = a_limit()
    limit.count([True, False] * 5, MONDAY_10)

    limit.check([True, False], MONDAY_10 + timedelta(minutes=10))


def test_a_small_share_of_many_records_does_not_halt() -> None:
    limit = a_limit()
    for _ in range(6):
        limit.count([True] * 200 + [False], MONDAY_10)

    limit.check([True], MONDAY_10)

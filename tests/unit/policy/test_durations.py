"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.durations import DurationError, format_duration, parse_duration, parse_minutes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15_minutes", 900),
        ("1_hour", 3600),
        ("2_hours", 7200),
        ("15m", 900),
        ("4 hours", 14400),
        ("4h", 14400),
        ("20s", 20),
        ("500ms", 0.5),
        ("1.5h", 5400),
        ("1 h 30 min", 5400),
        ("7_days", 604800),
        ("2 Weeks", 1209600),
        ("immediately", 0),
        ("Immediate", 0),
    ],
)
def test_a_number_and_a_unit_is_a_duration(text: str, seconds: float) -> None:
    assert timedelta(seconds=seconds) == parse_duration(text)


@pytest.mark.parametrize(
    "value",
    [
        "15",
        15,
        1.5,
        "",
        "soon",
        "15 parsecs",
        "-5m",
        "5",
        None,
        True,
        [],
        "m",
        "9999999999h",
        "99999d",
    ],
)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(DurationError):
        parse_duration(value)


def test_a_bare_number_is_answered_with_what_it_may_mean() -> None:
    with pytest.raises(DurationError, match='write "15_minutes" or "15s"'):
        parse_duration(15)


def test_a_bare_number_in_the_sla_matrix_means_minutes() -> None:
    assert timedelta(minutes=15) == parse_minutes(15)
    assert timedelta(seconds=30) == parse_minutes(0.5)
    assert timedelta(seconds=20) == parse_minutes("20s")


@pytest.mark.parametrize("value", [-1, 10**12, True, "15"])
def test_a_target_is_no_negative_or_endless_number(value: object) -> None:
    with pytest.raises(DurationError):
        parse_minutes(value)


@given(st.integers(1, 10**9))
def test_a_formatted_duration_reads_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)

    assert duration == parse_duration(format_duration(duration))


def test_a_duration_is_shown_in_its_largest_units() -> None:
    assert "1 d 2 h" == format_duration(timedelta(hours=26))
    assert "0 s" == format_duration(timedelta(0))

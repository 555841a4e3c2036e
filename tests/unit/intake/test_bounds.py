"""Foreign JSON is bounded in depth, keys and integers before it is decoded (security S10)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.channels.bounds import MOST_DEPTH, MOST_KEYS, BoundsError, check

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet='ab[]{}:"\\19 ', max_size=30)
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=40,
)


def depth(value: Any) -> int:
    """Arrays and objects within each other."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def integers(value: Any) -> list[int]:
    """Every integer in it."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [found for member in value for found in integers(member)]
    return [value] if isinstance(value, int) else []


def wrapped(value: Any, times: int) -> Any:
    """The value inside so many further arrays and objects."""
    for number in range(times):
        value = {"[": value} if number % 2 else ["{", value]
    return value


@given(value=_VALUES, times=st.integers(0, MOST_DEPTH + 2))
def test_S10_depth_and_integers_are_judged_as_a_parser_would(value: Any, times: int) -> None:
    value = wrapped(value, times)
    within = depth(value) <= MOST_DEPTH and all(
        -(2**63) <= number < 2**64 for number in integers(value)
    )

    assert passes(json.dumps(value).encode()) == within


def test_S10_the_keys_of_all_objects_count_together() -> None:
    members = [{f"k:{number}": "a: b"} for number in range(MOST_KEYS + 1)]

    assert passes(json.dumps(members[1:]).encode())
    assert not passes(json.dumps(members).encode())


def test_S10_colons_and_brackets_in_strings_are_no_structure() -> None:
    assert passes(json.dumps({"body": '{[":' * 5000 + "9" * 40}).encode())


@given(st.binary(max_size=200))
def test_S10_any_bytes_are_judged_and_nothing_else_is_raised(raw: bytes) -> None:
    assert passes(raw) in {True, False}


@pytest.mark.parametrize(
    "raw",
    [b"[" * 1_000_000, b'"' + b'\\"' * 500_000, b'{"":' * 250_000, b"9" * 1_000_000, b"\\" * 10**6],
    ids=["opened", "a string without end", "keys", "digits", "backslashes"],
)
def test_S10_a_hostile_mebibyte_is_judged_in_no_time(raw: bytes) -> None:
    began = time.perf_counter()
    passes(raw)

    assert time.perf_counter() - began < 0.5


def passes(raw: bytes) -> bool:
    """Whether the bounds let it through."""
    try:
        check(raw)
    except BoundsError:
        return False
    return True

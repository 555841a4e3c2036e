"""Example X of the semantics: every cell's ladder as written and as it counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.policy import load_workflow
from shared.policy.lint.ladder import Rung, replied, silent

LITERAL = [120.0, 360.0, 840.0]

#: By cell: first response and resolution in minutes, then when each level is left.
TABLE = {
    ("critical", "enterprise"): (15, 240, [7.5, 11.25, 13.125], [192, 216, 228]),
    ("critical", "professional"): (30, 480, [15, 22.5, 26.25], [384, 432, 456]),
    ("high", "enterprise"): (60, 480, [30, 45, 52.5], [384, 432, 456]),
    ("high", "professional"): (120, 720, [60, 90, 105], [576, 648, 684]),
    ("medium", "standard"): (240, 1440, [120, 180, 210], [1152, 1296, 1368]),
    ("low", "standard"): (480, 2880, [120, 300, 390], [2304, 2544, 2712]),
}


@pytest.mark.parametrize("cell", TABLE, ids="/".join)
def test_X_every_effective_step_of_the_worked_table_lies_before_the_target_it_serves(
    cell: tuple[str, str],
) -> None:
    policy = load_workflow(None)
    first_response, resolution, untouched, answered = TABLE[cell]
    targets = policy.sla.targets(*cell)
    silently = silent(policy, targets.first_response)
    openly = replied(policy, targets)

    assert minutes(targets.first_response, targets.resolution) == [first_response, resolution]
    assert minutes(*effective(silently)) == untouched
    assert minutes(*effective(openly)) == answered
    assert max(untouched) < first_response
    assert max(answered) < resolution


@pytest.mark.parametrize("cell", TABLE, ids="/".join)
def test_X_the_literal_ladder_adds_up_what_is_configured(cell: tuple[str, str]) -> None:
    policy = load_workflow(None)
    targets = policy.sla.targets(*cell)

    assert minutes(*(r.literal for r in silent(policy, targets.first_response))) == LITERAL
    assert minutes(*(r.literal for r in replied(policy, targets))) == LITERAL


def test_X2_a_level_has_a_minute_at_least() -> None:
    policy = load_workflow(None)

    assert minutes(*effective(silent(policy, timedelta(minutes=3)))) == [1.5, 2.5, 3.5]


def effective(rungs: list[Rung]) -> list[timedelta]:
    assert all(rung.effective is not None for rung in rungs)
    return [rung.effective for rung in rungs if rung.effective is not None]


def minutes(*durations: timedelta) -> list[float]:
    return [duration.total_seconds() / 60 for duration in durations]

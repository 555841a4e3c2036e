"""The page of what was measured: new figures replace old ones, and what was not run again is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.load import measured

MISSED = {
    "name": "a ratio",
    "value": 2.5,
    "unit": "ratio",
    "target": "≥ 3",
    "met": False,
    "range": [2.25, 1234.5],
    "rounds": 3,
}


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bench").mkdir()
    monkeypatch.setattr(measured, "BUILD", tmp_path)
    return tmp_path


def test_a_missed_target_is_told_with_its_range(build: Path) -> None:
    (build / "bench" / "intake.json").write_text(json.dumps([MISSED]))

    assert "| a ratio | 2.5 | ratio | ≥ 3 | **no** | 2.25 to 1,234 | 3 |" in measured.page("")
    assert "`make bench-intake`" in measured.page("")


def test_what_was_not_run_here_stays_and_what_was_is_replaced(build: Path) -> None:
    path = build / "bench" / "intake.json"
    path.write_text(json.dumps([MISSED]))
    other = build / "bench" / "notifier.json"
    other.write_text(json.dumps([MISSED | {"name": "of the notifier"}]))
    (build / "bench" / "router.json").write_text(json.dumps([MISSED | {"name": "of the router"}]))
    before = measured.page("")
    (build / "bench" / "router.json").unlink()
    path.write_text(json.dumps([MISSED | {"name": "a better ratio"}]))
    after = measured.page(before)

    assert "of the router" in after
    assert "a better ratio" in after
    assert "| a ratio |" not in after
    assert after == measured.page(after)

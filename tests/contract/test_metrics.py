"""docs/metrics.md is what the catalogue says, and the catalogue says what a reader needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.catalogue import Documented, documented

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "router", "escalator", "notifier")
ALL = {metric for service in SERVICES for metric in documented(service)}


def test_the_document_is_fresh() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "services.cli", "docs", "metrics"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert made.stdout == (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"), "make docs"


@pytest.mark.parametrize("metric", sorted(ALL), ids=lambda metric: metric.name)
def test_a_metric_is_named_by_its_kind_and_says_whose_it_is(metric: Documented) -> None:
    assert metric.name.startswith("tierline_")
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    assert "service" in metric.labels
    assert metric.meaning.endswith(".")

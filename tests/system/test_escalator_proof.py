"""Escalators and what may happen to them, scaled down: nothing missing, doubled, early or false."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.load.escalator_proof.plan import Plan, Verdict
from tests.load.escalator_proof.proof import Proof
from tests.load.router_proof.ground import Ground

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.kafka,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

SERVICE = "escalator"

PLAN = Plan(
    deadlines=200, pace=0.12, kill_every=6.0, outage=4.0, lag=5.0, stepped=2.5, calm=1.5, seed=8
)


def wrongs(found: Verdict) -> dict[str, int]:
    """What must never happen, and how often it did."""
    report = found.report
    assert report is not None
    return {
        "missing": len(report.missing),
        "doubled": len(report.doubled),
        "early": len(report.early),
        "false": len(report.false),
        "misdated": len(report.misdated),
        "unpaired": len(report.unpaired),
        "not judged": report.unjudged,
        "never heard": found.unheard,
        "parked": found.parked,
    }


async def test_whatever_happens_every_deadline_is_told_once_and_none_early_or_falsely(
    ground: Ground, folder: Path
) -> None:
    """Kills, a hung broker, PostgreSQL stopped and killed, a lag, clocks two hours wrong; `make
    prove-escalator` does the same to a hundred thousand deadlines.
    """
    found = await Proof(PLAN, ground, folder).run()

    assert found.report is not None
    assert () == found.report.wrong
    assert dict.fromkeys(wrongs(found), 0) == wrongs(found)
    assert found.report.due > PLAN.tickets
    assert found.kills > 0
    assert found.held > 0

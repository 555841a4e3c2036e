"""A notifier that is killed while every receiver fails, scaled down: all told or given up, nothing twice
without a reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.load.notifier_proof.plan import Plan, Verdict
from tests.load.notifier_proof.proof import Proof
from tests.load.router_proof.ground import Ground

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.kafka,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

SERVICE = "notifier"

PLAN = Plan(notifications=120, kill_every=4.0, ill=6.0, pages=0.0, bundle="2s")


async def test_I17_I18_all_are_told_or_given_up_with_a_fact_and_every_repeat_has_a_reason(
    ground: Ground, folder: Path
) -> None:
    """120 notifications, a fifth of all requests answered with a fault; `make prove-notifier`: 10,000."""
    found = await Proof(PLAN, ground, folder).run()

    assert dict.fromkeys(Verdict().wrong, 0) == found.wrong
    assert found.kills >= 1
    assert 0 == found.own_ends
    assert PLAN.notifications <= found.sent + found.dead + found.suppressed

"""A new workflow while tickets are open (semantics F): the example, with the escalator started again on the new file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.world import PLAIN, World


def of(customer: str) -> dict[str, Any]:
    """High, enterprise: to be answered within 60 minutes."""
    return {
        "customer": {"id": customer, "tier": "enterprise"},
        "impact": "high",
        "urgency": "medium",
    }


async def test_example_F_running_clocks_keep_their_target_and_new_ones_and_new_prices_do_not(
    world: World,
) -> None:
    stricter = """
SLA_MATRIX:
  high/enterprise: {first_response: 30, resolution: 480}
  critical/enterprise: {first_response: 20, resolution: 240}
"""
    await world.until("11:45:00")
    old, changed = await world.open("old", **of("acme")), await world.open("two", **of("bolt"))
    await world.until("12:00:00")
    world.workflow.write_text(PLAIN + stricter, encoding="utf-8")
    await world.restart("escalator")
    await world.until("12:05:00")
    new = await world.open("new", **of("cody"))
    await world.until("12:10:00")
    body = {"priority": "critical", "reason": "worse", "by": {"kind": "agent", "id": "ana"}}
    await world.call("intake", "POST", f"/v1/tickets/{changed}/priority", body)
    await world.until(world.at("12:45:00") + timedelta(seconds=1))

    missed = {
        ticket: [at for at, metric in world.told("sla.breached", ticket, "metric")]
        for ticket in (old, changed, new)
    }
    assert {old: ["12:45:00"], changed: ["12:10:00"], new: ["12:35:00"]} == missed
    targets = {
        metric: seconds
        for _, metric, seconds in world.told("sla.repriced", changed, "metric", "target_seconds")
    }
    assert {"first_response": 20 * 60, "resolution": 240 * 60} == targets

"""A lead hears of a priority lowered late (semantics P3)."""

from __future__ import annotations

from typing import Any

from tests.support.world import World

#: First response within 60 minutes.
HIGH: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise"},
    "impact": "high",
    "urgency": "medium",
}


async def test_P3_the_lead_of_the_team_is_told_of_a_late_lowering(world: World) -> None:
    await world.agent("ana")
    await world.recipient("lena", "team_lead", team="frontline")
    ticket = await world.open(**HIGH)
    await world.until("10:46:00")
    body = {"priority": "low", "reason": "not so bad", "by": {"kind": "agent", "id": "ana"}}

    answer = await world.call("intake", "POST", f"/v1/tickets/{ticket}/priority", body)
    await world.until("10:47:30")

    assert answer.status_code == 202, answer.text
    fields = ("metric", "used_percent", "from_priority", "to_priority", "by")
    assert world.told("sla.suspicious_downgrade", ticket, *fields) == [
        ("10:46:00", "first_response", 76, "high", "low", "ana")
    ]
    assert any("was lowered to low late" in mail.subject for mail in world.mails("lena"))

"""An important customer's ticket (semantics G11, V11): who hears of it, from webhook to mail."""

from __future__ import annotations

from tests.support.world import World


async def test_V11_managers_of_management_hear_of_it_once_and_are_not_paged(world: World) -> None:
    await world.agent("uma", level="tier_2", team="specialists")
    await world.recipient("maria", "support_manager")
    await world.recipient("carl", "customer_success_director")
    ticket = await world.open(customer={"id": "acme", "tier": "professional", "vip": True})
    at_once = len(world.mails("maria"))
    await world.advance(minutes=5)

    assert [("10:00:00", "tier_2", "vip_customer", None)] == world.told(
        "escalation.raised", ticket, "level", "reason", "acknowledge_by"
    )
    assert 0 == at_once
    assert [1, 1] == [len(world.mails(name)) for name in ("maria", "carl")]

"""How much people are told (semantics D4, L1): few messages, whatever happens, and pages at once."""

from __future__ import annotations

from tests.support.world import World


async def test_L1_breaches_of_calm_tickets_reach_a_manager_as_one_digest(world: World) -> None:
    await world.agent("ana")
    await world.recipient("ana")
    await world.recipient("tom", "team_managers")
    for n in range(12):
        await world.open(f"calm-{n}", customer={"id": f"c{n}", "email": f"c{n}@acme.example"})
    await world.until("14:59:59")
    early = world.mails("tom")
    await world.until("15:00:01")

    digests = world.mails("tom")[len(early) :]
    assert [] == [mail for mail in early if "first response" in mail.text and "late" in mail.text]
    assert 1 == len(digests)
    assert 12 <= digests[0].text.count("\n- #")


async def test_D4_a_page_to_management_passes_what_is_held(world: World) -> None:
    await world.recipient("maria", "support_manager", "team_lead")
    for n in range(5):
        customer = {"id": f"c{n}", "email": f"c{n}@acme.example"}
        await world.open(f"angry-{n}", customer=customer, body="This is an outrage, I am furious!")
    held = world.mails("maria")
    await world.open("legal", body="Answer today or my lawyer will.")
    at_once = world.mails("maria")
    await world.advance(seconds=61)

    assert (0, True) == (len(held), any("/a/" in mail.text for mail in at_once))
    assert len(at_once) + 1 == len(world.mails("maria"))

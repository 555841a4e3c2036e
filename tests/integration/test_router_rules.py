"""What routing rules ask for, on a real database: a dedicated CSM, their pool, and the rules' own account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts import Customer, TicketOpened
from shared.contracts.vocabulary import Presence, Priority
from tests.support.builders import MONDAY_10, OTHER_TICKET, TICKET
from tests.support.desks import a_ticket
from tests.support.router_bench import RouterOverHttp, a_profile

pytestmark = pytest.mark.postgres

SATURDAY = MONDAY_10 - timedelta(days=2)


@pytest.fixture
async def router(database_url: str) -> AsyncIterator[RouterOverHttp]:
    """A router with Sofia, who looks after acme, and Pia of the same pool, who has less to do."""
    made = RouterOverHttp(database_url)
    csm = {"team": "specialists", "level": "tier_2"}
    await made.bench.roster(a_profile("sofia", **csm), a_profile("pia", capacity=80, **csm))
    yield made
    await made.close()


def of_acme(ticket: Any = TICKET, **changes: Any) -> TicketOpened:
    """A ticket of a customer with a dedicated CSM."""
    customer = Customer(customer_id="acme", tier="enterprise", account_owner="sofia")
    return a_ticket(ticket, **{"customer": customer, "priority": Priority.HIGH, **changes})


async def holder(router: RouterOverHttp, ticket: Any = TICKET) -> tuple[str | None, str | None]:
    """The queue a ticket was sent to, and who has it."""
    await router.bench.dispatch()
    item = await router.bench.item(ticket)
    return item.place.queue if item.place else None, item.agent_id


async def test_S0_a_ticket_of_an_enterprise_customer_goes_to_their_dedicated_csm(
    router: RouterOverHttp,
) -> None:
    await router.bench.hear(of_acme(), a_ticket(OTHER_TICKET))

    assert ("customer_success", "sofia") == await holder(router)


async def test_without_an_owner_in_the_directory_the_pool_is_asked(router: RouterOverHttp) -> None:
    nobodys = Customer(customer_id="acme", tier="enterprise")
    await router.bench.roster(a_profile("sofia", team="specialists", level="tier_2", capacity=1))
    await router.bench.hear(of_acme(OTHER_TICKET))
    await router.bench.dispatch()
    await router.bench.hear(of_acme(customer=nobodys))

    assert ("customer_success", "pia") == await holder(router)


async def test_a_csm_who_is_away_does_not_keep_the_ticket_waiting(router: RouterOverHttp) -> None:
    await router.bench.rota.set_presence("sofia", Presence.AWAY)
    await router.bench.hear(of_acme())

    assert ("customer_success", "pia") == await holder(router)


async def test_a_csm_whose_desk_is_full_does_not_keep_the_ticket_waiting(
    router: RouterOverHttp,
) -> None:
    await router.bench.roster(a_profile("sofia", team="specialists", level="tier_2", capacity=1))
    await router.bench.hear(of_acme(OTHER_TICKET))
    first = await holder(router, OTHER_TICKET)
    await router.bench.hear(of_acme())

    assert ("customer_success", "sofia") == first
    assert ("customer_success", "pia") == await holder(router)


async def test_G11_out_of_hours_the_rule_for_the_csm_does_not_match(router: RouterOverHttp) -> None:
    await router.bench.roster(a_profile("ana"))
    await router.bench.hear(of_acme(), at=SATURDAY)

    assert ("general", "ana") == await holder(router)


async def test_G16_the_assignment_tells_each_rule_that_was_refused_and_why(
    router: RouterOverHttp,
) -> None:
    await router.bench.hear(of_acme(category="technical"))
    shown = (await router.call("GET", f"/v1/tickets/{TICKET}/assignment?explain=true")).json()
    told = shown["rules"]

    assert router.bench.policy.digest == told["workflow_digest"]
    assert [
        ("assign_to_senior_engineer", True, False),
        ("assign_to_dedicated_csm", True, True),
        ("assign_to_billing_specialist", False, False),
        ("assign_to_integrations", False, False),
        ("assign_to_frontline", False, False),
    ] == [(rule["name"], rule["considered"], rule["holds"]) for rule in told["rules"]]
    assert [
        {"text": "priority == 'critical'", "holds": False, "values": {"priority": "high"}},
        {"text": "category == 'technical'", "holds": True, "values": {"category": "technical"}},
    ] == told["rules"][0]["comparisons"]
    assert "queue customer_success, role dedicated_csm" == told["rules"][1]["effect"]
    assert [("vip", True), ("recent_escalations", False)] == [
        (boost["name"], boost["holds"]) for boost in told["boosts"]
    ]


async def test_the_rules_are_told_only_when_asked_for(router: RouterOverHttp) -> None:
    await router.bench.hear(of_acme())

    assert None is (await router.call("GET", f"/v1/tickets/{TICKET}/assignment")).json()["rules"]

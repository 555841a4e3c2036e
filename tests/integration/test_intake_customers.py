"""The customer directory: what it says of customers, their addresses, and their conversations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from services.intake.domain.commands import Contact, SetStatus
from services.intake.domain.triage import IntakePolicy
from services.intake.escalated import handle
from services.intake.metrics import IntakeMetrics
from shared.clock import FakeClock
from shared.contracts import (
    Change,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Payload,
    TicketOpened,
    TicketReclassified,
)
from shared.contracts.vocabulary import EscalationOutcome, Status
from shared.observability.metrics import Catalogue
from shared.policy import load_workflow
from shared.runtime.batch import Batch
from tests.support.builders import a, an_event
from tests.support.contacts import a_contact, group, tickets
from tests.support.intake import (
    KEY,
    IntakeUnderTest,
    a_message,
    an_open,
    intake_under_test,
    settings,
)

pytestmark = pytest.mark.postgres

ANA, BEN = "email:ana@example.org", "email:ben@example.org"
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


async def call(
    intake: IntakeUnderTest, method: str, path: str, content: bytes | None = None
) -> httpx2.Response:
    headers = {"authorization": f"Bearer {KEY}"} | ({"content-type": "text/csv"} if content else {})
    return await intake.client.request(method, path, content=content, headers=headers)


async def describe(intake: IntakeUnderTest, customer_id: str, **entry: Any) -> dict[str, Any]:
    answer = await intake.put(f"/v1/customers/{customer_id}", entry)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def known(intake: IntakeUnderTest, customer_id: str) -> dict[str, Any]:
    answer = await intake.get(f"/v1/customers/{customer_id}")
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in answer.json().items() if value is not None}


async def imported(intake: IntakeUnderTest, table: str, query: str = "") -> httpx2.Response:
    return await call(intake, "POST", f"/v1/customers:import{query}", table.encode())


async def opened(intake: IntakeUnderTest, external_id: str = "4711", **fields: Any) -> UUID:
    answer = await intake.webhook(an_open(external_id, **fields))
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["ticket_id"])


async def as_opened(intake: IntakeUnderTest, ticket_id: UUID) -> TicketOpened:
    [first, *_] = await intake.said(ticket_id)
    assert isinstance(first, TicketOpened)
    return first


def faults(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {fault["field"]: fault["message"] for fault in answer.json()["errors"]}


# What the directory says


async def test_an_entry_replaces_what_was_known(intake: IntakeUnderTest) -> None:
    await describe(intake, "acme", tier="enterprise", vip=True, name="Ana", email="ana@example.org")

    await describe(intake, "acme", tier="Professional", lifetime_value=12.5, phone="+49 30 1234567")

    assert await known(intake, "acme") == {
        "customer_id": "acme",
        "tier": "professional",
        "lifetime_value": 12.5,
        "phone": "+49 30 1234567",
    }


@pytest.mark.parametrize(
    ("entry", "field", "words"),
    [
        ({"tier": "enterprice"}, "body.tier", "did you mean 'enterprise'?"),
        ({"colour": "blue"}, "body.colour", "not permitted"),
        ({"email": "Ana <ana@example.org>"}, "body.email", "one mailbox"),
        ({"lifetime_value": "much"}, "body.lifetime_value", "valid number"),
    ],
)
async def test_a_faulty_entry_is_refused_with_its_field(
    intake: IntakeUnderTest, entry: Mapping[str, Any], field: str, words: str
) -> None:
    answer = await intake.put("/v1/customers/acme", entry)

    assert words in faults(answer)[field]
    assert await intake.count("customer") == 0


async def test_a_customer_nobody_knows_is_a_404(intake: IntakeUnderTest) -> None:
    assert (await intake.get("/v1/customers/acme")).status_code == 404


async def test_customers_are_listed_page_by_page_and_by_tier(intake: IntakeUnderTest) -> None:
    for name, tier in (("a", "standard"), ("b/2", "enterprise"), ("c", "enterprise")):
        await describe(intake, name, tier=tier)

    first = await intake.get("/v1/customers?limit=2")
    second = await intake.get(first.headers["link"].split(">")[0][1:])
    enterprise = await intake.get("/v1/customers?tier=Enterprise")

    pages = [
        [one["customer_id"] for one in answer.json()["customers"]]
        for answer in (first, second, enterprise)
    ]
    assert pages == [["a", "b/2"], ["c"], ["b/2", "c"]]
    assert "link" not in second.headers


async def test_what_a_source_says_later_wins_and_what_it_leaves_out_stays(
    intake: IntakeUnderTest,
) -> None:
    await describe(intake, "customer-1", tier="enterprise", account_manager="mara")

    await opened(intake, customer={"id": "customer-1", "tier": "standard"})

    assert await known(intake, "customer-1") == {
        "customer_id": "customer-1",
        "tier": "standard",
        "account_manager": "mara",
    }


async def test_a_ticket_says_which_agent_looks_after_its_customer(
    intake: IntakeUnderTest,
) -> None:
    await describe(intake, "customer-1", account_owner="sofia")
    await imported(intake, "id,account_owner\ncustomer-2,pia\n")

    theirs = [
        await opened(intake, f"t{one}", customer={"id": f"customer-{one}"}) for one in (1, 2, 3)
    ]
    said = [(await as_opened(intake, ticket)).customer for ticket in theirs]

    assert ["sofia", "pia", None] == [customer.account_owner for customer in said]
    assert "sofia" == (await known(intake, "customer-1"))["account_owner"]


async def test_V12_a_ticket_has_its_customers_revenue_impact_unless_it_has_its_own(
    intake: IntakeUnderTest,
) -> None:
    await describe(intake, "customer-1", revenue_impact=5000.0)

    theirs = await opened(intake, "t1")
    own = await opened(intake, "t2", revenue_impact=10.0)
    foreign = await opened(intake, "t3", currency="JPY")

    impacts = [(await as_opened(intake, one)).revenue_impact for one in (theirs, own, foreign)]
    assert impacts == [5000.0, 10.0, None]


async def test_P1_a_new_tier_is_the_tier_of_the_customers_open_tickets(
    intake: IntakeUnderTest,
) -> None:
    working, settled, other = [
        await opened(intake, "t1"),
        await opened(intake, "t2"),
        await opened(intake, "t3", customer={"id": "customer-2", "tier": "professional"}),
    ]
    await group(intake, SetStatus(ticket_id=settled, status=Status.RESOLVED))

    told = await describe(intake, "customer-1", tier="enterprise")
    again = await describe(intake, "customer-1", tier="enterprise", vip=True)

    assert (told["repriced"], again["repriced"]) == (1, 0)
    [reclassified] = [p for p in await intake.said(working) if isinstance(p, TicketReclassified)]
    assert reclassified.reason == "customer_tier"
    assert reclassified.changes == {"customer_tier": Change(from_="professional", to="enterprise")}
    assert await intake.names(settled) == ["opened", "resolved"]
    assert await intake.names(other) == ["opened"]
    assert await intake.rows("SELECT customer_tier FROM ticket ORDER BY ticket_id") == [
        ("enterprise",),
        ("professional",),
        ("professional",),
    ]


async def test_P1_a_new_tier_lets_an_earlier_change_of_priority_still_count(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    ticket = await opened(intake)
    before = (clock.now() + timedelta(seconds=1)).isoformat()
    await clock.advance(timedelta(seconds=5))
    await describe(intake, "customer-1", tier="enterprise")

    await intake.webhook(
        {
            "type": "ticket.priority",
            "external_id": "4711",
            "priority": "critical",
            "occurred_at": before,
        }
    )

    assert await intake.names(ticket) == ["opened", "reclassified", "reclassified"]


async def test_who_changed_the_directory_is_written_down(intake: IntakeUnderTest) -> None:
    await describe(intake, "acme", tier="enterprise")

    assert await intake.rows("SELECT principal, action, object FROM audit") == [
        ("tester", "put_customers", "acme")
    ]


# A table of customers


async def test_a_table_changes_the_columns_it_has(intake: IntakeUnderTest) -> None:
    await describe(intake, "acme", tier="standard", account_manager="mara", name="Ana", phone="1")

    answer = await imported(
        intake,
        "\ufeffID, tier ,vip,name\r\n"
        'acme,Enterprise,yes,"Ana, of ""Acme"""\r\n'
        "\r\n"
        "bolt,standard,,\r\n",
    )

    assert answer.json() == {"customers": 2, "dry_run": False, "repriced": 0, "taken": {}}
    assert await known(intake, "acme") == {
        "customer_id": "acme",
        "tier": "enterprise",
        "vip": True,
        "account_manager": "mara",
        "name": 'Ana, of "Acme"',
        "phone": "1",
    }
    assert await known(intake, "bolt") == {"customer_id": "bolt", "tier": "standard"}


async def test_an_empty_cell_means_unknown(intake: IntakeUnderTest) -> None:
    await describe(intake, "acme", tier="standard", name="Ana")

    await imported(intake, "id;tier;name\nacme;;\n")

    assert await known(intake, "acme") == {"customer_id": "acme"}


async def test_a_table_with_faults_changes_nothing_and_tells_them_all(
    intake: IntakeUnderTest,
) -> None:
    answer = await imported(
        intake,
        "id,tier,lifetime_value\n"
        "acme,enterprise,1\n"
        "bolt,enterprice,1\n"
        '"ce\nde",standard,much\n'
        "acme,standard,1\n"
        ",standard,1\n"
        "dyne,standard\n",
    )

    told = faults(answer)
    assert list(told) == [
        "line 3, tier",
        "line 4, lifetime_value",
        "line 6, id",
        "line 7, id",
        "line 8",
    ]
    assert "did you mean 'enterprise'?" in told["line 3, tier"]
    assert told["line 6, id"] == "stands on line 2 already"
    assert told["line 8"] == "has 2 cells, the header has 3"
    assert await intake.count("customer") == 0


@pytest.mark.parametrize(
    ("table", "place", "words"),
    [
        ("id,teir\nacme,standard\n", "line 1, teir", "did you mean 'tier'?"),
        ("tier\nstandard\n", "line 1, id", "is missing"),
        ("id,vip,vip\nacme,1,1\n", "line 1, vip", "twice"),
        ("\n", "line 1, id", "is missing"),
        ('id,name\nacme,"Ana\n', "line 2", "cannot be read"),
        ("id\nac\0me\n", "line 2, id", "NUL"),
    ],
)
async def test_what_is_no_table_is_told_with_its_line(
    intake: IntakeUnderTest, table: str, place: str, words: str
) -> None:
    assert words in faults(await imported(intake, table))[place]


async def test_a_table_that_is_not_utf_8_is_told_so(intake: IntakeUnderTest) -> None:
    answer = await call(
        intake, "POST", "/v1/customers:import", "id,name\nacme,Jörg\n".encode("latin-1")
    )

    assert "not UTF-8" in next(iter(faults(answer).values()))


async def test_no_more_than_a_hundred_faults_are_told(intake: IntakeUnderTest) -> None:
    table = "id,vip\n" + "".join(f"c{n},maybe\n" for n in range(150))

    assert len(faults(await imported(intake, table))) == 100


async def test_a_dry_run_says_what_would_be_done(intake: IntakeUnderTest) -> None:
    answer = await imported(intake, "id,tier\nacme,enterprise\n", "?dry_run=true")

    assert answer.json()["customers"] == 1
    assert await intake.count("customer") == 0


async def test_a_table_is_sent_as_csv(intake: IntakeUnderTest) -> None:
    answer = await intake.post("/v1/customers:import", {"id": "acme"})

    assert answer.status_code == 415


async def test_a_table_of_thousands_is_imported_in_parts_and_reprices_what_is_open(
    intake: IntakeUnderTest,
) -> None:
    ticket = await opened(intake)
    rows = "".join(f"c{n},standard,c{n}@example.org\n" for n in range(2500))

    answer = await imported(intake, f"id,tier,email\n{rows}customer-1,enterprise,\n")

    assert answer.json()["customers"] == 2501
    assert answer.json()["repriced"] == 1
    assert await intake.names(ticket) == ["opened", "reclassified"]
    assert await intake.count("customer_address") == 2500


async def test_a_table_may_be_larger_than_any_other_body(intake: IntakeUnderTest) -> None:
    rows = "".join(f"c{n},{'x' * 900}\n" for n in range(1500))

    assert (await imported(intake, f"id,name\n{rows}", "?dry_run=true")).status_code == 200
    too_large = await call(intake, "POST", "/v1/customers:import", b"x" * (16 * 1024 * 1024 + 1))
    assert too_large.status_code == 413


# Addresses


async def addresses(intake: IntakeUnderTest, customer_id: str) -> list[str]:
    answer = await intake.get(f"/v1/customers/{customer_id}/addresses")
    return [one["address"] for one in answer.json()["addresses"]]


async def customer_of(intake: IntakeUnderTest, ticket_id: UUID) -> str:
    return (await as_opened(intake, ticket_id)).customer.customer_id


async def test_who_writes_from_a_linked_address_is_the_customer(intake: IntakeUnderTest) -> None:
    await describe(intake, "acme", tier="enterprise")
    await call(intake, "PUT", "/v1/customers/acme/addresses/email:Ana@Example.org")

    [ticket] = await tickets(intake, a_contact("m1", by=ANA))

    assert await addresses(intake, "acme") == [ANA]
    assert (await as_opened(intake, ticket)).customer.tier == "enterprise"


async def test_a_stranger_gives_way_and_their_tickets_stay(intake: IntakeUnderTest) -> None:
    [first] = await tickets(intake, a_contact("m1", by=ANA))
    await describe(intake, "acme")
    linked = await call(intake, "PUT", f"/v1/customers/acme/addresses/{ANA}")
    [second] = await tickets(intake, a_contact("m2", by=ANA))

    assert linked.status_code == 200
    assert (await customer_of(intake, first)).startswith("c-")
    assert await customer_of(intake, second) == "acme"


async def test_an_address_of_another_customer_is_refused_with_their_id(
    intake: IntakeUnderTest,
) -> None:
    await describe(intake, "acme", email="ana@example.org")
    await describe(intake, "bolt")

    refused = await call(intake, "PUT", f"/v1/customers/bolt/addresses/{ANA}")

    assert refused.status_code == 409
    assert "'acme'" in refused.json()["detail"]
    assert await addresses(intake, "acme") == [ANA]


async def test_what_is_unlinked_is_nobodys(intake: IntakeUnderTest) -> None:
    await describe(intake, "acme", email="ana@example.org")

    gone = await call(intake, "DELETE", f"/v1/customers/acme/addresses/{ANA}")
    again = await call(intake, "DELETE", f"/v1/customers/acme/addresses/{ANA}")
    [ticket] = await tickets(intake, a_contact("m1", by=ANA))

    assert (gone.status_code, again.status_code) == (204, 404)
    assert (await customer_of(intake, ticket)).startswith("c-")


async def test_an_address_of_an_unknown_customer_and_an_odd_address_are_refused(
    intake: IntakeUnderTest,
) -> None:
    await describe(intake, "acme")

    unknown = await call(intake, "PUT", f"/v1/customers/bolt/addresses/{ANA}")
    odd = await call(intake, "PUT", "/v1/customers/acme/addresses/tel:030 1234")

    assert unknown.status_code == 404
    assert "path.address" in faults(odd)
    assert await intake.count("customer_address") == 0


async def test_the_directory_takes_a_strangers_mailbox_and_leaves_another_customers(
    intake: IntakeUnderTest,
) -> None:
    await tickets(intake, a_contact("m1", by=ANA))
    await describe(intake, "bolt", email="ben@example.org")

    first = await describe(intake, "acme", email="ana@example.org")
    second = await describe(intake, "acme", email="ben@example.org")

    assert (first["taken"], second["taken"]) == ({}, {BEN: "bolt"})
    assert await addresses(intake, "acme") == [ANA]
    assert (await intake.get("/v1/customers/acme/contact")).json()["email"] == "ben@example.org"


# Conversations


async def join(
    intake: IntakeUnderTest, ticket_id: UUID | str, external_id: str, source: str = "generic"
) -> httpx2.Response:
    path = f"/v1/tickets/{ticket_id}/conversations/{source}/{external_id}"
    return await call(intake, "PUT", path)


def spoken(name: str, channel: str, body: str, by: str) -> Contact:
    return a_contact(name, by=by, body=body, channel=channel, session=True)


async def test_S0_42_a_chat_goes_on_by_mail_and_phone_with_ticket_history_and_clocks(
    intake: IntakeUnderTest,
) -> None:
    [ticket] = await tickets(
        intake, spoken("chat-1", "chat", "It fails.", "chat:U1"), source="generic"
    )
    customer = await customer_of(intake, ticket)
    await call(intake, "PUT", f"/v1/customers/{customer}/addresses/{ANA}")

    reference = ticket.hex[-8:]
    [mailed] = await tickets(intake, a_contact("m1", reference=reference, body="A screenshot."))
    joined = await join(intake, ticket, "call/+4930123456")
    [phoned] = await tickets(
        intake,
        spoken("call/+4930123456", "phone", "I call again.", "tel:+4930123456"),
        source="generic",
    )

    assert joined.json()["ticket_id"] == str(ticket)
    assert (mailed, phoned) == (ticket, ticket)
    assert await intake.names(ticket) == ["opened", "message_added", "message_added"]
    shown = (await intake.get(f"/v1/tickets/{ticket}")).json()["messages"]
    assert [(one["channel"], one["body"]) for one in shown] == [
        ("chat", "It fails."),
        ("email", "A screenshot."),
        ("phone", "I call again."),
    ]


async def test_a_conversation_about_another_open_ticket_is_refused_until_that_is_settled(
    intake: IntakeUnderTest,
) -> None:
    one, other = await opened(intake, "t1"), await opened(intake, "t2")

    refused = await join(intake, one, "t2")
    await group(intake, SetStatus(ticket_id=other, status=Status.RESOLVED))
    joined = await join(intake, one, "t2")
    await intake.webhook(a_message("t2"))

    assert (refused.status_code, joined.status_code) == (409, 200)
    assert str(other) in refused.json()["detail"]
    assert await intake.names(one) == ["opened", "message_added"]
    assert await intake.names(other) == ["opened", "resolved"]


async def test_what_waited_in_the_conversation_is_done_on_the_ticket(
    intake: IntakeUnderTest,
) -> None:
    ticket = await opened(intake, "t1")
    await intake.webhook(a_message("t2"))

    await join(intake, ticket, "t2")

    assert await intake.names(ticket) == ["opened", "message_added"]
    assert await intake.count("buffered_command") == 0


async def test_joining_again_changes_nothing(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake, "t1")

    answers = [await join(intake, ticket, "t1"), await join(intake, ticket, "t1")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert await intake.count("external_ref") == 1


async def test_a_ticket_or_source_nobody_knows_is_refused(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake, "t1")

    assert (await join(intake, UNKNOWN, "t9")).status_code == 404
    assert (
        "did you mean 'generic'?"
        in faults(await join(intake, ticket, "t9", "generik"))["path.source"]
    )
    assert await intake.count("external_ref") == 1


# Escalations


async def hear(intake: IntakeUnderTest, *payloads: Payload) -> None:
    """Handle `payloads` of the escalator, as one batch."""
    events = tuple(an_event(one, at=intake.clock.now()) for one in payloads)
    policy = IntakePolicy.of(load_workflow(None))
    batch = Batch(events=events, now=intake.clock.now(), partitions={})
    metrics = IntakeMetrics(Catalogue("intake"))
    async with intake.service.engine.begin() as tx:
        assert [] == await handle(tx, batch, policy=policy, metrics=metrics)


def raised(ticket_id: UUID, **changes: Any) -> EscalationRaised:
    plain: dict[str, Any] = {"escalation_id": uuid4(), "reason": "sla_at_risk"}
    return a(EscalationRaised, ticket_id=ticket_id, **{**plain, **changes})


async def recent(intake: IntakeUnderTest, external_id: str, **customer: Any) -> int | None:
    who = {"id": "customer-1", **customer}
    return (
        await as_opened(intake, await opened(intake, external_id, customer=who))
    ).customer.recent_escalations


async def test_G12_the_customers_escalations_of_30_days_are_counted_at_opening(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    ticket = await opened(intake)
    await hear(intake, raised(ticket))
    await clock.advance(timedelta(days=29))
    await hear(intake, raised(ticket), raised(ticket))
    soon = await recent(intake, "t2")
    await clock.advance(timedelta(days=2))

    assert (soon, await recent(intake, "t3")) == (3, 2)
    assert await recent(intake, "t4", id="customer-2") == 0


async def test_G12_the_larger_of_what_the_source_says_now_and_what_was_counted(
    intake: IntakeUnderTest,
) -> None:
    ticket = await opened(intake)
    await hear(intake, raised(ticket))

    counts = [
        await recent(intake, "t2", recent_escalations=5),
        await recent(intake, "t3"),
        await recent(intake, "t4", recent_escalations=0),
    ]

    assert counts == [5, 1, 1]


async def test_G12_an_escalation_is_counted_once(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    one = raised(ticket)

    await hear(intake, one, one)
    await hear(intake, one)

    assert await recent(intake, "t2") == 1


async def test_G11_a_starting_level_counts_only_once_it_is_raised_further(
    intake: IntakeUnderTest,
) -> None:
    ticket = await opened(intake)
    starting = raised(ticket, reason="vip_customer", acknowledge_by=None)
    await hear(intake, starting)
    before = await recent(intake, "t2")
    further = a(EscalationAdvanced, ticket_id=ticket, escalation_id=starting.escalation_id)
    await hear(intake, further)

    assert (before, await recent(intake, "t3")) == (0, 1)


async def test_T3_an_escalation_that_was_withdrawn_never_was(intake: IntakeUnderTest) -> None:
    ticket = await opened(intake)
    one = raised(ticket)
    await hear(intake, one)
    withdrawn = a(
        EscalationResolved,
        ticket_id=ticket,
        escalation_id=one.escalation_id,
        outcome=EscalationOutcome.CANCELLED,
        reason="withdrawn",
    )
    await hear(intake, withdrawn)

    assert await recent(intake, "t2") == 0


async def test_intake_is_ready_while_its_broker_is_away(intake: IntakeUnderTest) -> None:
    assert intake.service.consumer is not None
    assert intake.service.consumer.problem is not None
    assert await intake.service.readiness() == ["starting"]

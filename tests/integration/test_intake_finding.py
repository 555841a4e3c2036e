"""Which ticket and which customer a message is about: any name, any order, any number of lanes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from services.intake.domain.commands import (
    AddMessage,
    CustomerFacts,
    Merge,
    OpenTicket,
    SetStatus,
    Unmerge,
)
from services.intake.domain.delivery import Disposition
from shared.clock import FakeClock
from shared.contracts.vocabulary import Status
from shared.ids import new_id
from tests.support.contacts import CUSTOMER, a_contact, group, tickets
from tests.support.intake import IntakeUnderTest, intake_under_test, settings

pytestmark = pytest.mark.postgres

ANA, BEN = "email:ana@example.org", "email:ben@example.org"


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


def reference_of(ticket_id: UUID) -> str:
    """The short name people call a ticket by."""
    return ticket_id.hex[-8:].upper()


async def customers(intake: IntakeUnderTest) -> list[str]:
    return [
        one for (one,) in await intake.rows("SELECT customer_id FROM ticket ORDER BY opened_at")
    ]


async def test_a_reply_by_any_name_of_the_conversation_is_a_follow_up(
    intake: IntakeUnderTest,
) -> None:
    [ticket] = await tickets(intake, a_contact("m1"))
    [second] = await tickets(intake, a_contact("m2", "m1"))
    [third] = await tickets(intake, a_contact("m3", "m2"))

    assert (ticket, ticket) == (second, third)
    assert await intake.names(ticket) == ["opened", "message_added", "message_added"]


async def test_a_reply_that_arrives_before_what_it_answers_opens_the_ticket(
    intake: IntakeUnderTest,
) -> None:
    [reply] = await tickets(intake, a_contact("m2", "m1"))
    [first] = await tickets(intake, a_contact("m1"))

    assert reply == first
    assert await intake.count("ticket") == 1


async def test_new_conversations_with_overlapping_names_in_one_group_are_one_ticket(
    intake: IntakeUnderTest,
) -> None:
    found = await tickets(
        intake, a_contact("m1", "m2"), a_contact("m3", "m2"), a_contact("m3"), a_contact("m9")
    )

    assert len(set(found[:3])) == 1
    assert found[3] not in found[:3]
    assert await intake.count("ticket") == 2


async def test_names_that_only_a_machine_used_give_way_to_the_ticket_a_person_opens(
    intake: IntakeUnderTest,
) -> None:
    refused = await group(intake, a_contact("m1", automatic=True))
    await group(intake, a_contact("m2", automatic=True))
    [ticket] = await tickets(intake, a_contact("m3", "m2", "m1"))
    [again] = await tickets(intake, a_contact("m4", "m1"))

    assert [Disposition.IGNORED] == [one.outcome for one in refused]
    assert ticket == again
    assert await intake.count("ticket") == 1


async def test_what_waited_under_one_name_is_done_when_another_opens_the_ticket(
    intake: IntakeUnderTest,
) -> None:
    await group(intake, SetStatus(external_id="m1", status=Status.RESOLVED))
    [ticket] = await tickets(intake, a_contact("m2"))
    await group(intake, a_contact("m3", "m2", "m1"))

    assert await intake.names(ticket) == ["opened", "resolved", "reopened", "message_added"]
    assert await intake.count("buffered_command") == 0


async def test_two_customers_in_one_new_conversation_are_one_ticket_of_the_first(
    intake: IntakeUnderTest,
) -> None:
    [one, other] = await tickets(intake, a_contact("m1", by=ANA), a_contact("m1", by=BEN))

    assert one == other
    assert await intake.count("customer_address") == 2
    assert await intake.count("ticket") == 1


async def test_lanes_that_race_for_the_same_new_names_agree_on_one_ticket(
    intake: IntakeUnderTest,
) -> None:
    found = await asyncio.gather(
        *(
            tickets(intake, a_contact(f"m{n}", "root", f"m{n - 1}"), a_contact(f"x{n}", "root"))
            for n in range(1, 9)
        )
    )

    assert len({ticket for both in found for ticket in both}) == 1
    assert await intake.count("ticket") == 1
    [[named]] = await intake.rows("SELECT count(DISTINCT ticket_id) FROM external_ref")
    assert named == 1


async def test_lanes_that_race_for_the_same_new_addresses_agree_on_one_customer(
    intake: IntakeUnderTest,
) -> None:
    def lane(number: int) -> Awaitable[list[UUID]]:
        both = CustomerFacts(customer_id="", addresses=(f"slack:U{number}", ANA))
        return tickets(
            intake,
            a_contact(f"a{number}", customer=both),
            a_contact(f"b{number}", by=f"slack:U{number}"),
        )

    await asyncio.gather(*(lane(number) for number in range(8)))

    assert len(set(await customers(intake))) == 1
    assert await intake.rows("SELECT count(DISTINCT customer_id) FROM customer_address") == [(1,)]


async def test_a_known_customer_who_loses_a_race_for_an_address_stays_who_they_are(
    intake: IntakeUnderTest,
) -> None:
    await group(intake, a_contact("m0", by=ANA))
    [ana] = await customers(intake)
    both = CustomerFacts(customer_id="", addresses=(ANA, BEN))

    await asyncio.gather(
        group(intake, a_contact("m1", customer=both)), group(intake, a_contact("m2", by=BEN))
    )

    [[owner]] = await intake.rows(
        "SELECT customer_id FROM ticket JOIN external_ref USING (ticket_id) WHERE external_id = 'm1'"
    )
    assert owner == ana


async def test_webhooks_that_open_one_ticket_at_once_open_it_once(intake: IntakeUnderTest) -> None:
    contact = {"id": "acme", "email": "ana@example.org"}
    part = {"type": "ticket.open", "external_id": "4711", "customer": contact, "subject": "Help"}

    answers = await asyncio.gather(*(intake.webhook(part) for _ in range(12)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["ticket_id"] for answer in answers}) == 1
    assert await intake.count("ticket") == 1


async def test_a_reference_leads_to_the_writers_own_ticket(intake: IntakeUnderTest) -> None:
    [ticket] = await tickets(intake, a_contact("m1"))

    [again] = await tickets(intake, a_contact("m2", reference=reference_of(ticket)))
    [later] = await tickets(intake, a_contact("m3", "m2"))

    assert (ticket, ticket) == (again, later)


async def test_a_reference_to_somebody_elses_ticket_is_not_believed(
    intake: IntakeUnderTest,
) -> None:
    [ticket] = await tickets(intake, a_contact("m1", by=ANA))

    [other] = await tickets(intake, a_contact("m2", by=BEN, reference=reference_of(ticket)))

    assert other != ticket
    assert await intake.names(ticket) == ["opened"]


async def test_M1_a_message_to_a_merged_ticket_lands_on_the_last_of_the_chain(
    intake: IntakeUnderTest,
) -> None:
    [s, t, u] = await tickets(intake, a_contact("s"), a_contact("t"), a_contact("u"))
    await group(intake, Merge(ticket_id=s, into=t))
    await group(intake, Merge(ticket_id=t, into=u))

    found = await tickets(intake, a_contact("s2", "s"), a_contact("t2", "t"))

    assert found == [u, u]
    assert await intake.names(s) == ["opened", "merged"]


async def test_M1_what_follows_a_merge_in_its_own_group_is_redirected_too(
    intake: IntakeUnderTest,
) -> None:
    [s, t] = await tickets(intake, a_contact("s"), a_contact("t"))

    found = await tickets(intake, Merge(ticket_id=s, into=t), a_contact("s2", "s"))

    assert found == [s, t]
    assert await intake.names(t) == ["opened", "message_added"]


async def test_M4_what_follows_an_unmerge_in_its_own_group_stays(intake: IntakeUnderTest) -> None:
    [s, t] = await tickets(intake, a_contact("s"), a_contact("t"))
    await group(intake, Merge(ticket_id=s, into=t))

    await group(intake, Unmerge(ticket_id=s), a_contact("s2", "s"))

    assert await intake.names(s) == ["opened", "merged", "unmerged", "message_added"]


async def test_M1_two_merges_that_would_close_a_circle_leave_one_of_them(
    intake: IntakeUnderTest,
) -> None:
    [s, t] = await tickets(intake, a_contact("s"), a_contact("t"))

    one, other = await asyncio.gather(
        group(intake, Merge(ticket_id=s, into=t)), group(intake, Merge(ticket_id=t, into=s))
    )

    assert {one[0].outcome, other[0].outcome} == {Disposition.ACCEPTED, Disposition.IGNORED}


async def test_M1_messages_that_race_with_merges_open_nothing_new(intake: IntakeUnderTest) -> None:
    found = await tickets(intake, *(a_contact(f"m{n}") for n in range(6)))
    merges = [group(intake, Merge(ticket_id=one, into=other)) for one, other in pairwise(found)]
    messages = [group(intake, a_contact(f"r{n}", f"m{n}")) for n in range(6)]

    await asyncio.gather(*merges, *messages)
    [last] = await tickets(intake, a_contact("end", "m0"))

    assert last == found[-1]
    assert await intake.count("ticket") == 6
    said = [name for ticket in found for name in await intake.names(ticket)]
    assert (said.count("opened"), said.count("message_added")) == (6, 7)


async def test_a_session_begins_anew_when_its_ticket_is_long_settled(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    [first] = await tickets(intake, a_contact("chat", session=True))
    await group(intake, SetStatus(external_id="chat", status=Status.RESOLVED))
    await clock.advance(timedelta(days=8))

    found = await tickets(intake, a_contact("chat", session=True), a_contact("chat", session=True))
    [later] = await tickets(intake, a_contact("chat", session=True))

    assert found[0] == found[1] == later != first


async def test_commands_by_our_own_id_and_by_a_name_meet_on_one_ticket(
    intake: IntakeUnderTest,
) -> None:
    [ticket] = await tickets(intake, a_contact("m1"))

    found = await tickets(
        intake,
        AddMessage(ticket_id=ticket, body="By id.", by=CUSTOMER),
        a_contact("m2", "m1"),
        AddMessage(ticket_id=new_id(), body="Of a ticket nobody has.", by=CUSTOMER),
    )

    assert found[:2] == [ticket, ticket]


async def test_a_customer_without_name_and_address_is_somebody(intake: IntakeUnderTest) -> None:
    nobody = CustomerFacts(customer_id="")
    await group(intake, OpenTicket(customer=nobody, subject="?", body="?", channel="chat"))

    [customer_id] = await customers(intake)

    assert customer_id.startswith("c-")

"""Who writes: addresses, their owners, strangers, and which ticket a conversation's names mean."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.intake.domain.commands import CustomerFacts
from services.intake.domain.directory import claimed
from services.intake.domain.identity import (
    addresses_of,
    email_address,
    is_stranger,
    recognised,
    telephone_address,
    written_address,
)
from services.intake.domain.threads import Clue, Named, follow

ANA, BEN = "email:ana@example.org", "email:ben@example.org"
STRANGER = f"c-{1:032x}"
ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)


def named(name: str) -> Named:
    return "mail", name


def a_clue(*names: str, otherwise: UUID, reference: UUID | None = None) -> Clue:
    return Clue(tuple(map(named, names)), (), reference, otherwise)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Ana@Example.ORG ", ANA),
        ("o'brien@example.org", "email:o'brien@example.org"),
        ("Ana <ana@example.org>", None),
        ("ana@example.org, ben@example.org", None),
        ("ana@@example.org", None),
        ("ana", None),
        ("@example.org", None),
        ("", None),
    ],
)
def test_a_mailbox_is_one_address_in_lower_case(text: str, address: str | None) -> None:
    assert email_address(text) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("+49 30 123456", "tel:+4930123456"),
        ("0049 (30) 12-34.56", "tel:+4930123456"),
        ("030 123456", None),
        ("4930123456", None),
        ("+49 30 123456 ext. 7", None),
        ("+12345", None),
        ("+1234567890123456", None),
        ("", None),
    ],
)
def test_a_telephone_number_without_its_countrys_code_is_nobodys(
    text: str, address: str | None
) -> None:
    assert telephone_address(text) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("email:Ana@Example.org", ANA),
        ("tel:+49 30 123456", "tel:+4930123456"),
        ("telegram:4711", "telegram:4711"),
        ("Slack:U4711", "slack:U4711"),
        ("tel:030 123456", None),
        ("4711", None),
        ("slack:", None),
        ("not a source:4711", None),
    ],
)
def test_an_address_may_be_written_as_people_write_it(text: str, address: str | None) -> None:
    assert written_address(text) == address


def test_the_sources_own_addresses_come_before_what_the_contact_data_say() -> None:
    facts = CustomerFacts(
        customer_id="",
        addresses=("slack:U1", ANA),
        contact={"email": "ana@example.org", "phone": "+4930123456"},
    )

    assert addresses_of(facts) == ("slack:U1", ANA, "tel:+4930123456")


def test_whoever_owns_the_first_known_address_is_meant_and_gains_the_others() -> None:
    facts = CustomerFacts(customer_id="", addresses=("slack:U1", ANA, BEN))

    assert recognised([facts], {ANA: "acme", BEN: "bolt"}, [STRANGER]) == (
        ["acme"],
        {"slack:U1": "acme"},
    )


def test_who_is_named_is_meant_whatever_the_addresses_say() -> None:
    facts = CustomerFacts(customer_id="bolt", addresses=(ANA, BEN))

    assert recognised([facts], {ANA: "acme"}, [STRANGER]) == (["bolt"], {BEN: "bolt"})


def test_a_stranger_who_writes_twice_is_one_customer() -> None:
    first = CustomerFacts(customer_id="", addresses=(ANA,))
    second = CustomerFacts(customer_id="", addresses=(BEN, ANA))

    assert recognised([first, second], {}, [STRANGER, f"c-{2:032x}"]) == (
        [STRANGER, STRANGER],
        {ANA: STRANGER, BEN: STRANGER},
    )


def test_whoever_has_neither_name_nor_address_is_a_stranger() -> None:
    assert recognised([CustomerFacts(customer_id="")], {}, [STRANGER]) == ([STRANGER], {})


def test_only_ids_of_our_own_making_are_strangers() -> None:
    assert [is_stranger(one) for one in (STRANGER, "c-1", "acme")] == [True, False, False]


def test_the_directory_takes_addresses_from_strangers_only() -> None:
    entry = CustomerFacts(customer_id="acme", addresses=("slack:U1", ANA, BEN))

    assert claimed([entry], {ANA: STRANGER, BEN: "bolt"}) == (
        {"slack:U1": "acme"},
        {ANA: "acme"},
        {BEN: "bolt"},
    )


def test_two_entries_with_one_address_leave_it_to_the_first() -> None:
    entries = [CustomerFacts(customer_id=one, addresses=(ANA,)) for one in ("acme", "bolt")]

    assert claimed(entries, {}) == ({ANA: "acme"}, {}, {ANA: "acme"})


def test_the_first_name_that_leads_to_an_opened_ticket_counts() -> None:
    leads = {named("b"): ONE, named("c"): TWO}

    tickets, after = follow([a_clue("a", "b", "c", otherwise=THREE)], leads, {ONE, TWO})

    assert tickets == [ONE]
    assert after == {named("a"): ONE, named("b"): ONE, named("c"): TWO}


def test_a_shell_gives_way_to_an_opened_ticket_and_to_a_reference() -> None:
    leads = {named("a"): ONE, named("b"): TWO}

    assert follow([a_clue("a", "b", otherwise=THREE)], leads, {TWO}) == (
        [TWO],
        {named("a"): TWO, named("b"): TWO},
    )
    assert follow([a_clue("a", otherwise=THREE, reference=TWO)], leads, {TWO})[0] == [TWO]


def test_two_shells_become_one_ticket() -> None:
    leads = {named("a"): ONE, named("b"): TWO}

    assert follow([a_clue("b", "a", otherwise=THREE)], leads, ()) == (
        [TWO],
        {named("a"): TWO, named("b"): TWO},
    )


def test_names_that_overlap_within_a_group_lead_to_one_ticket() -> None:
    clues = [
        a_clue("a", "b", otherwise=ONE),
        a_clue("c", "b", otherwise=TWO),
        a_clue("c", otherwise=TWO),
    ]

    assert follow(clues, {}, ())[0] == [ONE, ONE, ONE]


def test_what_leads_nowhere_is_a_new_ticket() -> None:
    assert follow([a_clue(otherwise=ONE)], {}, ()) == ([ONE], {})

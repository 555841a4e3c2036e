"""The page of a ticket at the company's own desk: which patterns are taken, and what becomes of hostile names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from services.notifier.composing import Composer
from services.notifier.config import NotifierSection
from services.notifier.domain.desk import fault_of, ticket_link
from services.notifier.domain.message import Message
from services.notifier.domain.recipient import Recipient
from services.notifier.domain.templates import Templates
from services.notifier.domain.ticket import Ticket
from services.notifier.leasing import Leased
from shared.clock import FakeClock
from shared.policy import Template
from tests.support.builders import MONDAY_10, TICKET
from tests.support.messages import a_notification

PLAIN = "https://desk.example.com/tickets/{ticket_id}"
THEIRS = "https://desk.example.com/agent/tickets/{external_ref}?from=tierline#last"


@pytest.mark.parametrize(
    "pattern",
    [PLAIN, THEIRS, "http://desk.internal:8080/{external_ref}", PLAIN + "?ref={external_ref}"],
)
def test_a_url_with_a_place_is_taken(pattern: str) -> None:
    assert fault_of(pattern) is None
    assert NotifierSection(ticket_url=pattern).ticket_url == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "https://desk.example.com/tickets/",
        "https://desk.example.com/{ticket}",
        "https://{external_ref}.example.com/{ticket_id}",
        "https://ana:secret@desk.example.com/{ticket_id}",
        "javascript:alert({ticket_id})",
        "//desk.example.com/{ticket_id}",
        "https:///{ticket_id}",
        "https://desk.example.com:0/{ticket_id}",
        "https://desk.example.com:http/{ticket_id}",
        "https://desk.example.com/{ticket_id} or elsewhere",
        'https://desk.example.com/{ticket_id}"onclick=',
        "https://dësk.example.com/{ticket_id}",
        "https://desk.example.com/{ticket_id}/{ticket_id.__class__}",
    ],
)
def test_any_other_pattern_is_refused_when_the_notifier_starts(pattern: str) -> None:
    assert fault_of(pattern) is not None
    with pytest.raises(ValueError, match="ticket_url"):
        NotifierSection(ticket_url=pattern)


def test_a_link_names_the_ticket() -> None:
    link = ticket_link(PLAIN, Ticket(ticket_id=TICKET))

    assert link == f"https://desk.example.com/tickets/{TICKET}"


def test_what_a_source_calls_a_ticket_stays_within_its_place() -> None:
    hostile = Ticket(ticket_id=TICKET, external_ref="../a b?x=1#{ticket_id}<é>")

    link = ticket_link(THEIRS, hostile)

    assert link == (
        "https://desk.example.com/agent/tickets/"
        "..%2Fa%20b%3Fx%3D1%23%7Bticket_id%7D%3C%C3%A9%3E?from=tierline#last"
    )


@pytest.mark.parametrize("name", [None, "", ".", ".."])
def test_without_a_usable_name_there_is_no_link(name: str | None) -> None:
    assert ticket_link(THEIRS, Ticket(ticket_id=TICKET, external_ref=name)) is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [(PLAIN, f"https://desk.example.com/tickets/{TICKET}"), (None, "")],
    ids=["set", "not set"],
)
async def test_a_message_to_staff_holds_the_link_and_lets_it_be_clicked(
    pattern: str | None, expected: str
) -> None:
    composer = Composer(
        Templates({"page": Template("{{ reference }}", "See {{ ticket_link }}")}),
        FakeClock(MONDAY_10),
        public_url="https://notifier.test",
        zone=ZoneInfo("UTC"),
        ticket_url=pattern,
    )
    ana = Recipient(recipient_id="ana", channels={"email": "ana@desk.example"})

    message = await composer.message(
        Leased(a_notification(), ana, Ticket(ticket_id=TICKET), None, None)
    )

    assert isinstance(message, Message)
    assert message.body.splitlines()[0] == f"See {expected}".rstrip()
    assert message.links == ((expected,) if expected else ())

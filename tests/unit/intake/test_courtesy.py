"""What is nothing but thanks does not bring a solved ticket back (semantics R2)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from services.intake.domain.commands import AddMessage, Attachment, Reopen, Resolve
from services.intake.domain.courtesy import is_courtesy
from shared.contracts import TicketMessageAdded
from shared.contracts.vocabulary import Status
from tests.support.asked import AGENT, CUSTOMER, Story, asked, clock, packaged

NOTHING_ELSE = [
    "thanks",
    "Great, it works!",
    "Thanks a lot! All good now.",
    "thank you so much, that's perfect",
    "Vielen Dank, jetzt funktioniert es wieder!",
    "Super, danke für die schnelle Hilfe. Schönes Wochenende",
    "Merci beaucoup, ça marche maintenant.",
    "Merci pour votre réponse rapide. Bonne journée",
    "Muchas gracias, ya funciona.",
    "Thanks!\n\nOn Mon, 1 Jun 2026 at 12:30, Ana wrote:\n> Is it down again? Please tell us.",
]

MORE = [
    "",
    "👍",
    "Thanks, but it fails again",
    "Thanks, does it work now?",
    "Danke, aber es geht nicht",
    "Merci, mais ça ne marche pas",
    "Gracias, pero no funciona",
    "danke merci",
    " ".join(["thanks"] * 13),
]


def solved() -> Story:
    story = Story()
    story.does("12:00", AddMessage(by=AGENT, body="We have set it right."))
    story.does("12:30", Resolve(by=AGENT))
    return story


def writes(text: str) -> AddMessage:
    return AddMessage(by=CUSTOMER, body=text)


@pytest.mark.parametrize("text", NOTHING_ELSE)
def test_R2_a_courtesy_leaves_the_ticket_solved(text: str) -> None:
    story = solved()

    assert story.does("12:40", writes(text)) == ["TicketMessageAdded"]
    assert story.ticket.status is Status.RESOLVED
    assert story.last(TicketMessageAdded).courtesy is True
    assert story.replayed() == story.ticket


@pytest.mark.parametrize("text", MORE)
def test_R2_a_text_that_says_anything_else_reopens(text: str) -> None:
    story = solved()

    assert story.does("12:40", writes(text)) == ["TicketReopened", "TicketMessageAdded"]
    assert story.last(TicketMessageAdded).courtesy is None


def test_R2_twelve_words_are_few_enough() -> None:
    story = solved()

    assert story.does("12:40", writes(" ".join(["thanks"] * 12))) == ["TicketMessageAdded"]


def test_R2_a_file_says_more_than_thanks() -> None:
    file = Attachment(name="log.txt", content_type="text/plain", size=3, content=b"log")
    story = solved()

    said = story.does("12:40", AddMessage(by=CUSTOMER, body="Thanks", attachments=(file,)))

    assert said == ["TicketReopened", "TicketMessageAdded"]


def test_R2_thanks_come_within_48_hours_of_the_solution() -> None:
    ticket, last = solved().ticket, clock("12:30") + timedelta(hours=48)
    in_time = asked(last, command_id=UUID(int=9))
    too_late = asked(last + timedelta(milliseconds=1), command_id=UUID(int=9))

    assert is_courtesy(ticket, writes("Thanks!"), in_time)
    assert not is_courtesy(ticket, writes("Thanks!"), too_late)


def test_R2_any_further_message_reopens_while_the_first_is_to_be_reviewed() -> None:
    story = solved()
    story.does("12:40", writes("Thanks!"))

    assert story.does("13:09:59.999", writes("Great!")) == ["TicketReopened", "TicketMessageAdded"]


def test_R2_after_the_review_another_courtesy_is_one_again() -> None:
    story = solved()
    story.does("12:40", writes("Thanks!"))

    assert story.does("13:10", writes("Great!")) == ["TicketMessageAdded"]
    assert story.ticket.courtesy_at == clock("13:10")


def test_R2_an_agent_may_still_say_that_it_needs_a_reply() -> None:
    story = solved()
    story.does("12:40", writes("Thanks!"))

    assert story.does("12:50", Reopen(by=AGENT)) == ["TicketReopened"]
    assert story.ticket.courtesy_at is None


def test_R2_thanks_for_an_answer_to_an_open_ticket_are_a_message_like_any_other() -> None:
    story = Story()

    story.does("12:40", writes("Thanks!"))

    assert story.last(TicketMessageAdded).courtesy is None


def test_R2_the_words_are_those_of_the_workflow() -> None:
    assert packaged().courtesies.are_all_of("Thanks") is True
    assert packaged().courtesies.are_all_of("Grazie mille") is False

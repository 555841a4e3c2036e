"""A ticket that goes its own way again (semantics M4): its people are told again."""

from __future__ import annotations

from datetime import timedelta

from shared.contracts import SlaWarning, TicketMerged, TicketOpened, TicketResolved, TicketUnmerged
from shared.contracts.vocabulary import Status
from tests.support.builders import MONDAY_10, a
from tests.support.telling import Story, told

MINUTE = timedelta(minutes=1)


def a_merged_ticket() -> Story:
    story = Story()
    story.hear(a(TicketOpened))
    story.deliver()
    story.hear(a(TicketMerged), at=MONDAY_10 + MINUTE)
    return story


def test_M4_a_ticket_that_was_open_before_its_merge_is_open_after_it() -> None:
    story = a_merged_ticket()
    closed = story.state.ticket
    story.hear(a(TicketUnmerged), at=MONDAY_10 + 2 * MINUTE)

    assert (Status.CLOSED, MONDAY_10 + MINUTE) == (closed.status, closed.settled_at)
    assert (Status.NEW, None) == (story.state.ticket.status, story.state.ticket.settled_at)


def test_M4_what_had_been_solved_before_its_merge_is_solved_after_it() -> None:
    story = Story()
    story.hear(a(TicketOpened))
    story.hear(a(TicketResolved), at=MONDAY_10 + MINUTE)
    story.hear(a(TicketMerged), at=MONDAY_10 + 2 * MINUTE)
    story.hear(a(TicketUnmerged), at=MONDAY_10 + 3 * MINUTE)

    assert (Status.RESOLVED, MONDAY_10 + MINUTE) == (
        story.state.ticket.status,
        story.state.ticket.settled_at,
    )


def test_M4_a_warning_after_it_is_told() -> None:
    story = a_merged_ticket()
    story.hear(a(TicketUnmerged), at=MONDAY_10 + 2 * MINUTE)

    warned = story.hear(a(SlaWarning, threshold_percent=90), at=MONDAY_10 + 3 * MINUTE)

    assert [] != told(warned)

"""Assigning and releasing by hand."""

from __future__ import annotations

import pytest

from services.router.domain.by_hand import RefusedError, assign, release, requested
from services.router.domain.work import WorkItem, WorkStatus, replace
from shared.contracts import (
    TicketAssigned,
    TicketAssignmentRequested,
    TicketQueued,
    TicketUnassigned,
)
from shared.contracts.vocabulary import AssignReason, Presence, QueueReason, UnassignReason
from tests.support.builders import AGENT, TICKET
from tests.support.desks import NOW, a_waiting, after, an_agent, policy

WAITING = a_waiting(weight=2, required={"incident": 4})
WISH = TicketAssignmentRequested(ticket_id=TICKET, assignee="ana", by=AGENT)


def test_a_person_may_assign_without_the_skill() -> None:
    [said] = assign(WAITING, an_agent("ana"), NOW, policy())

    assert isinstance(said, TicketAssigned)
    assert ("ana", AssignReason.MANUAL, 120) == (said.agent_id, said.reason, said.waited_seconds)


def test_G6_nobody_may_assign_beyond_the_capacity() -> None:
    with pytest.raises(RefusedError, match="room for 1 of 8") as refused:
        assign(WAITING, an_agent("ana", load=7), NOW, policy())

    assert "Beyond capacity" == refused.value.title


def test_nobody_may_assign_to_somebody_offline() -> None:
    with pytest.raises(RefusedError, match="offline"):
        assign(WAITING, an_agent("ana", presence=Presence.OFFLINE), NOW, policy())


def test_a_finished_ticket_cannot_be_assigned() -> None:
    done = WorkItem(ticket_id=TICKET, status=WorkStatus.DONE)

    with pytest.raises(RefusedError, match="Only a waiting or assigned ticket"):
        assign(done, an_agent("ana"), NOW, policy())


def test_assigning_to_somebody_else_takes_it_from_the_first() -> None:
    held = after(WAITING, *assign(WAITING, an_agent("ana"), NOW, policy()))

    gone, given = assign(held, an_agent("ben"), NOW, policy())

    assert isinstance(gone, TicketUnassigned)
    assert isinstance(given, TicketAssigned)
    assert ("ana", UnassignReason.MANUAL) == (gone.agent_id, gone.reason)
    assert ("ben", "ana") == (given.agent_id, given.previous_agent_id)


def test_assigning_to_the_same_agent_again_says_nothing() -> None:
    held = after(WAITING, *assign(WAITING, an_agent("ana"), NOW, policy()))

    assert [] == assign(held, an_agent("ana"), NOW, policy())


def test_a_released_ticket_waits_and_its_agent_is_not_asked_again() -> None:
    held = after(WAITING, *assign(WAITING, an_agent("ana"), NOW, policy()))

    gone, queued = release(held, policy())
    waiting = after(held, gone, queued)

    assert isinstance(queued, TicketQueued)
    assert QueueReason.RELEASED == queued.reason
    assert (WorkStatus.WAITING, ("ana",)) == (waiting.status, waiting.declined)


def test_releasing_what_nobody_has_says_nothing() -> None:
    assert [] == release(WAITING, policy())


def test_an_assignment_made_in_the_channel_is_followed() -> None:
    [said] = requested(WAITING, replace(WISH, assignee="ben"), an_agent("ben"), NOW, policy())

    assert isinstance(said, TicketAssigned)
    assert ("ben", AssignReason.MANUAL) == (said.agent_id, said.reason)
    assert said.accept_by is not None


def test_who_takes_a_ticket_in_its_channel_has_claimed_it() -> None:
    [said] = requested(WAITING, WISH, an_agent("ana"), NOW, policy())

    assert isinstance(said, TicketAssigned)
    assert (True, None) == (said.claimed, said.accept_by)


def test_an_assignment_made_in_the_channel_to_nobody_we_know_is_refused() -> None:
    with pytest.raises(RefusedError, match="no agent 'ana'") as refused:
        requested(WAITING, WISH, None, NOW, policy())

    assert "Unknown agent" == refused.value.title


def test_G6_an_assignment_made_in_the_channel_is_held_to_the_capacity_too() -> None:
    with pytest.raises(RefusedError, match="room for 1 of 8"):
        requested(WAITING, WISH, an_agent("ana", load=7), NOW, policy())

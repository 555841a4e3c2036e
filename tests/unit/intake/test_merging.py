"""Two tickets that go on as one, and apart again (semantics M1, M4)."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from services.intake.domain.commands import Close, Merge, Unmerge
from services.intake.domain.decision import RefusedError
from services.intake.domain.merging import PARTED, merge
from services.intake.domain.ticket import Ticket, evolve
from shared.contracts import Change, TicketReclassified, TicketUnmerged
from shared.contracts.vocabulary import Priority
from tests.support.asked import AGENT, Story, asked, clock

SOURCE = UUID(int=1)
TARGET = UUID(int=2)


def a_ticket(ticket_id: UUID, **fields: object) -> Ticket:
    """An open ticket."""
    return msgspec.structs.replace(Story("08:00").ticket, ticket_id=ticket_id, **fields)


def merged(source: Ticket, target: Ticket) -> tuple[Ticket, Ticket]:
    """Both after the merge. Raises RefusedError."""
    circumstances = asked(clock("09:00"), command_id=UUID(int=7))
    command = Merge(into=target.ticket_id, by=AGENT)
    gone, raised = merge(source, target, command, circumstances)
    for fact in gone.facts:
        source = evolve(source, fact)
    for fact in raised.facts:
        target = evolve(target, fact)
    return source, target


def test_M1_the_source_goes_on_as_the_target() -> None:
    source, target = merged(a_ticket(SOURCE), a_ticket(TARGET))

    assert source.merged_into == TARGET
    assert target == a_ticket(TARGET)


@pytest.mark.parametrize(
    ("ours", "theirs", "after"),
    [("low", "critical", "critical"), ("high", "low", "high"), ("medium", "medium", "medium")],
)
def test_M2_the_target_takes_the_higher_priority_of_both(
    ours: str, theirs: str, after: str
) -> None:
    _, target = merged(
        a_ticket(SOURCE, priority=Priority(theirs)), a_ticket(TARGET, priority=Priority(ours))
    )

    assert target.priority == after


def test_M2_the_target_takes_the_better_customer_tier_of_both() -> None:
    _, target = merged(
        a_ticket(SOURCE, customer_tier="enterprise"), a_ticket(TARGET, customer_tier="standard")
    )

    assert target.customer_tier == "enterprise"


def test_M2_what_changes_is_told_with_its_reason() -> None:
    circumstances = asked(clock("09:00"), command_id=UUID(int=7))
    _, raised = merge(
        a_ticket(SOURCE, priority=Priority.HIGH),
        a_ticket(TARGET, priority=Priority.LOW),
        Merge(into=TARGET, by=AGENT),
        circumstances,
    )

    [fact] = raised.facts
    assert isinstance(fact.payload, TicketReclassified)
    assert fact.payload.reason == "merged"
    assert fact.payload.changes == {"priority": Change(from_="low", to="high")}


def test_M1_a_ticket_cannot_go_on_as_itself() -> None:
    with pytest.raises(RefusedError, match="itself") as refused:
        merged(a_ticket(SOURCE), a_ticket(SOURCE))

    assert (refused.value.reason, refused.value.field) == ("circle", None)


def test_M1_a_ticket_goes_on_as_one_other_only() -> None:
    with pytest.raises(RefusedError) as refused:
        merged(a_ticket(SOURCE, merged_into=UUID(int=3)), a_ticket(TARGET))

    assert refused.value.reason == "already_merged"


def test_M1_a_settled_ticket_takes_nothing_in() -> None:
    story = Story("08:00")
    story.does("08:30", Close(by=AGENT))

    with pytest.raises(RefusedError) as refused:
        merged(a_ticket(SOURCE), story.ticket)

    assert refused.value.reason == "target_settled"


def test_M4_a_parted_ticket_goes_its_own_way_and_keeps_that_in_mind() -> None:
    story = Story("08:00")
    story.ticket, _ = merged(story.ticket, a_ticket(TARGET))

    assert story.does("09:30", Unmerge(by=AGENT)) == ["TicketUnmerged"]
    assert story.last(TicketUnmerged).from_ticket_id == TARGET
    assert story.ticket.merged_into is None
    assert [one.rule for one in story.decisions[-1].evidence] == [PARTED]


def test_M4_only_a_merged_ticket_can_be_parted() -> None:
    with pytest.raises(RefusedError) as refused:
        Story("08:00").does("09:30", Unmerge(by=AGENT))

    assert refused.value.reason == "not_merged"

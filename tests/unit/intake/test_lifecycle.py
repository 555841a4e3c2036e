"""What commands do to a ticket (semantics Z3, R1, P3, V16, T2)."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.intake.domain.commands import (
    AddMessage,
    AnyCommand,
    Close,
    Pause,
    Rate,
    Reopen,
    RequestEscalation,
    Resolve,
    Resume,
    SetPriority,
    SetStatus,
)
from services.intake.domain.decision import RefusedError
from services.intake.domain.ticket import Fact, evolve
from shared.contracts import (
    Change,
    TicketAnalysed,
    TicketMessageAdded,
    TicketRated,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
)
from shared.contracts.vocabulary import CloseReason, Grade, PauseReason, Priority, Status
from tests.support.asked import AGENT, CUSTOMER, Story, clock, opening

REPLY = AddMessage(by=AGENT, body="Have you tried again?")
QUESTION = AddMessage(by=CUSTOMER, body="Any news?")
WAIT_FOR_CUSTOMER = Pause(by=AGENT, reason=PauseReason.WAITING_ON_CUSTOMER)


def test_the_opening_keeps_its_text_as_a_message_that_no_event_repeats() -> None:
    story = Story(body="It stops half way.")

    [decision] = story.decisions
    assert [message.body for message in decision.messages] == ["It stops half way."]
    assert len(decision.facts) == 1
    assert story.ticket.status is Status.NEW


def test_a_persons_public_reply_opens_a_new_ticket() -> None:
    story = Story()

    assert story.does("08:10", REPLY) == ["TicketMessageAdded"]
    assert story.ticket.status is Status.OPEN
    assert story.ticket.first_response_at == clock("08:10")


@pytest.mark.parametrize(
    "message",
    [
        QUESTION,
        AddMessage(by=AGENT, body="Not for the customer", public=False),
        AddMessage(by=AGENT, body="We have your request.", automatic=True),
    ],
    ids=["customer", "internal note", "automatic"],
)
def test_K3_nothing_else_answers(message: AddMessage) -> None:
    story = Story()

    story.does("08:10", message)

    assert story.ticket.status is Status.NEW
    assert story.ticket.first_response_at is None


def test_Z3_a_customers_message_ends_waiting_for_the_customer_whatever_the_status_says() -> None:
    story = Story()
    story.does("09:00", REPLY)
    story.does("09:00:10", WAIT_FOR_CUSTOMER)

    assert story.does("10:30:10", QUESTION) == ["TicketResumed", "TicketMessageAdded"]
    assert story.ticket.status is Status.OPEN
    assert story.decisions[-1].facts[0].at == clock("10:30:10")


def test_Z3_a_customers_message_does_not_end_waiting_for_a_third_party() -> None:
    story = Story()
    story.does("09:00", Pause(by=AGENT, reason=PauseReason.WAITING_ON_THIRD_PARTY))

    assert story.does("10:00", QUESTION) == ["TicketMessageAdded"]
    assert story.ticket.status is Status.ON_HOLD


def test_a_message_written_before_the_pause_does_not_end_it() -> None:
    story = Story()
    story.does("09:00", WAIT_FOR_CUSTOMER)

    assert story.does("08:59:59.999", QUESTION) == ["TicketMessageAdded"]
    assert story.ticket.status is Status.PENDING


@pytest.mark.parametrize("end", [Resolve(by=AGENT), Close(by=AGENT)], ids=["resolved", "closed"])
def test_R1_a_customers_message_brings_a_settled_ticket_back(end: AnyCommand) -> None:
    story = Story()
    story.does("12:30", end)

    assert story.does("13:00", QUESTION) == ["TicketReopened", "TicketMessageAdded"]
    assert story.ticket.status is Status.OPEN
    assert story.ticket.reopened_at == [clock("13:00")]
    assert story.ticket.resolved_at is None


@pytest.mark.parametrize(
    "message",
    [
        REPLY,
        AddMessage(by=CUSTOMER, body="Out of office", automatic=True),
    ],
    ids=["agent", "automatic"],
)
def test_D5_neither_an_agent_nor_a_machine_reopens_by_writing(message: AddMessage) -> None:
    story = Story()
    story.does("12:30", Resolve(by=AGENT))

    assert story.does("13:00", message) == ["TicketMessageAdded"]
    assert story.ticket.status is Status.RESOLVED


def test_a_duplicate_stays_closed_and_keeps_what_its_customer_writes() -> None:
    story = Story()
    story.does("09:00", Close(by=AGENT, reason=CloseReason.DUPLICATE))

    assert story.does("10:00", QUESTION) == ["TicketMessageAdded"]
    assert story.last(TicketResolved).resolution_code == "duplicate"


def test_K5_closing_an_unsolved_ticket_resolves_it_so_that_its_clocks_stop() -> None:
    story = Story()

    assert story.does("09:00", Close(by=AGENT)) == ["TicketResolved", "TicketClosed"]


def test_R5_reopening_counts_the_ticket_and_the_customers_tickets() -> None:
    story = Story()
    story.does("09:00", Resolve())
    story.does("10:00", Reopen())
    story.does("11:00", Resolve())
    story.does("12:00", Reopen())

    said = story.last(TicketReopened)
    assert (2, 1) == (said.reopened_count, said.recent_reopened)


@pytest.mark.parametrize(
    ("status", "then", "expected"),
    [
        (Status.PENDING, Status.OPEN, ["TicketResumed"]),
        (Status.PENDING, Status.ON_HOLD, ["TicketPaused"]),
        (Status.ON_HOLD, Status.RESOLVED, ["TicketResolved"]),
        (Status.RESOLVED, Status.OPEN, ["TicketReopened"]),
        (Status.RESOLVED, Status.CLOSED, ["TicketClosed"]),
        (Status.CLOSED, Status.OPEN, ["TicketReopened"]),
    ],
)
def test_a_status_means_the_transition_that_leads_to_it(
    status: Status, then: Status, expected: list[str]
) -> None:
    story = Story()
    story.does("09:00", SetStatus(status=status))

    assert expected == story.does("10:00", SetStatus(status=then))


@pytest.mark.parametrize(
    ("before", "command", "reason"),
    [
        ([], Resume(), "not_paused"),
        ([], Reopen(), "not_settled"),
        ([], SetStatus(status=Status.OPEN), "not_paused"),
        ([WAIT_FOR_CUSTOMER], WAIT_FOR_CUSTOMER, "already_paused"),
        ([Resolve()], Resolve(), "already_resolved"),
        ([Resolve()], WAIT_FOR_CUSTOMER, "already_resolved"),
        ([Close()], Close(), "already_closed"),
        ([Close()], SetPriority(priority=Priority.LOW), "already_closed"),
        ([Resolve()], RequestEscalation(reason="manager_requested"), "already_resolved"),
        ([], RequestEscalation(reason="bad mood"), "unknown_reason"),
        ([], RequestEscalation(reason="manager_requested", to_level="tier_9"), "unknown_level"),
        ([], SetPriority(priority=Priority.MEDIUM), "unchanged"),
        ([], opening(), "already_open"),
    ],
)
def test_an_impossible_command_is_refused_with_its_reason(
    before: list[AnyCommand], command: AnyCommand, reason: str
) -> None:
    story = Story()
    for earlier in before:
        story.does("09:00", earlier)

    with pytest.raises(RefusedError) as refused:
        story.does("10:00", command)
    assert refused.value.reason == reason


def test_T1_a_status_that_happened_before_the_last_one_comes_too_late() -> None:
    story = Story()
    story.does("10:00", Resolve())

    with pytest.raises(RefusedError) as refused:
        story.does("09:59", SetStatus(status=Status.OPEN))
    assert refused.value.reason == "stale"


def test_what_happens_now_is_never_late_even_where_another_replicas_clock_is_ahead() -> None:
    story = Story()
    story.does("10:00:00.500", WAIT_FOR_CUSTOMER)

    assert story.does("10:00:00.300", Resume(), is_claim=False) == ["TicketResumed"]
    assert story.ticket.status_at == clock("10:00:00.500")


def test_P3_an_agent_who_lowers_says_why() -> None:
    story = Story(priority=Priority.HIGH)

    with pytest.raises(RefusedError) as refused:
        story.does("09:00", SetPriority(by=AGENT, priority=Priority.LOW))
    assert (refused.value.reason, refused.value.field) == ("reason_missing", "reason")

    lower = SetPriority(by=AGENT, priority=Priority.LOW, note="It is one user only.")
    assert story.does("09:01", lower) == ["TicketReclassified", "TicketMessageAdded"]
    assert story.ticket.priority is Priority.LOW
    assert story.last(TicketMessageAdded).public is False


def test_P6_a_new_impact_gives_a_new_priority() -> None:
    story = Story(impact=Grade.MEDIUM, urgency=Grade.HIGH)

    story.does("09:00", SetPriority(impact=Grade.HIGH))

    assert story.last(TicketReclassified).changes == {
        "impact": Change(from_="medium", to="high"),
        "priority": Change(from_="high", to="critical"),
    }


def test_V16_a_level_goes_by_its_alias() -> None:
    story = Story()

    story.does(
        "09:00",
        RequestEscalation(by=AGENT, reason="outside_authority", to_level="engineering_team"),
    )

    [fact] = story.decisions[-1].facts
    assert fact.payload.to_level == "tier_3"  # type: ignore[attr-defined]


def test_a_rating_is_never_refused_and_its_comment_stays_here() -> None:
    story = Story()
    story.does("09:00", Close())

    assert story.does("10:00", Rate(score=1, comment="Never again.")) == ["TicketRated"]
    assert story.last(TicketRated).comment_given is True
    assert [m.body for m in story.decisions[-1].messages] == ["Never again."]


def test_D9_a_note_becomes_an_internal_message_not_text_in_an_event() -> None:
    story = Story()
    pause = Pause(
        by=AGENT, reason=PauseReason.WAITING_ON_THIRD_PARTY, note="Waiting for the carrier"
    )

    assert story.does("09:00", pause) == ["TicketPaused", "TicketMessageAdded"]
    assert story.last(TicketMessageAdded).public is False
    assert [m.body for m in story.decisions[-1].messages] == ["Waiting for the carrier"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([REPLY, Resolve()], True),
        ([Resolve()], True),
        ([REPLY, REPLY, Resolve()], False),
        ([REPLY, RequestEscalation(reason="manager_requested"), Resolve()], False),
        ([REPLY, Resolve(), Reopen(), Resolve()], False),
    ],
)
def test_first_contact_is_one_reply_at_most_and_nobody_above(
    steps: list[AnyCommand],
    expected: bool,  # noqa: FBT001
) -> None:
    story = Story()
    for minute, step in enumerate(steps):
        story.does(f"09:{minute:02}", step)

    assert expected is story.last(TicketResolved).first_contact


def test_H8_a_ticket_folded_anew_from_its_facts_is_the_same_ticket() -> None:
    story = Story(priority=Priority.HIGH)
    steps: list[AnyCommand] = [
        REPLY,
        WAIT_FOR_CUSTOMER,
        QUESTION,
        SetPriority(impact=Grade.HIGH, urgency=Grade.HIGH),
        RequestEscalation(by=AGENT, reason="manager_requested"),
        Resolve(by=AGENT, resolution_code="fixed"),
        QUESTION,
        Close(by=AGENT),
        Rate(score=4),
    ]
    for minute, step in enumerate(steps):
        story.does(f"09:{minute:02}", step)

    assert story.ticket == story.replayed()


def test_an_outbound_tickets_first_text_is_ours() -> None:
    story = Story(outbound=True, by=AGENT)

    [message] = story.decisions[0].messages
    assert (message.author_kind, message.author_id) == ("agent", "ana")


def test_T1_a_priority_that_was_set_before_the_last_one_comes_too_late() -> None:
    story = Story()
    story.does("10:00", SetPriority(priority=Priority.HIGH))

    with pytest.raises(RefusedError) as refused:
        story.does("09:59", SetPriority(priority=Priority.CRITICAL))
    assert refused.value.reason == "stale"


def test_a_fact_about_something_else_leaves_the_ticket_as_it_is() -> None:
    story = Story()
    analysed = TicketAnalysed(ticket_id=story.ticket.ticket_id, message_id=UUID(int=1))

    assert evolve(story.ticket, Fact(analysed, clock("09:00"))) == story.ticket

"""A ticket that waits for its customer for ever (semantics Z6)."""

from __future__ import annotations

from services.escalator.domain.items import Said
from services.escalator.domain.upcoming import Coming, upcoming
from shared.contracts import WaitingOver, WaitingReminded
from tests.support.cases import Story, a_policy, at

OFFICE = """
version: 1
conditions: {vip: "customer_vip"}
routing_rules:
  - action: assign_to_frontline
calendars:
  office: {zone: UTC, hours: {mon-fri: ["09:00-18:00"]}}
sla: {calendar: office}
"""


def pending(clock: str = "+4 15:00") -> Story:
    """Asked and set to wait; by default on Friday 2026-06-05 at 15:00."""
    story = Story(a_policy(OFFICE))
    story.open("high", "enterprise")
    story.agent_replies("10:10")
    story.pending(clock)
    return story


def waited(said: list[Said]) -> list[tuple[object, ...]]:
    return [
        (type(one.payload).__name__, one.payload.business_days, one.time)
        for one in said
        if isinstance(one.payload, WaitingReminded | WaitingOver)
    ]


def test_Z_e_reminders_on_tuesday_and_friday_and_solved_on_the_tuesday_after() -> None:
    story = pending()

    assert waited(story.pass_to("+20 00:00")) == [
        ("WaitingReminded", 2, at("+8 15:00")),
        ("WaitingReminded", 5, at("+11 15:00")),
        ("WaitingOver", 7, at("+15 15:00")),
    ]


def test_Z6_after_a_long_sleep_each_is_said_once_and_of_its_own_instant() -> None:
    story = pending()

    said = story.wake_at("+20 00:00")

    assert [at("+8 15:00"), at("+11 15:00"), at("+15 15:00")] == [one[2] for one in waited(said)]
    assert waited(story.wake_at("+21 00:00")) == []


def test_Z6_an_answer_ends_the_waiting_and_a_new_question_begins_it_anew() -> None:
    story = pending()
    story.pass_to("+8 16:00")
    story.customer_writes("+9 10:00")
    story.agent_replies("+9 11:00")
    story.pending("+9 11:00")

    assert waited(story.pass_to("+14 00:00"))[:1] == [("WaitingReminded", 2, at("+11 11:00"))]


def test_Z6_nobody_is_reminded_of_what_nobody_asked() -> None:
    story = Story(a_policy(OFFICE))
    story.open("high", "enterprise")
    story.pending("+4 15:00")

    assert waited(story.pass_to("+20 00:00")) == []


def test_Z6_solving_ends_it() -> None:
    story = pending()
    story.resolved("+4 16:00")

    assert waited(story.pass_to("+20 00:00")) == []


def test_Z6_what_comes_is_explained() -> None:
    story = pending()

    coming = [(one.kind, one.at) for one in upcoming(story.case, story.policy)]

    assert coming[-3:] == [
        (Coming.REMINDED, at("+8 15:00")),
        (Coming.REMINDED, at("+11 15:00")),
        (Coming.SOLVED, at("+15 15:00")),
    ]


def test_Z6_a_reminder_is_no_reply() -> None:
    story = pending()
    story.pass_to("+8 14:59")
    before = story.case.timeline

    story.pass_to("+8 15:00")

    assert story.case.timeline == before

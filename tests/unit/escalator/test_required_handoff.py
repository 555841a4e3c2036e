"""A level says what must be written before a ticket is raised to it by hand (semantics X4)."""

from __future__ import annotations

import pytest

from services.escalator.domain.wanted import wanted
from services.escalator.domain.written import missing
from shared.policy import WorkflowError, parse_workflow
from tests.support.cases import Story, a_policy

LEVELS = """
version: 1
conditions: {vip: customer_vip}
routing_rules: [{action: assign_to_frontline}]
queues: {general: {level: first}, up: {level: second}, top: {level: third}}
escalated_to: {second: up, third: top}
actions: {assign_to_frontline: {queue: general}}
levels:
  first: {title: First, team: a, respond_within: 2_hours}
  second: {title: Second, team: b, respond_within: 2_hours}
  third: {title: Third, team: c, respond_within: 2_hours, requires: [handoff, history], aliases: [the_top]}
escalation_matrix: {}
escalation:
  acknowledge_within: {}
  triggers: []
  manual_reasons: {stuck: next_level, urgent: third}
notifications: {rules: []}
"""


@pytest.mark.parametrize(
    ("requires", "needed"),
    [
        (("handoff",), ["tried", "next_steps"]),
        (("handoff", "history"), ["tried", "next_steps", "summary"]),
        (("history",), ["summary"]),
        ((), []),
    ],
)
def test_X4_what_is_needed_is_what_the_level_requires(
    requires: tuple[str, ...], needed: list[str]
) -> None:
    assert needed == missing((), requires)


@pytest.mark.parametrize(
    ("reason", "to_level", "requires"),
    [
        ("stuck", None, ("handoff",)),
        ("urgent", None, ("handoff", "history")),
        ("stuck", "the_top", ("handoff", "history")),
        ("stuck", "a_level_of_old", ("handoff",)),
    ],
    ids=["the next level", "the reason's", "by its alias", "unknown"],
)
def test_X4_the_level_that_counts_is_the_one_it_goes_to(
    reason: str, to_level: str | None, requires: tuple[str, ...]
) -> None:
    story = Story(a_policy(LEVELS))
    story.open("high", "standard")

    assert requires == wanted(story.case, reason, to_level, story.policy)


def test_X4_a_level_that_says_nothing_requires_a_hand_off_and_one_may_ask_for_none() -> None:
    asks_nothing = LEVELS.replace("requires: [handoff, history]", "requires: []")

    assert [("handoff",), ("handoff",), ("handoff", "history")] == [
        level.requires for level in parse_workflow(LEVELS).levels
    ]
    assert () == parse_workflow(asks_nothing).levels[2].requires


def test_X4_what_nobody_can_write_is_refused_at_its_place() -> None:
    with pytest.raises(WorkflowError, match=r"levels\.third\.requires"):
        parse_workflow(LEVELS.replace("[handoff, history]", "[handof]"))

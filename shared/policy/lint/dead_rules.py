"""Triggers and notification rules that never act (semantics V, X6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from shared.policy.cases import Cases
from shared.policy.tree import Node

from .assuming import assume
from .subject import Remark, Subject

_TEXT: Final = frozenset({"sentiment", "sentiment_label"})
_RATINGS: Final = frozenset({"rating", "rating_mean", "rating_mean_before"})

#: Facts that belong to one text or one moment: absent at every event that does not tell them.
PASSING: Final = frozenset({*_TEXT, *_RATINGS, "signals", "entry", "metric"})

#: Which of these each event tells that triggers act on.
TOLD_BY: Final[Mapping[str, frozenset[str]]] = {
    "ticket.opened": frozenset({"signals"}),
    "ticket.message_added": frozenset({"signals"}),
    "ticket.analysed": frozenset({"signals", *_TEXT}),
    "ticket.reclassified": frozenset(),
    "ticket.reopened": frozenset(),
    "ticket.queued": frozenset({"entry"}),
    "ticket.rated": _RATINGS,
    "sla.warning": frozenset({"metric"}),
    "sla.breached": frozenset({"metric"}),
}


def dead_triggers(subject: Subject) -> Iterator[Remark]:
    """L042: triggers on what sets nothing off, and with conditions that cannot hold there."""
    for index, trigger in enumerate(subject.policy.escalation.triggers):
        path = ("escalation", "triggers", index)
        if trigger.on not in TOLD_BY:
            events = ", ".join(sorted(TOLD_BY))
            yield Remark(
                "L042",
                "triggers",
                (*path, "on"),
                f"{trigger.name} never acts: nothing is raised by {trigger.on}",
                f"use one of {events}",
            )
        elif reason := _never(trigger.tree, trigger.on):
            yield Remark(
                "L042",
                "triggers",
                (*path, "condition"),
                f"{trigger.name} never acts: {reason}",
                "correct the condition, or take the trigger out",
            )


def dead_notifications(subject: Subject) -> Iterator[Remark]:
    """L042: notification rules whose conditions contradict themselves."""
    for index, rule in enumerate(subject.policy.notification.rules):
        if not Cases([rule.tree]).possible(0, ()):
            yield Remark(
                "L042",
                "notifications",
                ("notifications", "rules", index, "condition"),
                f"{rule.name} never acts: its condition contradicts itself",
                "correct the condition, or take the rule out",
            )


def _never(tree: Node, on: str) -> str:
    """Why a condition cannot hold at an event, empty when it can."""
    if not Cases([tree]).possible(0, ()):
        return "its condition contradicts itself"
    absent = dict.fromkeys(PASSING - TOLD_BY[on])
    if not Cases([assume(tree, {**absent, **_no_words(absent)})]).possible(0, ()):
        return f"what its condition asks for is not known on {on}"
    return ""


def _no_words(absent: Mapping[str, object]) -> dict[str, object]:
    """Where no text is looked at there are no words in it."""
    return {"signals": ()} if "signals" in absent else {}

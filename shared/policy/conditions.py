"""Condition texts: parsed by rule-engine, checked by us, turned into a guarded tree (semantics G10)."""

from __future__ import annotations

from dataclasses import dataclass

from .facts import Stage
from .reader import Reader
from .syntax import ConditionSyntaxError, parse_text
from .tree import ALWAYS_TRUE, Node
from .vocabulary import Complaint, Vocabulary


class ConditionError(ValueError):
    """The condition cannot be used; `complaints` are all the reasons found."""

    def __init__(self, complaints: list[Complaint]) -> None:
        self.complaints = complaints
        super().__init__("; ".join(complaint.message for complaint in complaints))


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition: as it was written, and as a guarded tree."""

    text: str
    tree: Node


def check_condition(text: str, vocabulary: Vocabulary, stage: Stage) -> Condition:
    """The condition that `text` states, as a rule of `stage` may use it. Raises ConditionError."""
    reader = Reader(text, vocabulary, stage)
    try:
        tree = reader.verdict(parse_text(text), 0)
    except ConditionSyntaxError as error:
        raise ConditionError([Complaint(str(error), offset=error.offset)]) from None
    except RecursionError:
        raise ConditionError([Complaint("the condition is nested too deeply")]) from None
    if reader.complaints:
        raise ConditionError(reader.complaints)
    return Condition(text, tree)


def text_of(condition: Condition | None) -> str:
    """A rule's condition as written, empty when it has none."""
    return condition.text if condition else ""


def tree_of(condition: Condition | None) -> Node:
    """What a rule's condition says; a rule without one always holds."""
    return condition.tree if condition else ALWAYS_TRUE

"""What callers may do to a ticket besides working on it: make two one, classify anew, name an agent."""

from __future__ import annotations

from typing import Final, Self
from uuid import UUID

from pydantic import ConfigDict, JsonValue, model_validator

from services.intake.domain.commands import Assign, Classify, Merge, Unmerge
from shared.contracts.vocabulary import AuthorKind, Complexity

from .bodies import By, CommandBody, Id, Word

_AGENT: Final[JsonValue] = {"kind": "agent", "id": "agent-1"}


class MergeBody(CommandBody):
    """The ticket goes on as another one; what is said of it from now on is said of that (semantics M1)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"into": "019c9f3a-5c00-7000-8000-000000000009", "by": _AGENT}]
        }
    )

    by: By = By(kind=AuthorKind.AGENT)
    into: UUID

    def command(self) -> Merge:
        """Merge."""
        return Merge(into=self.into)


class UnmergeBody(CommandBody):
    """The ticket goes its own way again, and no rule merges it a second time (semantics M4)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": _AGENT}]})

    by: By = By(kind=AuthorKind.AGENT)

    def command(self) -> Unmerge:
        """Unmerge."""
        return Unmerge()


class ClassificationBody(CommandBody):
    """Another category of the workflow, or another complexity, than triage has read."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"category": "billing", "complexity": "l2", "by": _AGENT}]}
    )

    by: By = By(kind=AuthorKind.AGENT)
    category: Word | None = None
    complexity: Complexity | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.category is None and self.complexity is None:
            raise ValueError("category or complexity: one of them is needed")
        return self

    def command(self) -> Classify:
        """Classify."""
        return Classify(category=self.category, complexity=self.complexity)


class AssignmentBody(CommandBody):
    """Somebody took the ticket, or was given it; the router decides (semantics G6)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assignee": "ana", "by": _AGENT}]})

    by: By = By(kind=AuthorKind.AGENT)
    assignee: Id

    def command(self) -> Assign:
        """Assign."""
        return Assign(assignee=self.assignee)

"""What is wrong with a workflow file, said so that a person finds the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint. `line` and `column` count from 1; 0 means the file as a whole. `path` leads to
    the value (`routing_rules[0].condition`); `suggestion` is the nearest known word; `code` is the
    lint's name for this kind of complaint, empty for one that has none.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    suggestion: str | None = None
    code: str = ""

    def __str__(self) -> str:
        """`workflow.yaml:74:17 routing_rules[0].condition: no name "prioritty", did you mean "priority"?`"""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        subject = f" {self.path}:" if self.path else ":"
        hint = f', did you mean "{self.suggestion}"?' if self.suggestion else ""
        return f"{place}{subject} {self.message}{hint}"


class WorkflowError(Exception):
    """The workflow file does not load; `problems` lists everything found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is probably a misspelling of, None if nothing is close."""
    choices = {choice.lower(): choice for choice in known}
    found = get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return choices[found[0]] if found else None

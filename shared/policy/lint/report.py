"""The lint's answer: findings with their places, in the order in which they are read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .catalogue import Severity


@dataclass(frozen=True, slots=True)
class Found:
    """One finding with its place: `line` and `column` from 1, 0 for the file as a whole."""

    severity: Severity
    code: str
    group: str
    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str

    @property
    def place(self) -> str:
        """`workflow.yaml:74:17`"""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of a workflow. `cells` say what a group that is a cell of the matrix promises;
    `digest` is None for a file that cannot be used; `people` says whether people were looked at.
    """

    findings: tuple[Found, ...]
    cells: dict[str, str]
    digest: str | None
    people: bool

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in Severity}

    def fails(self, *, strict: bool) -> bool:
        """Whether there is an error, or with `strict` a warning."""
        grave = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
        return any(finding.severity in grave for finding in self.findings)

    def groups(self) -> dict[str, list[Found]]:
        """The findings by group, in the order of their first ones."""
        grouped: dict[str, list[Found]] = {}
        for finding in self.findings:
            grouped.setdefault(finding.group, []).append(finding)
        return grouped

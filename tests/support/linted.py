"""Linting a text at a fixed instant, and reading what comes out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.policy.lint import Found, People, Report, lint

#: A Monday.
NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)

HERE = Path(__file__).parent / "workflows"
TIDY = (HERE / "tidy_workflow.yaml").read_text(encoding="utf-8")


def linted(text: str, people: dict[str, Any] | None = None) -> Report:
    """The report on `text` as `mine.yaml`."""
    known = None if people is None else People.of(people)
    return lint(text, name="mine.yaml", at=NOW, people=known)


def of(code: str, report: Report) -> list[Found]:
    """The findings of one code."""
    return [found for found in report.findings if found.code == code]


def said(code: str, report: Report) -> list[str]:
    """Their sentences."""
    return [found.message for found in of(code, report)]


def tidied(*changes: tuple[str, str]) -> str:
    """The tidy workflow with each first text replaced by the second."""
    text = TIDY
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text

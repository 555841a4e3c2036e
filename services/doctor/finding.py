"""What a check found: how it is, in one sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """How it is. Only `fail` makes the command's exit status 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True):
    """One line of the table. `todo` is empty for what is well."""

    about: str
    verdict: Verdict
    said: str
    todo: str = ""


def ok(about: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(about, Verdict.OK, said)


def warn(about: str, said: str, todo: str) -> Finding:
    """It works, and somebody should know."""
    return Finding(about, Verdict.WARN, said, todo)


def fail(about: str, said: str, todo: str) -> Finding:
    """It does not work, or will lose something."""
    return Finding(about, Verdict.FAIL, said, todo)


def without(secrets: Iterable[str], finding: Finding) -> Finding:
    """The finding with every one of `secrets` struck out, whoever's error message had it."""
    said, todo = finding.said, finding.todo
    for secret in filter(None, secrets):
        said, todo = said.replace(secret, "***"), todo.replace(secret, "***")
    return Finding(finding.about, finding.verdict, said, todo)

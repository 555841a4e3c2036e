"""From what checks and the loader say to findings with a place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from shared.policy.loader import Draft
from shared.policy.problems import Problem
from shared.policy.trouble import Finding

from .catalogue import CATALOGUE
from .report import Found
from .subject import Path, Remark

_FILE: Final = "the file"

_GROUPS: Final[Mapping[str, str]] = {
    "L030": "routing rules",
    "L031": "routing rules",
    "L036": "routing rules",
    "L040": "thresholds",
}

_HINTS: Final[Mapping[str, str]] = {
    "L001": "every key is described in docs/workflow-yaml.md",
    "L010": "give the cell, or one for every tier ('any'); the rest of the file was looked through all the same",
    "L011": "give the cell if another promise is meant",
    "L030": "put it before what hides it, or take it out",
    "L031": "correct the condition: no ticket fits it",
    "L036": "let a routing rule or escalated_to lead there, or take it out",
    "L040": "add the percent to sla.thresholds, or bind the rule to one of those",
}


def of_problem(problem: Problem, default: str) -> Found:
    """What the loader says; `default` is the code of what has none."""
    code = problem.code or default
    hint = f'did you mean "{problem.suggestion}"?' if problem.suggestion else _HINTS.get(code, "")
    return _found(code, _GROUPS.get(code, _FILE), problem, hint)


def of_remark(remark: Remark, draft: Draft) -> Found:
    """What a check says, where it stands in the file or in the packaged workflow."""
    finding = Finding(_spelt(remark.path, draft), remark.message, key=remark.key)
    return _found(remark.code, remark.group, draft.places.problem(finding), remark.hint)


def in_order(findings: Iterable[Found], cells: Iterable[str]) -> tuple[Found, ...]:
    """The file as a whole first, then the cells as the matrix has them, then the rest as it comes."""
    known = list(findings)
    groups = list(dict.fromkeys([_FILE, *cells, *(finding.group for finding in known)]))
    return tuple(sorted(dict.fromkeys(known), key=lambda finding: groups.index(finding.group)))


def _found(code: str, group: str, problem: Problem, hint: str) -> Found:
    return Found(
        severity=CATALOGUE[code].severity,
        code=code,
        group=group,
        file=problem.file,
        line=problem.line,
        column=problem.column,
        path=problem.path,
        message=problem.message,
        hint=hint,
    )


def _spelt(path: Path, draft: Draft) -> Path:
    """A cell's path with its key as the file spells it: `('high', 'any')` or `high/any`."""
    if len(path) < 2 or path[0] != "SLA_MATRIX":
        return path
    own = draft.places.own.data.get("SLA_MATRIX", draft.places.packaged.data["SLA_MATRIX"])
    keys = own if isinstance(own, Mapping) else ()
    cell = next((key for key in keys if "/".join(re.findall(r"\w+", key)) == path[1]), None)
    return (path[0], cell, *path[2:]) if cell else path[:1]

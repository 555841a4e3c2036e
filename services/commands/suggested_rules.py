"""Learned rules as a workflow file that a person reads: each with its support and precision."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from services.router.domain.learning import DecisionList, LearnedRule
from shared.policy import WorkflowError, WorkflowPolicy, load_workflow, parse_workflow
from shared.policy.facts import FACTS, Kind

#: A line of conditions is filled up to here, so that the figures behind it stand in a column.
_WIDTH: Final = 96


def rules_text(learned: DecisionList, names: Mapping[str, str], comments: Sequence[str]) -> str:
    """The rules in our own syntax. `names` are what columns are called in conditions."""
    packaged = load_workflow(None)
    lines = [*(f"# {comment}".rstrip() for comment in comments), "routing_rules:"]
    for rule in learned.rules:
        said = " AND ".join(_comparison(names[column], value) for column, value in rule.terms)
        lines.append(f"  - condition: {json.dumps(said, ensure_ascii=False)}")
        lines.append(_with_figures(f"    action: {action_of(rule.target, packaged)}", rule))
    rest = f"  - action: {action_of(learned.otherwise.target, packaged)}"
    lines.append(_with_figures(rest, learned.otherwise))
    return "\n".join(lines) + "\n"


def action_of(target: str, packaged: WorkflowPolicy) -> str:
    """The queue that is called so; another group is a team that serves the general queue."""
    slug = word_of(target)
    if slug in packaged.routing.queues:
        return slug
    return f"{{queue: {packaged.routing.default_queue}, team: {slug}}}"


def word_of(text: str) -> str:
    """A name as conditions and actions may hold it: `Group 70` is `group_70`."""
    slug = re.sub(r"\W+", "_", text.strip().lower(), flags=re.ASCII).strip("_")[:90]
    return slug if re.match("[a-z_]", slug) else f"_{slug}"


def unknown_names(names: Mapping[str, str], learned: DecisionList) -> list[str]:
    """The names in conditions that are no facts of a ticket."""
    used = {names[column] for rule in learned.rules for column, _ in rule.terms}
    return sorted(used - FACTS.keys())


def faults(text: str) -> list[str]:
    """What `tierline workflow check` would say is wrong with the file."""
    try:
        parse_workflow(text, name="rules")
    except WorkflowError as error:
        return [f"{problem.path}: {problem.message}" for problem in error.problems]
    return []


def _comparison(name: str, value: str) -> str:
    """`name` is `value`, by the kind of fact it is."""
    kind = FACTS[name].kind if name in FACTS else Kind.WORD
    if kind is Kind.FLAG and value.lower() in {"true", "false"}:
        return f"{name} == {value.lower()}"
    if kind is Kind.NUMBER and re.fullmatch(r"-?\d{1,15}(\.\d+)?", value):
        return f"{name} == {value}"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name} == '{escaped}'"


def _with_figures(line: str, rule: LearnedRule) -> str:
    return f"{line:<{_WIDTH // 2}}  # support {rule.support}, precision {rule.precision:.2f}"

"""Levels that escalation_matrix says nothing about (semantics X6, A3)."""

from __future__ import annotations

from collections.abc import Iterator

from .subject import Remark, Subject, brief


def bare_levels(subject: Subject) -> Iterator[Remark]:
    """L023: below the top, a level without a block has its response time as its timeout."""
    rules = subject.policy.escalation
    for level in rules.ladder:
        above = rules.next_level(level)
        if above is None or level in subject.document.escalation_matrix:
            continue
        timeout = rules.timeout(level)
        ends = (
            f"ends after {brief(timeout)}, its respond_within"
            if timeout
            else "never ends by itself"
        )
        yield Remark(
            "L023",
            "levels",
            ("levels", level),
            f"has no block in escalation_matrix: it {ends}, leads to {above}, and no condition raises "
            "from it",
            f"give escalation_matrix.{level} a timeout and escalate_to",
            key=True,
        )

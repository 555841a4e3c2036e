"""Acknowledgement windows longer than half of what a silent ticket has left (semantics L4)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .ladder import bounded, first_target, silent
from .subject import Remark, Subject, brief


def short_windows(subject: Subject) -> Iterator[Remark]:
    """L022, one a cell: what each level really has when a ticket nobody touched gets there."""
    policy = subject.policy
    for targets in subject.cells():
        target = first_target(targets)
        rungs = silent(policy, target)
        arrivals = [(above.level, below.effective) for below, above in pairwise(rungs)]
        if rungs and (top := policy.escalation.next_level(rungs[-1].level)):
            arrivals.append((top, rungs[-1].effective))
        shorter = []
        for level, arrival in arrivals:
            configured = policy.escalation.acknowledge_within(level)
            if configured is None or arrival is None or arrival >= target:
                continue
            window = bounded(policy, configured, target - arrival)
            if window < configured:
                shorter.append(f"{level} {brief(window)} (written: {brief(configured)})")
        if shorter:
            yield Remark(
                "L022",
                targets.policy_id,
                ("escalation", "acknowledge_within"),
                f"to acknowledge a ticket nobody touched, there is less time: {', '.join(shorter)}",
                "nothing to change: a page is never awaited longer than half of what is left",
                key=True,
            )

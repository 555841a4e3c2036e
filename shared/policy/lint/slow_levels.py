"""Levels whose configured times end at or after the target they serve (semantics X10, A1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from .ladder import Rung, replied, silent
from .subject import Path, Remark, Subject, brief


def slow_levels(subject: Subject) -> Iterator[Remark]:
    """Per cell and level: L020 against a response, L021 against the resolution, with what counts."""
    policy = subject.policy
    for targets in subject.cells():
        responses = {"first response": targets.first_response}
        if targets.next_response != targets.first_response:
            responses["next response"] = targets.next_response
        for promise, target in responses.items():
            rungs = silent(policy, target)
            yield from _too_late(subject, targets.policy_id, promise, target, rungs)
            yield from _too_steep(targets.policy_id, promise, target, rungs)
        rungs = replied(policy, targets)
        yield from _too_late(subject, targets.policy_id, "resolution", targets.resolution, rungs)


def _too_late(
    subject: Subject, cell: str, promise: str, target: timedelta, rungs: Sequence[Rung]
) -> Iterator[Remark]:
    """The levels that would still be waiting when the promise is broken."""
    code = "L021" if promise == "resolution" else "L020"
    for rung in rungs:
        if rung.literal < target:
            continue
        really = "nothing raises it before the breach"
        if rung.effective is not None:
            really = f"{brief(rung.effective)} counts"
        yield Remark(
            code,
            cell,
            _place(subject, rung.level),
            f"{rung.level} ends after {brief(rung.literal)} as written, the {promise} is due after "
            f"{brief(target)}: {really}",
            "nothing breaks, for no level has more than its share of what is left: shorten the times if "
            "the file is to say what happens",
        )


def _too_steep(
    cell: str, promise: str, target: timedelta, rungs: Sequence[Rung]
) -> Iterator[Remark]:
    """A target so short that even the shortest times of all levels together outlast it."""
    late = next((r for r in rungs if r.effective is not None and r.effective >= target), None)
    if late is not None:
        yield Remark(
            "L024",
            cell,
            ("SLA_MATRIX", cell),
            f"the {promise} is due after {brief(target)}, and {late.level} cannot end before "
            f"{brief(late.effective or target)}: a level has escalation.window.floor at least",
            "give this cell more time, or lower escalation.window.floor",
            key=True,
        )


def _place(subject: Subject, level: str) -> Path:
    """Where a level's time stands."""
    block = subject.document.escalation_matrix.get(level)
    if block is not None and block.timeout is not None:
        return ("escalation_matrix", level, "timeout")
    return ("levels", level, "respond_within")

"""Thresholds the timers cannot tell apart, and those at which nothing happens (semantics K11, A10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Final

from shared.policy.escalation import Trigger
from shared.policy.notification import OVERDUE, NotificationRule
from shared.policy.sla import Targets

from .subject import Path, Remark, Subject, brief

_APART: Final = timedelta(seconds=1)


def too_close(subject: Subject) -> Iterator[Remark]:
    """L041: neighbours less than a second apart for the shortest promise they are percents of."""
    policy = subject.policy
    tightened = [rule.sla_target for rule in policy.routing.rules if rule.sla_target]
    shortest: dict[tuple[int, ...], tuple[timedelta, Targets]] = {}
    for targets in subject.cells():
        percents, promise = policy.sla.thresholds_of(targets), min(*_promises(targets), *tightened)
        if percents not in shortest or promise < shortest[percents][0]:
            shortest[percents] = promise, targets
    for percents, (promise, targets) in shortest.items():
        for lower, higher in pairwise(percents):
            apart = promise * (higher - lower) / 100
            if apart < _APART:
                yield Remark(
                    "L041",
                    "thresholds",
                    _place(targets, lower),
                    f"{lower} % and {higher} % of {brief(promise)} are {_milliseconds(apart)} ms apart: "
                    "both fall due in one moment",
                    "drop one of them, or give the shortest target more time",
                    key=True,
                )


def without_action(subject: Subject) -> Iterator[Remark]:
    """L045: percents that no trigger and no notification rule waits for."""
    policy = subject.policy
    rules: tuple[Trigger | NotificationRule, ...] = (
        *policy.escalation.triggers,
        *policy.notification.rules,
    )
    heard = {rule.threshold for rule in rules if rule.on == "sla.warning"}
    heard |= {100} if any(rule.on == "sla.breached" for rule in rules) else set()
    silent: dict[Path, list[int]] = {}
    for targets in subject.cells():
        for percent in policy.sla.thresholds_of(targets):
            found = silent.setdefault(_place(targets, percent), [])
            wanted = {None, percent, OVERDUE} if percent > 100 else {None, percent}
            if not wanted & heard and percent not in found:
                found.append(percent)
    for path, percents in silent.items():
        if percents:
            yield Remark(
                "L045",
                "thresholds",
                path,
                f"nothing happens at {', '.join(map(str, percents))} %: no trigger and no notification "
                "rule names them",
                "give them a rule on sla.warning with that threshold, or take them out",
                key=True,
            )


def _promises(targets: Targets) -> tuple[timedelta, ...]:
    """The times a cell's clocks have."""
    times = (targets.first_response, targets.next_response, targets.resolution)
    return (*times, targets.periodic_update) if targets.periodic_update else times


def _place(targets: Targets, percent: int) -> Path:
    """Where a percent comes from: reminders, the cell's own list, or that of all clocks."""
    if percent > 100:
        return ("sla", "overdue")
    return ("SLA_MATRIX", targets.policy_id) if targets.thresholds else ("sla", "thresholds")


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)

"""Thresholds the timers cannot tell apart, and those at which nothing happens (semantics K11, A10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Final

from shared.policy.escalation import Trigger
from shared.policy.notification import NotificationRule

from .ladder import first_target
from .subject import Remark, Subject, brief

_APART: Final = timedelta(seconds=1)


def too_close(subject: Subject) -> Iterator[Remark]:
    """L041: neighbours less than a second apart for the shortest promise there is."""
    policy = subject.policy
    promises = [min(first_target(targets), targets.resolution) for targets in subject.cells()]
    promises += [rule.sla_target for rule in policy.routing.rules if rule.sla_target]
    shortest = min(promises, default=_APART * 100)
    for name, percents in (("thresholds", policy.sla.thresholds), ("overdue", policy.sla.overdue)):
        for index, (lower, higher) in enumerate(pairwise(percents), start=1):
            apart = shortest * (higher - lower) / 100
            if apart < _APART:
                yield Remark(
                    "L041",
                    "thresholds",
                    ("sla", name, index),
                    f"{lower} % and {higher} % of {brief(shortest)} are {_milliseconds(apart)} ms apart: "
                    "both fall due in one moment",
                    "drop one of them, or give the shortest target more time",
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
    if None in heard:
        return
    for name, percents in (("thresholds", policy.sla.thresholds), ("overdue", policy.sla.overdue)):
        silent = [percent for percent in percents if percent not in heard]
        if silent:
            yield Remark(
                "L045",
                "thresholds",
                ("sla", name),
                f"nothing happens at {', '.join(map(str, silent))} %: no trigger and no notification "
                "rule names them",
                "give them a rule on sla.warning with that threshold, or take them out",
                key=True,
            )


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)

"""Calendars of metrics and of teams that open less than what they stand beside (semantics C5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from shared.contracts.vocabulary import Metric

from .calendars import AHEAD
from .subject import Path, Remark, Subject


def slower_metrics(subject: Subject) -> Iterator[Remark]:
    """L062: a promise that counts in fewer hours than a contract, tier or priority has."""
    policy = subject.policy
    customers = policy.customers
    contracts = {*customers.calendars.values(), *customers.contracts.values()}
    told = set[tuple[Path, Metric]]()
    for (priority, _), targets in policy.sla.matrix.items():
        usual = {policy.sla.calendar_of(priority), *contracts}
        for metric, name in policy.sla.forced_calendars(targets).items():
            path = _place(subject, targets.policy_id, metric)
            longer = sorted(one for one in usual if _open(subject, name) < _open(subject, one))
            if not longer or (path, metric) in told:
                continue
            told.add((path, metric))
            yield Remark(
                "L062",
                "calendars",
                path,
                f"{metric} counts in {name}, which has less open time in the next 14 days than "
                f"{', '.join(longer)}: it is due later than a contract of these hours says",
                "let it count in a calendar that is open at least as long, or take it out",
            )


def closed_teams(subject: Subject) -> Iterator[Remark]:
    """L063: a level whose team is closed while a promise that it serves counts."""
    policy = subject.policy
    facing = [metric for metric in Metric if not metric.of_level]
    serves = {
        policy.calendar_of(metric, priority, tier)
        for priority, tier in policy.sla.matrix
        for metric in facing
    } | set(policy.customers.contracts.values())
    longest = max(_open(subject, name) for name in serves)
    for level in policy.levels:
        if level.calendar is not None and _open(subject, level.calendar) < longest:
            yield Remark(
                "L063",
                "calendars",
                ("team_calendars", level.team),
                f"{level.team} is closed while promises count that {level.name} serves: a ticket that "
                "comes then is there for its share of what the promise has left, and goes on",
                "nothing breaks; give the team people at those hours if tickets are to wait for it",
                key=True,
            )


def _place(subject: Subject, cell: str, metric: Metric) -> Path:
    """Where the calendar of a metric stands: at its cell, or for all."""
    found = subject.document.sla.metric_calendars
    return ("sla", "metric_calendars", metric) if metric in found else ("SLA_MATRIX", cell)


def _open(subject: Subject, name: str) -> timedelta:
    return subject.policy.calendars[name].between(subject.at, subject.at + AHEAD)

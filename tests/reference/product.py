"""The same case told to the product: its calendars, its workflow policy, its facts, its fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.escalator.domain import absorbing, fold
from services.escalator.domain.facts import (
    Absorbed,
    Closed,
    Fact,
    Merged,
    Opened,
    Paused,
    Reclassified,
    Reopened,
    Resolved,
    Resumed,
    Unmerged,
    What,
    Wrote,
)
from services.escalator.domain.steps import Step
from shared.calendar import Calendar
from shared.calendar_history import CalendarHistory, CalendarVersion
from shared.contracts.vocabulary import Metric, PauseReason, Priority
from shared.policy import WorkflowPolicy, parse_workflow
from shared.policy.sla import Targets

from .cases import Act, Case, Entry, Price, Promises, Week
from .zones import FIRST

_MESSAGE = UUID(int=1)
_PLAIN = parse_workflow("version: 1")
_PAUSABLE = (Metric.RESOLUTION, Metric.PERIODIC_UPDATE)
_RESPONSES = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE)


def policy_of(weeks: dict[str, Week], promises: Promises) -> WorkflowPolicy:
    """The workflow of a case, as if a file had said it."""
    calendars = {name: _calendar(name, week) for name, week in weeks.items()}
    prices = promises.prices
    sla = replace(
        _PLAIN.sla,
        matrix={(Priority(p), t): _targets(p, t, price) for (p, t), price in prices.items()},
        default_tier="plain",
        thresholds=promises.thresholds,
        overdue=promises.overdue,
        calendars={Priority(p): price.calendar for (p, _), price in prices.items()},
        pause_on=dict.fromkeys(_PAUSABLE, frozenset(PauseReason(n) for n in promises.pausing)),
        reprice=promises.mode,
        reopen_window=promises.window,
        reopen_floor=promises.floor_percent / 100,
    )
    tiers, contracts = promises.ranks[1], promises.contracts
    customers = replace(_PLAIN.customers, tiers=tiers, calendars=contracts)
    return replace(_PLAIN, sla=sla, calendars=calendars, customers=customers)


def _calendar(name: str, week: Week) -> Calendar:
    first = Calendar(name, week.zone, week.weekly, week.holidays, week.exceptions)
    if week.changed is None:
        return first
    at, following = week.changed
    second = _calendar(name, following)
    return CalendarHistory.of([CalendarVersion(1, FIRST, first), CalendarVersion(2, at, second)])


def _targets(priority: str, tier: str, price: Price) -> Targets:
    known = next(iter(_PLAIN.sla.matrix.values()))
    return replace(
        known,
        policy_id=f"{priority}/{tier}",
        first_response=price.first_response,
        next_response=price.next_response,
        resolution=price.resolution,
        periodic_update=price.periodic_update,
        calendars=tuple((Metric(name), found) for name, found in sorted(price.forced.items())),
    )


def play(case: Case, policy: WorkflowPolicy) -> list[Entry]:
    """The steps of the fold over the case's facts and the time until its end."""
    timeline, steps = fold.fold(_facts(case.acts, policy), policy)
    _, more = fold.pass_time(timeline, case.until, policy)
    return [_entry(step) for step in steps + more]


def _facts(acts: Sequence[Act], policy: WorkflowPolicy) -> list[Fact]:
    return [
        Fact(
            at=act.at,
            source="test",
            sequence=number,
            what=_absorbed(act, policy) if act.verb == "absorbs" else _what(act),
        )
        for number, act in enumerate(acts, 1)
    ]


def _absorbed(act: Act, policy: WorkflowPolicy) -> Absorbed:
    """What the other ticket still owes at that instant, as its own timeline says."""
    timeline, _ = fold.fold(_facts(act.other, policy), policy)
    timeline, _ = fold.pass_time(timeline, act.at, policy, inclusive=False)
    return Absorbed(
        source=_MESSAGE,
        priority=timeline.priority,
        tier=timeline.tier,
        promises=absorbing.promises(timeline, act.at, policy.calendars),
        waits=any(clock.metric in _RESPONSES for clock in timeline.unfinished),
    )


def _what(act: Act) -> What:  # noqa: C901 - one line a verb
    match act.verb:
        case "opened":
            return Opened(
                priority=Priority(act.pair[0]),
                tier=act.pair[1],
                outbound=act.outbound,
                sla_target=act.sla_target,
                contract=act.contract or None,
            )
        case "asks":
            return Wrote(message_id=_MESSAGE, by_customer=True)
        case "replies":
            return Wrote(message_id=_MESSAGE, answers=True)
        case "waits":
            return Paused(reason=PauseReason(act.reason))
        case "goes on":
            return Resumed()
        case "priced":
            priority, tier = act.pair
            return Reclassified(
                priority=Priority(priority) if priority else None, tier=tier or None
            )
        case "solved":
            return Resolved()
        case "closed":
            return Closed()
        case "reopened":
            return Reopened()
        case "merged":
            return Merged()
        case "parted":
            return Unmerged()
    raise AssertionError(act.verb)


def _entry(step: Step) -> Entry:
    return Entry(
        metric=step.metric,
        cycle=step.cycle,
        kind=step.kind.removeprefix("sla."),
        threshold=step.threshold,
        at=step.at,
        consumed=step.consumed,
        deadline=step.deadline,
        skipped=step.skipped,
        reason=step.reason or "",
    )

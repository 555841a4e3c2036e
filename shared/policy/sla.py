"""What was promised to whom: targets, thresholds, calendars and pauses of the SLA clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from shared.contracts.vocabulary import Metric, PauseReason, Priority

ANY = "any"


@dataclass(frozen=True, slots=True)
class Targets:
    """The budgets of one ticket's clocks. `policy_id` names the cell of the matrix the first response
    comes from: `critical/enterprise`, `medium/any`. Without a `periodic_update` none is owed (K8);
    without `thresholds` of its own those of all clocks apply. A clock keeps those it starts with.
    `calendars` are those that single metrics count in whatever a contract says (C5).
    """

    policy_id: str
    first_response: timedelta
    next_response: timedelta
    resolution: timedelta
    periodic_update: timedelta | None = None
    thresholds: tuple[int, ...] | None = None
    calendars: tuple[tuple[Metric, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WaitingPolicy:
    """After how many business days of waiting a customer is reminded, in rising order, and after how many
    the ticket is solved (semantics Z6).
    """

    reminders: tuple[int, ...]
    solved_after: int


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """The SLA matrix, already looked up for every pair, and the rules of its clocks.

    `thresholds` are percents of a target in rising order and end with 100, the breach; `overdue`
    are the reminders above it (semantics K11, L6). `metric_calendars` are forced on single metrics of
    every cell that forces none itself (C5). `grace` delays the announcement of a breach only
    (T6). `reopen_floor` is the share of the budget that is left at least (R1), `courtesy_review` how much
    business time people have to look at a courtesy (R2).
    """

    matrix: Mapping[tuple[Priority, str], Targets]
    default_tier: str
    thresholds: tuple[int, ...]
    overdue: tuple[int, ...]
    calendars: Mapping[Priority, str]
    pause_on: Mapping[Metric, frozenset[PauseReason]]
    hold_limit: timedelta
    grace: timedelta
    reprice: Literal["carry", "strictest", "restart"]
    reopen_window: timedelta
    reopen_floor: float
    courtesy_review: timedelta
    waiting: WaitingPolicy
    metric_calendars: Mapping[Metric, str] = field(default_factory=dict)

    def thresholds_of(self, targets: Targets) -> tuple[int, ...]:
        """The percents at which clocks with these targets speak, the breach and reminders included."""
        return tuple(sorted({*(targets.thresholds or self.thresholds), *self.overdue, 100}))

    def targets(self, priority: Priority | str, tier: str) -> Targets:
        """The targets of that pair; a tier the workflow does not know has those of the default one."""
        known = Priority(priority)
        found = self.matrix.get((known, tier.lower()))
        return found or self.matrix[known, self.default_tier]

    def calendar_of(self, priority: Priority | str) -> str:
        """The name of the calendar that the clocks of that priority count in (semantics C5)."""
        return self.calendars[Priority(priority)]

    def forced_calendars(self, targets: Targets) -> dict[Metric, str]:
        """The metrics that count in a calendar of their own for these targets, and which (semantics C5)."""
        return {**self.metric_calendars, **dict(targets.calendars)}

    def pauses(self, metric: Metric | str, reason: PauseReason | str) -> bool:
        """Whether waiting for `reason` stops a clock of `metric` (semantics Z1)."""
        return PauseReason(reason) in self.pause_on.get(Metric(metric), frozenset())

"""The clocks of one ticket and what may be done to any of them: begun, ended, priced anew (semantics K1, K6)."""

from __future__ import annotations

from shared.contracts.vocabulary import Metric, Priority

from .clock import Clock, Does, Mark
from .hours import Hours
from .promise import Promise
from .rules import Rules


class Clocks:
    """What was promised for one ticket so far, by the rules in force. Instants are milliseconds since 1970."""

    def __init__(self) -> None:
        self.clocks: list[Clock] = []
        self.merged = False
        self.priority, self.tier = Priority.LOW, ""
        self._rules: Rules
        self._routed: int | None = None
        self._contract: str | None = None
        self._at = self._known = 0

    def _target(self, metric: Metric) -> int:
        return self._rules.target(metric, self.priority, self.tier, self._routed)

    def _hours(self, metric: Metric) -> Hours:
        return self._rules.hours(metric, self.priority, self.tier, self._contract)

    def _of(self, metric: Metric) -> list[Clock]:
        return [clock for clock in self.clocks if clock.metric is metric]

    def running(self) -> list[Clock]:
        """The clocks that have not ended."""
        return [clock for clock in self.clocks if not clock.ended]

    def _begin(self, metric: Metric, *, carried: int = 0, silent: bool = False) -> Clock:
        thresholds = self._rules.thresholds_of(self.priority, self.tier)
        clock = Clock(
            metric=metric,
            cycle=len(self._of(metric)) + 1,
            begun=self._at,
            known=self._known,
            budget=self._target(metric),
            hours=self._hours(metric),
            thresholds=() if silent else thresholds,
            pausing=self._rules.pausing(metric),
            carried=carried,
        )
        self.clocks.append(clock)
        return clock

    def _end(self, metrics: tuple[Metric, ...]) -> None:
        for clock in self.running():
            if clock.metric in metrics:
                self._mark(clock, "merge" if self.merged else "end")

    def _price(self, clock: Clock, promise: Promise) -> None:
        budget, hours, consumed = promise.budget, promise.hours, promise.consumed
        clock.marks.append(Mark("price", self._at, self._known, budget, hours, consumed))

    def _mark(self, clock: Clock, does: Does) -> None:
        clock.marks.append(Mark(does, self._at, self._known))

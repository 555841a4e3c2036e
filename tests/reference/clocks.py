"""The clocks of a ticket and what any of them may go through, written down entry by entry (K1, K2, K7, K11, P2).

Slow on purpose: what a clock has used is never kept, it is counted anew over all the stretches in which it ran.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from .cases import Entry, Price, Promises
from .hours import Hours
from .promise import Promise, share

_NOTHING = timedelta(0)


class Clocks:
    """Time passes, clocks start, stop, are cancelled, get another price; all of it is written down.

    `pair` are priority and tier, `sla_target` is that of the ticket's routing rule (K10).
    """

    def __init__(self, promises: Promises, hours: dict[str, Hours]) -> None:
        self._promises = promises
        self._all_hours = hours
        self._percents = sorted({*promises.thresholds, *promises.overdue, 100})
        self.entries: list[Entry] = []
        self.clocks: list[Promise] = []
        self.pair = ("", "")
        self.sla_target: timedelta | None = None
        self.contract = ""

    # Time

    def next_due(self) -> tuple[datetime, int] | None:
        """The earliest threshold of all clocks and the clock's place."""
        found = []
        for place, clock in enumerate(self.clocks):
            percent = self._next_percent(clock)
            at = None if clock.over or percent is None else clock.due(percent)
            if at is not None:
                found.append((at, place))
        return min(found, default=None)

    def _next_percent(self, clock: Promise) -> int | None:
        return next((p for p in self._percents if p > clock.told), None)

    def pass_time(self, until: datetime, *, inclusive: bool) -> None:
        """Announce each threshold at its own instant (K11); at one instant facts come first (T4)."""
        while (due := self.next_due()) is not None:
            at, place = due
            if at > until or (at == until and not inclusive):
                return
            clock = self.clocks[place]
            percent = self._next_percent(clock)
            assert percent is not None
            self._cross(clock, percent, at, clock.deadline)

    def _cross(
        self,
        clock: Promise,
        percent: int,
        at: datetime,
        deadline: datetime | None,
        skipped: tuple[int, ...] = (),
    ) -> None:
        clock.told = percent
        if percent == 100:
            clock.missed = at
        kind = "breached" if percent == 100 else "warning"
        self.tell(clock, kind, at, threshold=percent, deadline=deadline, skipped=skipped)

    def tell(
        self,
        clock: Promise,
        kind: str,
        at: datetime,
        *,
        threshold: int = 0,
        deadline: datetime | None,
        skipped: tuple[int, ...] = (),
        reason: str = "",
    ) -> None:
        used = clock.used(at)
        key = (clock.metric, clock.cycle, kind, threshold)
        self.entries.append(Entry(*key, at, used, deadline, skipped, reason))

    def adopt(
        self, clock: Promise, offer: tuple[timedelta, timedelta, Hours], at: datetime, end: datetime
    ) -> None:
        stood = clock.since is None
        clock.ran, clock.known, clock.since = [], {}, None if stood else at
        clock.budget, clock.carried, clock.hours = offer
        self.tell(clock, "repriced", at, deadline=end)
        self.jump(clock, at, clock.carried, end)

    def jump(self, clock: Promise, at: datetime, used: timedelta, promised: datetime) -> None:
        """P2: only the highest threshold jumped over; a breach ends where the ticket is now."""
        reached = [p for p in self._percents if p > clock.told and share(clock.budget, p) <= used]
        if not reached:
            return
        if used >= clock.budget:
            skipped = tuple(p for p in reached if p < 100)
            self._cross(clock, 100, at, at, skipped)
            clock.told = reached[-1]
        else:
            self._cross(clock, reached[-1], at, promised, tuple(reached[:-1]))

    # Clocks

    def running(self) -> list[Promise]:
        """The clocks that still count."""
        return [clock for clock in self.clocks if not clock.over]

    def current(self) -> Price:
        """What the cell of priority and tier promises."""
        return self._promises.prices[self.pair]

    def hours_now(self, metric: str) -> Hours:
        """The calendar that a new promise counts in: that of its metric, of the contract, of the cell (C5)."""
        own = self.contract or self._promises.contracts.get(self.pair[1])
        forced = self.current().forced.get(metric)
        return self._all_hours[forced or own or self.current().calendar]

    def target(self, metric: str) -> timedelta:
        """The cell's; the routing rule's own only tightens the first response (K10)."""
        target = self.current().of(metric)
        if metric == "first_response" and self.sla_target is not None:
            return min(target, self.sla_target)
        return target

    def start(self, metric: str, at: datetime, carried: timedelta = _NOTHING) -> None:
        """Begin the next cycle; thresholds within `carried` count as told (R1)."""
        cycle = 1 + sum(clock.metric == metric for clock in self.clocks)
        clock = Promise(metric, cycle, self.target(metric), self.hours_now(metric), at, at, carried)
        if carried:
            known = [p for p in self._percents if p < 100 and share(clock.budget, p) <= carried]
            clock.told = max(known, default=0)
        self.clocks.append(clock)
        self.tell(clock, "started", at, deadline=clock.deadline)

    def stop(self, at: datetime, metrics: tuple[str, ...]) -> None:
        """What clocks of `metrics` measure has happened: met, or too late (K1)."""
        for clock in self.running():
            if clock.metric in metrics:
                clock.stand(at)
                clock.over = True
                kind = "closed_late" if clock.missed else "met"
                self.tell(clock, kind, at, deadline=clock.missed)

    def cancel(self, clocks: list[Promise], at: datetime, reason: str) -> None:
        """They count for nothing from now on."""
        for clock in clocks:
            clock.stand(at)
            clock.over = True
            self.tell(clock, "cancelled", at, deadline=clock.missed, reason=reason)

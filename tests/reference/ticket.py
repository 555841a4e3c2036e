"""A ticket's clocks by the words of semantics K, P, Z, R and M2(1), worked out again from the start at every step.

Slow on purpose: what a clock has used is never kept, it is counted anew over all the stretches in which it ran.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction

from .cases import Act, Case, Entry, Price
from .hours import Hours

_NOTHING = timedelta(0)
_MILLISECOND = timedelta(milliseconds=1)
_RESPONSES = ("first_response", "next_response")
_ORDER = ("first_response", "resolution", "next_response")


@dataclass
class Promise:
    """One cycle of one metric. `ran` are the stretches it has run, each by the hours it counted in then;
    `known` spares asking again for the same instant.
    """

    metric: str
    cycle: int
    budget: timedelta
    hours: Hours
    since: datetime | None
    carried: timedelta = _NOTHING
    ran: list[tuple[datetime, datetime, Hours]] = field(default_factory=list)
    told: int = 0
    missed: datetime | None = None
    over: bool = False
    known: dict[tuple[int, datetime, timedelta, int], datetime] = field(default_factory=dict)

    def used(self, at: datetime) -> timedelta:
        """Open time used until `at`, from the beginning."""
        spent = self.carried
        for start, end, hours in self.ran:
            spent += hours.used(start, end)
        if self.since is not None:
            spent += self.hours.used(self.since, at)
        return spent

    def due(self, percent: int) -> datetime | None:
        """When `percent` of the budget will be used, or None while it stands (K2)."""
        if self.since is None:
            return None
        asked = (percent, self.since, self.budget, id(self.hours))
        if asked not in self.known:
            left = share(self.budget, percent) - self.used(self.since)
            self.known[asked] = self.hours.reached(self.since, left)
        return self.known[asked]

    @property
    def deadline(self) -> datetime | None:
        """The one it missed, or the one it runs towards."""
        return self.missed or self.due(100)

    def stand(self, at: datetime) -> None:
        """Run no longer."""
        if self.since is not None:
            self.ran.append((self.since, at, self.hours))
            self.since = None


def share(budget: timedelta, percent: int | Fraction) -> timedelta:
    """That much of a budget in whole milliseconds, rounded up: not before it is used."""
    exact = Fraction(budget // _MILLISECOND) * percent / 100
    return -(-exact.numerator // exact.denominator) * _MILLISECOND


class Ticket:
    """Plays a case and writes down what every clock goes through."""

    def __init__(self, case: Case, hours: dict[str, Hours]) -> None:
        self._promises = case.promises
        self._all_hours = hours
        self._percents = sorted({*case.promises.thresholds, *case.promises.overdue, 100})
        self.entries: list[Entry] = []
        self.clocks: list[Promise] = []
        self.phase = "unopened"
        self.pair = ("", "")
        self.sla_target: timedelta | None = None
        self.waits: set[str] = set()
        self.asked = self.owed = False
        self.solved_at: datetime | None = None
        self._before: tuple[str, list[Promise]] | None = None

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
        self._tell(clock, kind, at, threshold=percent, deadline=deadline, skipped=skipped)

    def _tell(
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

    # Facts

    def hear(self, act: Act) -> None:
        """One thing happens. Nothing reaches a ticket that is merged, or is not there yet (M1)."""
        if act.verb == "parted":
            self._part(act.at)
        elif act.verb == "opened":
            self._open(act)
        elif self.phase in ("unopened", "merged"):
            return
        else:
            {
                "asks": self._ask,
                "replies": self._reply,
                "waits": self._wait,
                "goes on": self._go_on,
                "priced": self._price,
                "solved": self._solve,
                "closed": self._close,
                "reopened": self._reopen,
                "merged": self._merge,
            }[act.verb](act)

    def _open(self, act: Act) -> None:
        """K3, K5: both start with the opening; an outbound ticket has none of them."""
        if self.phase != "unopened":
            return
        self.phase, self.pair, self.sla_target = "open", act.pair, act.sla_target
        if act.outbound:
            self.asked = True
            return
        self._start("first_response", act.at)
        self._start("resolution", act.at)

    def _ask(self, act: Act) -> None:
        """The customer writes: that ends waiting for them (Z3) and may start `next_response` (K4)."""
        self.asked, self.owed = False, True
        self.waits.discard("waiting_on_customer")
        self._settle(act.at)
        if self.phase == "open":
            self._expect(act.at)

    def _expect(self, at: datetime) -> None:
        if not any(clock.metric == "resolution" for clock in self.clocks):
            self._start("resolution", at)
        if not any(clock.metric in _RESPONSES for clock in self._running()):
            self._start("next_response", at)
        self._settle(at)

    def _reply(self, act: Act) -> None:
        """A public reply stops what waits for one (K3, K4), and is a question for Z2."""
        self.asked, self.owed = True, False
        self._stop(act.at, _RESPONSES)
        self._settle(act.at)

    def _wait(self, act: Act) -> None:
        if self.phase == "open":
            self.waits.add(act.reason)
            self._settle(act.at)

    def _go_on(self, act: Act) -> None:
        self.waits.clear()
        self._settle(act.at)

    def _settle(self, at: datetime) -> None:
        """What has a reason to stand stands; waiting for the customer is one if we asked (Z1, Z2, Z4)."""
        reasons = self.waits & self._promises.pausing
        if not self.asked:
            reasons = reasons - {"waiting_on_customer"}
        for clock in self._running():
            stands = clock.metric == "resolution" and bool(reasons)
            if stands and clock.since is not None:
                clock.stand(at)
                self._tell(clock, "paused", at, deadline=clock.deadline)
            elif not stands and clock.since is None:
                clock.since = at
                self._tell(clock, "resumed", at, deadline=clock.deadline)

    def _solve(self, act: Act) -> None:
        """K4, K5: both end. K12: a first response nobody gave is cancelled."""
        if self.phase != "open":
            return
        self.phase, self.solved_at, self.owed = "solved", act.at, False
        self.waits.clear()
        self._stop(act.at, ("next_response", "resolution"))
        self._cancel(self._running(), act.at, "resolved")

    def _close(self, act: Act) -> None:
        self._solve(act)

    def _reopen(self, act: Act) -> None:
        """R1: a new cycle, which takes the time used along within the window."""
        if self.phase != "solved":
            return
        assert self.solved_at is not None
        self.phase = "open"
        budget, carried = self._target("resolution"), _NOTHING
        chain = [clock for clock in self.clocks if clock.metric == "resolution"]
        if chain and act.at <= self.solved_at + self._promises.window:
            least = share(budget, self._promises.floor_percent)
            remaining = max(budget - chain[-1].used(act.at), least)
            carried = budget - remaining
        self._start("resolution", act.at, carried)
        if self.owed:
            self._expect(act.at)

    def _merge(self, act: Act) -> None:
        """M2(1): the clocks of the ticket that ends are cancelled."""
        copies = [replace(clock, ran=list(clock.ran), known={}) for clock in self.clocks]
        self._before = (self.phase, copies)
        self.phase = "merged"
        self._cancel(self._running(), act.at, "merged")

    def _part(self, at: datetime) -> None:
        """M4: everything is as if the merge had not been; its clocks have run on."""
        if self.phase != "merged":
            return
        assert self._before is not None
        self.phase, self.clocks = self._before
        for clock in self._running():
            kind = "paused" if clock.since is None else "resumed"
            self._tell(clock, kind, at, deadline=clock.deadline)

    # Prices

    def _price(self, act: Act) -> None:
        """P1: unfinished clocks get the target of the new cell."""
        pair = (act.pair[0] or self.pair[0], act.pair[1] or self.pair[1])
        changed, self.pair = pair != self.pair, pair
        if self.phase != "open" or not changed:
            return
        moved = [clock for clock in self._running() if self._is_moved(clock)]
        if self._promises.mode == "restart":
            self._cancel(moved, act.at, "reclassified")
            for clock in moved:
                self._start(clock.metric, act.at)
            self._settle(act.at)
            return
        for clock in moved:
            self._carry(clock, act.at)

    def _is_moved(self, clock: Promise) -> bool:
        """Another target, or another calendar to count it in; a broken promise stays as it was (P3)."""
        target = (self._target(clock.metric), self._hours())
        return clock.missed is None and (clock.budget, clock.hours) != target

    def _carry(self, clock: Promise, at: datetime) -> None:
        """P1 `carry` and `strictest`; P2 for what the new target jumps over."""
        used, budget, hours = clock.used(at), self._target(clock.metric), self._hours()
        promised = hours.reached(at, budget - used)
        kept = clock.hours.reached(at, clock.budget - used)
        if self._promises.mode == "strictest" and kept <= promised:
            return
        stood = clock.since is None
        clock.stand(at)
        clock.budget, clock.hours, clock.since = budget, hours, None if stood else at
        self._tell(clock, "repriced", at, deadline=promised)
        self._jump(clock, at, used, promised)

    def _jump(self, clock: Promise, at: datetime, used: timedelta, promised: datetime) -> None:
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

    def _running(self) -> list[Promise]:
        return [clock for clock in self.clocks if not clock.over]

    def _current(self) -> Price:
        return self._promises.prices[self.pair]

    def _hours(self) -> Hours:
        return self._all_hours[self._current().calendar]

    def _target(self, metric: str) -> timedelta:
        """The cell's; the routing rule's own only tightens the first response (K10)."""
        target = self._current().of(metric)
        if metric == "first_response" and self.sla_target is not None:
            return min(target, self.sla_target)
        return target

    def _start(self, metric: str, at: datetime, carried: timedelta = _NOTHING) -> None:
        cycle = 1 + sum(clock.metric == metric for clock in self.clocks)
        clock = Promise(metric, cycle, self._target(metric), self._hours(), at, carried)
        if carried:
            known = [p for p in self._percents if p < 100 and share(clock.budget, p) <= carried]
            clock.told = max(known, default=0)
        self.clocks.append(clock)
        self._tell(clock, "started", at, deadline=clock.deadline)

    def _stop(self, at: datetime, metrics: tuple[str, ...]) -> None:
        for clock in self._running():
            if clock.metric in metrics:
                clock.stand(at)
                clock.over = True
                kind = "closed_late" if clock.missed else "met"
                self._tell(clock, kind, at, deadline=clock.missed)

    def _cancel(self, clocks: list[Promise], at: datetime, reason: str) -> None:
        for clock in clocks:
            clock.stand(at)
            clock.over = True
            self._tell(clock, "cancelled", at, deadline=clock.missed, reason=reason)


def play(case: Case, hours: dict[str, Hours]) -> list[Entry]:
    """The history of every clock of the case, in the order in which it happens."""
    ticket = Ticket(case, hours)
    for act in sorted(case.acts, key=lambda act: act.at):
        ticket.pass_time(act.at, inclusive=False)
        ticket.hear(act)
    ticket.pass_time(case.until, inclusive=True)
    return ticket.entries

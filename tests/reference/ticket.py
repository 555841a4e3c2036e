"""A ticket's clocks by the words of semantics K, P, Z, R and M2, fact by fact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from .cases import Act, Case, Entry
from .clocks import Clocks
from .hours import Hours
from .promise import Promise, share

_NOTHING = timedelta(0)
_RESPONSES = ("first_response", "next_response")
_PAUSABLE = ("resolution", "periodic_update")

#: What comes before everything else of its instant.
_FIRST: Final = {"opened": 0, "absorbs": 1}


class Ticket(Clocks):
    """Plays a case: what each fact does to the clocks."""

    def __init__(self, case: Case, hours: dict[str, Hours]) -> None:
        super().__init__(case.promises, hours)
        self.phase = "unopened"
        self.waits: set[str] = set()
        self.asked = self.owed = False
        self.solved_at: datetime | None = None
        self._before: tuple[str, list[Promise]] | None = None

    # Facts

    def play(self, acts: Iterable[Act]) -> None:
        """All that happens, in its order, and the time between.

        Of one instant the opening comes first, then a merge: a reply of that instant answers both.
        """
        for act in sorted(acts, key=lambda act: (act.at, _FIRST.get(act.verb, len(_FIRST)))):
            self.pass_time(act.at, inclusive=False)
            self.hear(act)

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
                "absorbs": self._absorb,
            }[act.verb](act)

    def _open(self, act: Act) -> None:
        """K3, K5: both start with the opening; an outbound ticket has none of them."""
        if self.phase != "unopened":
            return
        self.phase, self.pair, self.sla_target = "open", act.pair, act.sla_target
        self.contract = act.contract
        if act.outbound:
            self.asked = True
            return
        self.start("first_response", act.at)
        self.start("resolution", act.at)

    def _ask(self, act: Act) -> None:
        """The customer writes: that ends waiting for them (Z3) and may start `next_response` (K4)."""
        self.asked, self.owed = False, True
        self.waits.discard("waiting_on_customer")
        self._settle(act.at)
        if self.phase == "open":
            self._expect(act.at)

    def _expect(self, at: datetime) -> None:
        if not any(clock.metric == "resolution" for clock in self.clocks):
            self.start("resolution", at)
        if not any(clock.metric in _RESPONSES for clock in self.running()):
            self.start("next_response", at)
        self._settle(at)

    def _reply(self, act: Act) -> None:
        """A public reply stops what waits for one (K3, K4), and is a question for Z2."""
        self.asked, self.owed = True, False
        self.stop(act.at, (*_RESPONSES, "periodic_update"))
        if self.phase == "open" and self.current().periodic_update is not None:  # K8
            self.start("periodic_update", act.at)
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
        for clock in self.running():
            stands = clock.metric in _PAUSABLE and bool(reasons)
            if stands and clock.since is not None:
                clock.stand(at)
                self.tell(clock, "paused", at, deadline=clock.deadline)
            elif not stands and clock.since is None:
                clock.since = at
                self.tell(clock, "resumed", at, deadline=clock.deadline)

    def _solve(self, act: Act) -> None:
        """K4, K5: both end. K12: a first response nobody gave is cancelled."""
        if self.phase != "open":
            return
        self.phase, self.solved_at, self.owed = "solved", act.at, False
        self.waits.clear()
        self.stop(act.at, ("next_response", "periodic_update", "resolution"))
        self.cancel(self.running(), act.at, "resolved")

    def _close(self, act: Act) -> None:
        self._solve(act)

    def _reopen(self, act: Act) -> None:
        """R1: a new cycle, which takes the time used along within the window."""
        if self.phase != "solved":
            return
        assert self.solved_at is not None
        self.phase = "open"
        budget, carried = self.target("resolution"), _NOTHING
        chain = [clock for clock in self.clocks if clock.metric == "resolution"]
        if chain and act.at <= self.solved_at + self._promises.window:
            least = share(budget, self._promises.floor_percent)
            remaining = max(budget - chain[-1].used(act.at), least)
            carried = budget - remaining
        self.start("resolution", act.at, carried)
        if self.owed:
            self._expect(act.at)

    def _merge(self, act: Act) -> None:
        """M2(1): the clocks of the ticket that ends are cancelled."""
        copies = [replace(clock, ran=list(clock.ran), known={}) for clock in self.clocks]
        self._before = (self.phase, copies)
        self.phase = "merged"
        self.cancel(self.running(), act.at, "merged")

    def _part(self, at: datetime) -> None:
        """M4: everything is as if the merge had not been; its clocks have run on."""
        if self.phase != "merged":
            return
        assert self._before is not None
        self.phase, self.clocks = self._before
        for clock in self.running():
            kind = "paused" if clock.since is None else "resumed"
            self.tell(clock, kind, at, deadline=clock.deadline)

    # Prices

    def _price(self, act: Act) -> None:
        """P1: unfinished clocks get the target of the new cell."""
        pair = (act.pair[0] or self.pair[0], act.pair[1] or self.pair[1])
        changed, self.pair = pair != self.pair, pair
        if self.phase != "open" or not changed:
            return
        moved = [clock for clock in self.running() if self._is_moved(clock)]
        if self._promises.mode == "restart":
            self.cancel(moved, act.at, "reclassified")
            for clock in moved:
                self.start(clock.metric, act.at)
            self._settle(act.at)
            return
        for clock in moved:
            self._carry(clock, act.at)

    def _is_moved(self, clock: Promise) -> bool:
        """Another target, or another calendar to count it in; a broken promise stays as it was (P3)."""
        if clock.metric == "periodic_update" and self.current().periodic_update is None:
            return False
        target = (self.target(clock.metric), self.hours_now(clock.metric))
        return clock.missed is None and (clock.budget, clock.hours) != target

    def _carry(self, clock: Promise, at: datetime) -> None:
        """P1 `carry` and `strictest`; P2 for what the new target jumps over."""
        used, budget = clock.used(at), self.target(clock.metric)
        hours = self.hours_now(clock.metric)
        promised = hours.reached(at, budget - used)
        kept = clock.hours.reached(at, clock.budget - used)
        if self._promises.mode == "strictest" and kept <= promised:
            return
        stood = clock.since is None
        clock.stand(at)
        clock.budget, clock.hours, clock.since = budget, hours, None if stood else at
        self.tell(clock, "repriced", at, deadline=promised)
        self.jump(clock, at, used, promised)

    def _absorb(self, act: Act) -> None:
        """M2: another ticket goes on as this one; of each promise the strictest is kept."""
        other = Ticket(Case({}, self._promises, act.other, act.at), self._all_hours)
        other.play(act.other)
        other.pass_time(act.at, inclusive=False)
        order = self._promises.ranks
        self.pair = tuple(  # type: ignore[assignment]
            min(ours, theirs, key=names.index)
            for ours, theirs, names in zip(self.pair, other.pair, order, strict=True)
        )
        if self.phase != "open":
            return
        theirs = other.running()
        for clock in self.running():
            if clock.missed is None:
                same = [one for one in theirs if _await_the_same(one, clock)]
                self._keep_strictest(clock, same, act.at)
        self._take_over([one for one in theirs if one.metric in _RESPONSES], act.at)
        if any(one.metric in _RESPONSES for one in theirs):
            self.asked = False
            self.waits.discard("waiting_on_customer")
        self._settle(act.at)

    def _keep_strictest(self, clock: Promise, theirs: list[Promise], at: datetime) -> None:
        """M2(2), M2(3): ours, ours at the new price, or theirs: whichever ends first."""
        used = clock.used(at)
        offers = [(clock.budget, used, clock.hours)]
        if clock.metric != "periodic_update" or self.current().periodic_update is not None:
            offers.append((self.target(clock.metric), used, self.hours_now(clock.metric)))
        offers += [(one.budget, one.used(at), one.hours) for one in theirs]
        ends = [hours.reached(at, budget - spent) for budget, spent, hours in offers]
        best = ends.index(min(ends))
        if best > 0:
            self.adopt(clock, offers[best], at, ends[best])

    def _take_over(self, theirs: list[Promise], at: datetime) -> None:
        """M2(4): their unanswered message is ours, its clock began when it was written."""
        if not theirs or any(clock.metric in _RESPONSES for clock in self.running()):
            return
        self.start("next_response", theirs[0].began)
        self.owed = True
        clock = self.clocks[-1]
        used = clock.used(at)
        end = clock.hours.reached(at, clock.budget - used)
        offer = (theirs[0].budget, theirs[0].used(at), theirs[0].hours)
        promised = offer[2].reached(at, offer[0] - offer[1])
        if promised < end:
            self.adopt(clock, offer, at, promised)
        else:
            clock.stand(at)
            clock.since = at
            self.jump(clock, at, used, end)


def play(case: Case, hours: dict[str, Hours]) -> list[Entry]:
    """The history of every clock of the case, in the order in which it happens."""
    ticket = Ticket(case, hours)
    ticket.play(case.acts)
    ticket.pass_time(case.until, inclusive=True)
    return ticket.entries


def _await_the_same(one: Promise, other: Promise) -> bool:
    """Both an answer, or both the same otherwise."""
    if one.metric in _RESPONSES:
        return other.metric in _RESPONSES
    return one.metric == other.metric

"""A ticket's facts, told from the beginning, as clocks with their marks (semantics K, P, Z, R, M).

Written for the auditor alone, from the rules and not from the escalator's code: what both get right
independently is right.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from shared.contracts import (
    Event,
    TicketClosed,
    TicketMerged,
    TicketMessageAdded,
    TicketOpened,
    TicketPaused,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnmerged,
)
from shared.contracts.vocabulary import AuthorKind, Metric, PauseReason, Priority

from .clock import NEVER, Clock, Walk
from .clocks import Clocks
from .hours import milliseconds
from .promise import Promise
from .rules import Rules

_CUSTOMER: Final = PauseReason.WAITING_ON_CUSTOMER
_RESPONSES: Final = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE)

#: The rules in force for a ticket at an instant.
InForce = Callable[[datetime], Rules]


class Story(Clocks):
    """What the facts so far make of one ticket. `absorbed` tells how another ticket stood that is merged
    into this one (semantics M2).
    """

    def __init__(
        self, ticket_id: UUID, in_force: InForce, absorbed: Callable[[Event], Story]
    ) -> None:
        super().__init__()
        self.ticket_id = ticket_id
        self.phase: Literal["unopened", "open", "solved", "merged"] = "unopened"
        self.unanswered_since: int | None = None
        self._in_force = in_force
        self._absorbed = absorbed
        self._opened_at = self._solved_at = 0
        self._waiting: set[PauseReason] = set()
        self.last_word = (0, False)
        self._before_merge: Literal["open", "solved"] = "open"
        self._thanked: tuple[int, int] | None = None

    def hear(self, event: Event) -> None:
        """One fact, in the order of semantics T2."""
        self._rules = self._in_force(event.time)
        self._at = max(milliseconds(event.time), self._opened_at)
        self._known = milliseconds(event.recorded_time)
        fact = event.payload
        if isinstance(fact, TicketUnmerged):
            self._goes_its_own_way()
        elif self.phase == "unopened":
            if isinstance(fact, TicketOpened):
                self._opens(fact, event.time)
        elif self.phase != "merged":
            self._goes_on(event)

    def _goes_on(self, event: Event) -> None:
        match event.payload:
            case TicketMessageAdded() as message:
                self._hears_a_message(message)
            case TicketReclassified() as reclassified:
                self._is_reclassified(reclassified)
            case TicketPaused(reason=reason):
                self._waits_for(reason)
            case TicketResumed():
                self._waiting.clear()
                self._settle()
            case TicketResolved() | TicketClosed():
                self._is_solved()
            case TicketReopened():
                self._comes_back()
            case TicketMerged(ticket_id=which) if which != self.ticket_id:
                self._takes_in(self._absorbed(event))
            case TicketMerged():
                self._before_merge = "open" if self.phase == "open" else "solved"
                self.phase, self.merged = "merged", True
                self._end(tuple(Metric))

    # K: what starts and ends clocks

    def _opens(self, opened: TicketOpened, at: datetime) -> None:
        self.phase = "open"
        self._opened_at = self._at
        self._contract = self._rules.contract(opened.customer.customer_id)
        self.priority, self.tier = opened.priority, self._rules.tier(opened.customer.tier)
        self._routed = self._rules.routed(opened, at)
        self.last_word = (self._at, bool(opened.outbound))
        if not opened.outbound:
            self._begin(Metric.FIRST_RESPONSE)
            self._begin(Metric.RESOLUTION)

    def _hears_a_message(self, message: TicketMessageAdded) -> None:
        """An agent's public reply answers; a machine's only if it says it is not automatic (K3)."""
        if message.author.kind is AuthorKind.CUSTOMER:
            if message.courtesy and self.phase == "solved":
                self._is_thanked()
            elif not message.automatic:
                self._customer_writes()
        elif message.public and _by_hand(message):
            self._thanked = None
            self.last_word = (self._at, True)
            self.unanswered_since = None
            self._end(_RESPONSES)
            self._settle()

    def _customer_writes(self) -> None:
        """Ends waiting for them (Z3), and starts an answer's clock unless one runs (K4)."""
        self._waiting.discard(_CUSTOMER)
        self.last_word = (self._at, False)
        if self.unanswered_since is None:
            self.unanswered_since = self._at
        if self.phase == "open":
            self._expect_an_answer()
        self._settle()

    def _is_thanked(self) -> None:
        """A clock that warns nobody, until business time has gone by (R2): of what it says nothing is due."""
        if self._thanked and self._at < self._thanked[1]:
            return
        self._mark(self._begin(Metric.NEXT_RESPONSE, silent=True), "end")
        hours, review = self._rules.review(self.tier, self._contract)
        self._thanked = (self._at, hours.after(self._at, review) or NEVER)

    def _owes_since_the_thanks(self) -> None:
        """There was more to say: an answer is owed since they came (R2)."""
        began, lapses = self._thanked or (0, 0)
        self._thanked = None
        if self._at >= lapses:
            return
        clock = self._begin(Metric.NEXT_RESPONSE)
        used = clock.hours.between(began, self._at)
        self._price(clock, Promise(clock.budget, clock.hours, used))
        self.unanswered_since = began

    def _expect_an_answer(self) -> None:
        if not self._of(Metric.RESOLUTION):
            self._begin(Metric.RESOLUTION)
        if not any(clock.metric in _RESPONSES for clock in self.running()):
            self._begin(Metric.NEXT_RESPONSE)

    def _is_solved(self) -> None:
        if self.phase == "open":
            self.phase = "solved"
            self._solved_at = self._at
            self._waiting.clear()
            self.unanswered_since = None
            self._end(tuple(Metric))

    def _comes_back(self) -> None:
        """A new cycle, which takes the time used along if it is not too long ago (semantics R1)."""
        if self.phase != "solved":
            return
        self.phase = "open"
        self._owes_since_the_thanks()
        budget, carried = self._target(Metric.RESOLUTION), 0
        before = self._of(Metric.RESOLUTION)
        if before and self._at <= self._solved_at + self._rules.window:
            used = Walk(before[-1], self._at).consumed
            carried = self._rules.after_reopening(budget, used)
        self._begin(Metric.RESOLUTION, carried=carried)
        if self.unanswered_since is not None:
            self._expect_an_answer()

    # P: another promise

    def _is_reclassified(self, fact: TicketReclassified) -> None:
        priority, tier = fact.changes.get("priority"), fact.changes.get("customer_tier")
        before = (self.priority, self.tier)
        if priority is not None:
            self.priority = Priority(priority.to.lower())
        if tier is not None:
            self.tier = self._rules.tier(tier.to)
        if self.phase == "open" and before != (self.priority, self.tier):
            self._promise_anew(self._rules.policy.sla.reprice)

    def _promise_anew(self, mode: str) -> None:
        for clock in self.running():
            walk = Walk(clock, self._at)
            budget, hours = self._target(clock.metric), self._hours(clock.metric)
            kept = (walk.budget, walk.hours.name) == (budget, hours.name)
            if kept or walk.breached_before(self._at):
                continue  # a broken promise stays what it was (P3)
            if mode == "restart":
                self._mark(clock, "end")
                self._begin(clock.metric)
            elif mode == "carry":
                self._price(clock, Promise(budget, hours, walk.consumed))
            else:
                self._keep_the_strictest(clock, walk, [Promise(budget, hours, walk.consumed)])
        self._settle()

    # Z: what a ticket waits for

    def _waits_for(self, reason: PauseReason) -> None:
        if self.phase == "open":
            self._waiting.add(reason)
            self._settle()

    def _settle(self) -> None:
        """Let stand what has a reason to, run what has none (Z1); we must have asked the customer (Z2)."""
        _, ours = self.last_word
        real = self._waiting if ours else self._waiting - {_CUSTOMER}
        for clock in self.running():
            stands = bool(clock.pausing & real)
            if stands != clock.stands:
                self._mark(clock, "stand" if stands else "run")

    # M: two tickets become one, and two again

    def _takes_in(self, other: Story) -> None:
        """Of every promise the strictest is kept, whichever ticket gave it (semantics M2)."""
        tiers = self._rules.policy.customers.tiers
        self.priority = self.priority.at_least(other.priority)
        self.tier = min(self.tier, other.tier, key=tiers.index)
        if self.phase != "open":
            return
        for clock in self.running():
            ours = Walk(clock, self._at)
            hours = self._hours(clock.metric)
            price = Promise(self._target(clock.metric), hours, ours.consumed)
            self._keep_the_strictest(clock, ours, [price, *other.promises_like(clock, self._at)])
        self._take_over_the_question(other)
        self.last_word = max(self.last_word, other.last_word)
        self._settle()

    def _take_over_the_question(self, other: Story) -> None:
        """What the other ticket's customer still waits for is asked here since it was written there."""
        waits = [clock for clock in other.running() if clock.metric in _RESPONSES]
        if not waits or any(clock.metric in _RESPONSES for clock in self.running()):
            return
        since = waits[0].begun
        clock = self._begin(Metric.NEXT_RESPONSE)
        used = clock.hours.between(since, self._at)
        ours = Promise(clock.budget, clock.hours, used)
        theirs = other.promises_like(clock, self._at)
        self._price(clock, min([ours, *theirs], key=lambda promise: promise.due(self._at)))
        self.unanswered_since = since

    def promises_like(self, clock: Clock, at: int) -> list[Promise]:
        """What this ticket owes its customer that `clock` of another could take over."""
        alike = _RESPONSES if clock.metric in _RESPONSES else (clock.metric,)
        return [Promise.of(Walk(mine, at)) for mine in self.running() if mine.metric in alike]

    def _keep_the_strictest(self, clock: Clock, ours: Walk, others: list[Promise]) -> None:
        """What is due first; a promise that is broken stays as it was (P3)."""
        best = min([Promise.of(ours), *others], key=lambda promise: promise.due(self._at))
        if best != Promise.of(ours) and not ours.breached_before(self._at):
            self._price(clock, best)

    def _goes_its_own_way(self) -> None:
        """As if time had gone on since (M4)."""
        if self.phase != "merged":
            return
        self.phase, self.merged = self._before_merge, False
        for clock in self.clocks:
            clock.forget_the_merge(self._known)


def _by_hand(message: TicketMessageAdded) -> bool:
    """A person's words, or a machine's that are marked as more than an acknowledgement."""
    if message.author.kind is AuthorKind.AGENT:
        return not message.automatic
    return message.automatic is False

"""Random stories of one delivery: attempts, crashes, late outcomes, re-sends, an endpoint that is switched."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.notifier.subscriptions.domain.delivery import (
    LONGEST_ASKED,
    WAITS,
    Delivery,
    Outcome,
    Status,
    Verdict,
    again,
    decides,
    lease,
    settle,
)
from tests.support.builders import MONDAY_10

OUTCOMES = st.sampled_from([o for o in Outcome if o is not Outcome.LOST])
LEASE = timedelta(seconds=30)
ASKED = st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=9))


class Story(RuleBasedStateMachine):
    """`under_way`: attempts whose outcome nobody has written down, those of crashed processes included."""

    def __init__(self) -> None:
        super().__init__()
        self.now = MONDAY_10
        self.enabled = True
        self.delivery = Delivery(subscription_id=UUID(int=1), event_id=UUID(int=2), due_at=self.now)
        self.under_way: set[int] = set()
        self.outcomes: dict[int, Outcome] = {}

    def _tell(self, n: int, verdict: Verdict, jitter: float) -> None:
        """Write the outcome of attempt `n` down, as a process would: the row, then perhaps the delivery."""
        before = self.delivery
        if self.outcomes.get(n) in {None, Outcome.LOST}:
            self.outcomes[n] = verdict.outcome
        if decides(before, n, verdict.outcome):
            self.delivery = settle(
                before, verdict, enabled=self.enabled, now=self.now, jitter=jitter
            )
        if before.status in {Status.SENT, Status.DEAD}:
            assert self.delivery == before

    @precondition(lambda self: self.delivery.status is Status.PENDING and self.enabled)
    @rule()
    def attempt(self) -> None:
        self.now = max(self.now, self.delivery.due_at)
        self.delivery = lease(self.delivery, until=self.now + LEASE)
        self.under_way.add(self.delivery.attempts)

    @precondition(lambda self: bool(self.under_way))
    @rule(data=st.data(), outcome=OUTCOMES, asked=ASKED, jitter=st.floats(0, 1))
    def outcome(
        self, data: st.DataObject, outcome: Outcome, asked: timedelta | None, jitter: float
    ) -> None:
        n = data.draw(st.sampled_from(sorted(self.under_way)))
        self.under_way.discard(n)
        self._tell(n, Verdict(outcome=outcome, detail="", retry_after=asked), jitter)

    @precondition(lambda self: self.delivery.status is Status.LEASED)
    @rule(jitter=st.floats(0, 1))
    def lease_runs_out(self, jitter: float) -> None:
        """The process was killed or stalled; if it only stalled, its outcome may still come."""
        self.now = max(self.now, self.delivery.due_at)
        self._tell(self.delivery.attempts, Verdict(outcome=Outcome.LOST, detail=""), jitter)

    @rule()
    def resend(self) -> None:
        self.delivery = again(self.delivery, self.now)

    @rule()
    def switch(self) -> None:
        self.enabled = not self.enabled
        if not self.enabled and self.delivery.status is Status.PENDING:
            self.delivery = Delivery(
                subscription_id=self.delivery.subscription_id,
                event_id=self.delivery.event_id,
                due_at=self.delivery.due_at,
                status=Status.DEAD,
                attempts=self.delivery.attempts,
                run_from=self.delivery.run_from,
            )

    @invariant()
    def every_attempt_is_written_down_or_under_way(self) -> None:
        written = set(self.outcomes) | self.under_way
        assert written == set(range(1, self.delivery.attempts + 1))

    @invariant()
    def a_run_has_eight_attempts_at_most(self) -> None:
        assert 0 <= self.delivery.attempts - self.delivery.run_from <= len(WAITS) + 1

    @invariant()
    def sent_has_an_attempt_of_its_run_that_succeeded(self) -> None:
        if self.delivery.status is Status.SENT:
            run = range(self.delivery.run_from + 1, self.delivery.attempts + 1)
            assert Outcome.SENT in {self.outcomes.get(n) for n in run}

    @invariant()
    def what_succeeded_in_this_run_is_not_tried_again(self) -> None:
        if self.delivery.status in {Status.PENDING, Status.LEASED}:
            run = range(self.delivery.run_from + 1, self.delivery.attempts + 1)
            assert Outcome.SENT not in {self.outcomes.get(n) for n in run}

    @invariant()
    def nothing_waits_longer_than_it_may(self) -> None:
        if self.delivery.status is Status.PENDING:
            assert self.delivery.due_at <= self.now + max(WAITS[-1] * 1.2, LONGEST_ASKED)


TestStory = Story.TestCase
TestStory.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

"""A unit of work: cases loaded once, everything heard folded into them, all written once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.escalator import store
from services.escalator.domain import escalation as escalations
from services.escalator.domain.case import Case
from services.escalator.domain.decide import next_due, respond
from services.escalator.domain.escalation import Escalation
from services.escalator.domain.items import Heard, Said
from services.escalator.metrics import EscalatorMetrics
from services.escalator.store import Stored
from shared.contracts import Cause, EscalationRaised, FollowUp
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy


class Ledger:
    """Cases at work in one transaction, and what is to be said of them."""

    def __init__(
        self,
        stored: Mapping[UUID, Stored],
        *,
        policy: WorkflowPolicy,
        metrics: EscalatorMetrics,
        now: datetime,
    ) -> None:
        self.cases = {ticket_id: one.case for ticket_id, one in stored.items()}
        self._policy = policy
        self._metrics = metrics
        self._now = now
        self._changed: set[UUID] = set()
        self._escalations: dict[UUID, tuple[UUID, Escalation]] = {}
        self._follow_ups: list[FollowUp] = []

    def hear(self, ticket_id: UUID, heard: Heard, cause: Cause | None = None) -> list[Said]:
        """Fold one thing into its case. Without a cause, the ticket's opening is what it follows."""
        before = self.cases[ticket_id]
        case, said = respond(before, heard, policy=self._policy, now=self._now)
        self.cases[ticket_id] = case
        self._changed.add(ticket_id)
        self._metrics.late_facts.one.inc(case.too_late - before.too_late)
        self._metrics.pauses_refused.one.inc(_is_refused(case) and not _is_refused(before))
        for escalation in _changed(before, case, said):
            self._escalations[escalation.escalation_id] = (ticket_id, escalation)
        self._metrics.outcomes.count(before, heard, case, said, self._policy)
        source = cause or case.cause or Cause(id=ticket_id, correlation_id=ticket_id)
        for item in said:
            self._metrics.count(item, self._now)
            self._follow_ups.append(
                FollowUp(cause=source, payload=item.payload, time=item.time, id=item.id)
            )
        return said

    async def save(self, tx: Transaction) -> list[FollowUp]:
        """Write what changed: two statements; returns what is to be published."""
        cases = [self.cases[ticket_id] for ticket_id in sorted(self._changed)]
        due = {case.ticket_id: next_due(case, self._policy) for case in cases}
        await store.save(tx, cases, due)
        await store.save_escalations(tx, self._escalations.values())
        return self._follow_ups

    def case(self, ticket_id: UUID) -> Case:
        """The case as it is now."""
        return self.cases[ticket_id]


def _changed(before: Case, after: Case, said: Sequence[Said]) -> Iterator[Escalation]:
    """The escalations that are not what they were. One may end and another begin in the same breath, when a
    late fact disproves what the first rested on and shows something else (semantics T3, L10).
    """
    one = before.escalation
    for item in said:
        if isinstance(item.payload, EscalationRaised) and one is not before.escalation and one:
            yield one
        one = escalations.hear(one, item.payload, item.time, item.grounds, ladder=item.ladder)
    if after.escalation is not None and after.escalation != before.escalation:
        yield after.escalation


def _is_refused(case: Case) -> bool:
    """Does the ticket say it waits, and does not really (semantics Z2)?"""
    return case.timeline.waiting != case.timeline.real_reasons

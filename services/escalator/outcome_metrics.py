"""What became of promises and of escalations: the escalator's part of the key metrics."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

from services.escalator.domain.case import Case
from services.escalator.domain.items import Heard, Said
from services.escalator.domain.starting import is_starting, was_escalated
from services.escalator.domain.timeline import Phase
from shared.contracts import (
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    SlaBreached,
    SlaClosedLate,
    SlaMet,
    SlaWithdrawn,
    TicketRated,
    TicketResolved,
)
from shared.contracts.vocabulary import EscalationOutcome, JumpCause, Metric, Priority
from shared.observability.buckets import SCORES, TARGET_SECONDS
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowPolicy

#: What is told of a ticket's way up.
_Raised = EscalationRaised | EscalationAdvanced

#: The first run of a promise on a ticket; a reopening begins another (semantics R3).
_FIRST: Final = 1


class OutcomeMetrics:
    """Promises kept and broken, how long they took, where tickets were solved and how they moved up."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.verdicts = catalogue.counter(
            "sla_verdicts_total",
            "Promises judged: met, missed, or withdrawn when a late fact disproved a miss. Compliance is"
            " met / (met + missed - withdrawn); cancelled ones and misses taken over by a merge are in none.",
            ["metric", "priority", "cycle", "verdict"],
        )
        self.used = catalogue.histogram(
            "sla_used_seconds",
            "Time that counted until a promise was kept, in time or late: pauses and closed hours apart.",
            ["metric", "priority"],
            buckets=TARGET_SECONDS,
        )
        self.first_response = catalogue.histogram(
            "first_response_seconds",
            "From the customer's first word to the first answer of a person, as the customer waits: nights and"
            " pauses included.",
            ["priority"],
            buckets=TARGET_SECONDS,
        )
        self.entered = catalogue.counter(
            "level_entered_total",
            "Tickets that came to a level, at their opening or by an escalation.",
            ["level", "by"],
        )
        self.escalated = catalogue.counter(
            "level_escalated_total",
            "Times that a ticket was raised from this level; starting levels and repeated pages apart.",
            ["level"],
        )
        self.resolved = catalogue.counter(
            "level_resolved_total",
            "Tickets solved at a level; first_contact: by the first answer, without an escalation.",
            ["level", "first_contact"],
        )
        self.time_to_escalate = catalogue.histogram(
            "time_to_escalate_seconds",
            "From a ticket's opening to its first escalation, by the level it came to.",
            ["level"],
            buckets=TARGET_SECONDS,
        )
        self.escalation_open = catalogue.histogram(
            "escalation_open_seconds",
            "From an escalation being raised to its end, by the level reached and how it ended.",
            ["level", "outcome"],
            buckets=TARGET_SECONDS,
        )
        self.rating = catalogue.histogram(
            "rating_by_escalation_score",
            "Ratings, from 1 to 5, of tickets that had been escalated and of those that had not.",
            ["escalated"],
            buckets=SCORES,
        )

    def begin(self, policy: WorkflowPolicy) -> None:
        """Show what has not happened yet as 0: a series that appears with its first event shows no increase."""
        words = product(Metric, Priority, ("first", "later"), ("met", "missed", "withdrawn"))
        for metric, priority, cycle, verdict in words:
            self.verdicts.labels(metric=metric, priority=priority, cycle=cycle, verdict=verdict)
        for metric, priority in product(Metric, Priority):
            self.used.labels(metric=metric, priority=priority)
        for priority in Priority:
            self.first_response.labels(priority=priority)
        for escalated in ("yes", "no"):
            self.rating.labels(escalated=escalated)
        for level in (level.name for level in policy.levels):
            for by in ("opening", "escalation"):
                self.entered.labels(level=level, by=by)
            self.escalated.labels(level=level)
            self.time_to_escalate.labels(level=level)
            for first_contact in ("yes", "no"):
                self.resolved.labels(level=level, first_contact=first_contact)
            for outcome in EscalationOutcome:
                self.escalation_open.labels(level=level, outcome=outcome)

    def count(
        self, before: Case, heard: Heard, case: Case, said: Sequence[Said], policy: WorkflowPolicy
    ) -> None:
        """Count what one thing heard made of a case: `before` became `case`, and this was said."""
        if isinstance(heard, Event):
            self._hear(before, heard, case, policy)
        for item in said:
            self._judge(item, case)
        raised = [item for item in said if isinstance(item.payload, _Raised)]
        self._climb(before, case, raised, policy)

    def _hear(self, before: Case, event: Event, case: Case, policy: WorkflowPolicy) -> None:
        match event.payload:
            case TicketResolved(first_contact=first_contact):
                if before.timeline.phase is Phase.OPEN and case.timeline.phase is not Phase.OPEN:
                    yes = "yes" if first_contact else "no"
                    self.resolved.labels(level=before.place, first_contact=yes).inc()
            case TicketRated(score=score):
                escalated = "yes" if was_escalated(before, policy) else "no"
                self.rating.labels(escalated=escalated).observe(score)

    def _judge(self, item: Said, case: Case) -> None:
        match item.payload:
            case SlaMet() as met:
                self._verdict(met, case.timeline.priority, "met")
                self._took(met, case)
            case SlaClosedLate() as late:
                self._took(late, case)
            case SlaBreached(cause=cause) as breach if cause is not JumpCause.MERGED:
                self._verdict(breach, breach.priority, "missed")
            case SlaWithdrawn(threshold_percent=None) as withdrawn:
                self._verdict(withdrawn, case.timeline.priority, "withdrawn")
            case EscalationResolved() as over:
                ended = self.escalation_open.labels(level=over.level, outcome=over.outcome)
                ended.observe(over.open_seconds)

    def _verdict(
        self, told: SlaMet | SlaBreached | SlaWithdrawn, priority: str, verdict: str
    ) -> None:
        self.verdicts.labels(
            metric=told.metric,
            priority=priority,
            cycle="first" if told.cycle == _FIRST else "later",
            verdict=verdict,
        ).inc()

    def _took(self, told: SlaMet | SlaClosedLate, case: Case) -> None:
        priority = case.timeline.priority
        self.used.labels(metric=told.metric, priority=priority).observe(told.consumed_seconds)
        if told.metric is not Metric.FIRST_RESPONSE:
            return
        for clock in case.timeline.clocks:
            if (clock.metric, clock.cycle) == (told.metric, told.cycle) and clock.ended_at:
                waited = (clock.ended_at - clock.started_at).total_seconds()
                self.first_response.labels(priority=priority).observe(waited)

    def _climb(
        self, before: Case, case: Case, raised: Sequence[Said], policy: WorkflowPolicy
    ) -> None:
        """Where the ticket began, and every level it was raised from or to since."""
        new = before.timeline.phase is Phase.UNOPENED and case.timeline.phase is not Phase.UNOPENED
        entry = case.ticket.entry_level
        was = was_escalated(before, policy)
        for item in raised:
            assert isinstance(item.payload, _Raised)
            if isinstance(item.payload, EscalationRaised) and is_starting(item.payload, policy):
                entry = item.payload.level
                continue
            self._raised(item, case, first=not was)
            was = True
        if new:
            self.entered.labels(level=entry, by="opening").inc()

    def _raised(self, item: Said, case: Case, *, first: bool) -> None:
        payload, opened_at = item.payload, case.timeline.opened_at
        assert isinstance(payload, _Raised)
        level = payload.level if isinstance(payload, EscalationRaised) else payload.to_level
        if level == payload.from_level:
            return
        self.escalated.labels(level=payload.from_level).inc()
        if payload.transfer is not False:
            self.entered.labels(level=level, by="escalation").inc()
        if first and opened_at is not None:
            seconds = (item.time - opened_at).total_seconds()
            self.time_to_escalate.labels(level=level).observe(max(0.0, seconds))

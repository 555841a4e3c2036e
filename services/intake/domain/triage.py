"""What a ticket is on arrival: priority, category, customer tier (semantics P4–P7, V4)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import Customer, TicketOpened
from shared.contracts.vocabulary import Complexity, Grade, Priority
from shared.policy import WorkflowPolicy

from .commands import CustomerFacts, OpenTicket
from .signals import PhraseFinder, written_by_sender

#: The one free text in events (ruling 4).
SUBJECT_CHARACTERS: Final = 200
NO_SUBJECT: Final = "(no subject)"

#: The channel of what comes by none of the workflow's.
OTHER_CHANNEL: Final = "api"

#: A sentiment bump raises by one step, at most to this (P4, V7).
BUMPED_AT_MOST: Final = Priority.HIGH
BUMPING_SIGNAL: Final = "angry"


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """The workflow, with its word lists made ready for reading texts."""

    workflow: WorkflowPolicy
    signals: PhraseFinder
    phrases: PhraseFinder

    @classmethod
    def of(cls, workflow: WorkflowPolicy) -> IntakePolicy:
        """Index the word lists of `workflow` once."""
        triage = workflow.triage
        lists = {"cancelling": triage.cancelling_phrases, "names": triage.names}
        by_priority = {priority.value: texts for priority, texts in triage.phrases.items()}
        return cls(
            workflow,
            PhraseFinder(triage.word_groups, **lists),
            PhraseFinder(by_priority, **lists),
        )

    def channel_of(self, named: str) -> str:
        """One of the workflow's channels: conditions compare with it, and metrics are counted by it."""
        return named.lower() if named.lower() in self.workflow.triage.channels else OTHER_CHANNEL

    def signals_of(self, text: str) -> list[str]:
        """The word groups in what the writer of `text` really wrote (V1)."""
        return self.signals.find(written_by_sender(text))


def triaged(
    command: OpenTicket,
    customer: CustomerFacts,
    *,
    ticket_id: UUID,
    at: datetime,
    contact_number: int,
    recent_reopened: int,
    policy: IntakePolicy,
) -> TicketOpened:
    """The fact that the ticket exists, classified (P5): given priority, else matrix; floors; bumps.

    `customer` is what we know of the customer by now, the command's own words included.
    """
    text = f"{command.subject}\n{written_by_sender(command.body)}"
    signals = policy.signals.find(text)
    triage = policy.workflow.triage
    urgency = command.urgency or Grade.MEDIUM
    if not set(signals).isdisjoint(triage.urgent_signals):
        urgency = Grade.HIGH  # V4
    impact = command.impact or Grade.MEDIUM
    opened = TicketOpened(
        ticket_id=ticket_id,
        external_ref=command.external_id,
        channel=policy.channel_of(command.channel),
        customer=_customer(customer, policy),
        subject_line=subject_line(command.subject),
        category=triage.category_of(command.category),
        complexity=command.complexity or Complexity.L1,
        priority=command.priority or triage.priority(impact, urgency),
        impact=impact,
        urgency=urgency,
        amount=command.amount,
        revenue_impact=command.revenue_impact,
        currency=command.currency,
        language=command.language,
        outbound=command.outbound or None,
        signals=signals,
        contact_number=contact_number,
        reopened_count=0,
        recent_reopened=recent_reopened,
        opened_at=at,
    )
    if command.priority is None and command.impact is None and command.urgency is None:
        opened = msgspec.structs.replace(opened, priority=_read_priority(opened, text, policy))
    return msgspec.structs.replace(opened, priority=_raised(opened, at, policy))


def _read_priority(opened: TicketOpened, text: str, policy: IntakePolicy) -> Priority:
    """P7: phrases are floors; one that means low counts only where nothing else was found."""
    found = [Priority(name) for name in policy.phrases.find(text)]
    highest = min(found, key=lambda priority: priority.rank, default=None)
    if highest is None:
        return opened.priority
    if highest is Priority.LOW and opened.urgency is not Grade.HIGH:
        return Priority.LOW
    return opened.priority.at_least(highest)


def _raised(opened: TicketOpened, at: datetime, policy: IntakePolicy) -> Priority:
    """P4: floors raise and never lower; then anger raises by one step, at most to high."""
    floor = policy.workflow.triage.floors(policy.workflow.opening_facts(opened, at))
    priority = opened.priority.at_least(floor) if floor else opened.priority
    if BUMPING_SIGNAL in opened.signals and priority.rank > BUMPED_AT_MOST.rank:
        return priority.raised()
    return priority


def _customer(known: CustomerFacts, policy: IntakePolicy) -> Customer:
    return Customer(
        customer_id=known.customer_id,
        tier=policy.workflow.customers.tier_of(known.tier),
        lifetime_value=known.lifetime_value,
        vip=known.vip,
        recent_escalations=known.recent_escalations,
        preferred_channel=known.preferred_channel,
    )


def subject_line(subject: str) -> str:
    """One clean line of at most 200 characters: control and direction characters become spaces."""
    plain = subject[: SUBJECT_CHARACTERS * 4]
    if not plain.isprintable():
        plain = "".join(" " if _is_control(c) else c for c in plain)
    return " ".join(plain.split())[:SUBJECT_CHARACTERS].rstrip() or NO_SUBJECT


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Zl", "Zp"} or (
        character in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )

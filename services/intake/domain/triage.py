"""What a ticket is on arrival: priority, category, customer tier (semantics P4–P7, V4)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import Customer, TicketOpened
from shared.contracts.vocabulary import Complexity, Grade, Priority
from shared.policy import WorkflowPolicy

from .classifying import Detect, category_of, complexity_of, language_of, undetected
from .commands import CustomerFacts, OpenTicket
from .courtesies import Courtesies
from .evidence import Evidence
from .history import CustomerHistory
from .phrases import Exceptions, PhraseFinder, Words
from .signals import written_by_sender

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
    """The workflow, with its word lists made ready for reading texts, and how languages are told apart."""

    workflow: WorkflowPolicy
    signals: PhraseFinder
    phrases: PhraseFinder
    complexities: PhraseFinder
    category_rules: PhraseFinder
    courtesies: Courtesies
    detect: Detect

    @classmethod
    def of(cls, workflow: WorkflowPolicy, detect: Detect = undetected) -> IntakePolicy:
        """Index the word lists of `workflow` once."""
        triage = workflow.triage
        exceptions = Exceptions(
            cancelling=triage.cancelling_phrases,
            names=triage.names,
            negations=triage.negations,
            between=triage.between_negations,
        )
        by_priority = {priority.value: texts for priority, texts in triage.phrases.items()}
        by_complexity = {one.value: texts for one, texts in triage.complexity_phrases.items()}
        by_rule = {str(n): rule.phrases for n, rule in enumerate(triage.category_rules)}
        return cls(
            workflow=workflow,
            signals=PhraseFinder(triage.word_groups, exceptions),
            phrases=PhraseFinder(by_priority, exceptions),
            complexities=PhraseFinder(by_complexity, exceptions),
            category_rules=PhraseFinder(by_rule, exceptions),
            courtesies=Courtesies(triage.courtesy),
            detect=detect,
        )

    def channel_of(self, named: str) -> str:
        """One of the workflow's channels: conditions compare with it, and metrics are counted by it."""
        return named.lower() if named.lower() in self.workflow.triage.channels else OTHER_CHANNEL

    def signal_words(self, text: str) -> dict[str, tuple[str, ...]]:
        """The word groups in what the writer of `text` really wrote (V1), each with the words found."""
        return self.signals.evidence(written_by_sender(text))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ticket classified, and why everything in it that was derived is what it is."""

    opened: TicketOpened
    evidence: tuple[Evidence, ...]


def triaged(
    command: OpenTicket,
    customer: CustomerFacts,
    *,
    ticket_id: UUID,
    at: datetime,
    history: CustomerHistory,
    policy: IntakePolicy,
) -> Verdict:
    """The fact that the ticket exists, classified (P5): given priority, else matrix; floors; bumps.

    `customer` is what we know of the customer by now, the command's own words included.
    """
    text = f"{command.subject}\n{written_by_sender(command.body)}"
    words = Words(text)
    triage = policy.workflow.triage
    signals = policy.signals.evidence(words)
    language = language_of(command.language, text, policy.detect)
    tongue = language.value if language else None
    category = category_of(command.category, words, tongue, triage, policy.category_rules)
    complexity = complexity_of(command.complexity, command.body, words, policy.complexities)
    impact = _impact(command)
    urgency = _urgency(command, signals, policy)
    start = _start(command, Grade(impact.value), Grade(urgency.value), policy)
    opened = TicketOpened(
        ticket_id=ticket_id,
        external_ref=command.external_id,
        channel=policy.channel_of(command.channel),
        customer=_customer(customer, policy),
        subject_line=subject_line(command.subject),
        category=category.value,
        complexity=Complexity(complexity.value),
        priority=Priority(start.value),
        impact=Grade(impact.value),
        urgency=Grade(urgency.value),
        amount=command.amount,
        revenue_impact=_revenue_impact(command, customer, policy.workflow.currency),
        currency=command.currency,
        language=tongue,
        outbound=command.outbound or None,
        signals=list(signals),
        contact_number=history.contacts(category.value, at=at) + 1,
        reopened_count=0,
        recent_reopened=history.reopened(at=at),
        opened_at=at,
    )
    steps = [start, *_raises(opened, words, command, signals, policy)]
    known = (_tier(customer, opened), language, category, complexity, impact, urgency)
    return Verdict(
        msgspec.structs.replace(opened, priority=Priority(steps[-1].value)),
        (
            *(one for one in known if one),
            *signals_found(signals),
            *_counted(opened),
            *steps,
        ),
    )


def signals_found(signals: dict[str, tuple[str, ...]]) -> Iterator[Evidence]:
    """Which words stand for which signal: one entry a group, listing all of them (V1)."""
    for name, words in signals.items():
        yield Evidence(field="signals", value=name, rule="word", words=words)


def _impact(command: OpenTicket) -> Evidence:
    """An unknown impact counts as medium (P5)."""
    if command.impact is not None:
        return Evidence(field="impact", value=command.impact.value, rule="given")
    return Evidence(field="impact", value=Grade.MEDIUM.value, rule="default")


def _urgency(
    command: OpenTicket, signals: dict[str, tuple[str, ...]], policy: IntakePolicy
) -> Evidence:
    """Urgent words make it high (V4); an unknown one counts as medium (P5)."""
    urgent = [signals[name] for name in policy.workflow.triage.urgent_signals if name in signals]
    if urgent:
        words = tuple(word for found in urgent for word in found)
        return Evidence(field="urgency", value=Grade.HIGH.value, rule="word", words=words)
    if command.urgency is not None:
        return Evidence(field="urgency", value=command.urgency.value, rule="given")
    return Evidence(field="urgency", value=Grade.MEDIUM.value, rule="default")


def _start(command: OpenTicket, impact: Grade, urgency: Grade, policy: IntakePolicy) -> Evidence:
    """The priority before phrases, floors and bumps: given by a trusted source, else the matrix (P5)."""
    if command.priority is not None:
        return Evidence(field="priority", value=command.priority.value, rule="given")
    return Evidence(
        field="priority",
        value=policy.workflow.triage.priority(impact, urgency).value,
        rule="matrix",
        words=(f"impact {impact}", f"urgency {urgency}"),
    )


def _raises(
    opened: TicketOpened,
    words: Words,
    command: OpenTicket,
    signals: dict[str, tuple[str, ...]],
    policy: IntakePolicy,
) -> Iterator[Evidence]:
    """Each later step that changes the priority, with the priority it leads to.

    P7: phrases, only where the source graded nothing. P4: floors raise and never lower; then anger
    raises by one step, at most to high.
    """
    priority = opened.priority
    if command.priority is None and command.impact is None and command.urgency is None:
        read = _read_priority(opened, words, policy)
        if read and Priority(read.value) is not priority:
            priority = Priority(read.value)
            yield read
    floor = _floor(msgspec.structs.replace(opened, priority=priority), policy)
    if floor and Priority(floor.value).rank < priority.rank:
        priority = Priority(floor.value)
        yield floor
    if BUMPING_SIGNAL in signals and priority.rank > BUMPED_AT_MOST.rank:
        yield Evidence(
            field="priority",
            value=priority.raised().value,
            rule="bump",
            words=signals[BUMPING_SIGNAL],
        )


def _read_priority(opened: TicketOpened, words: Words, policy: IntakePolicy) -> Evidence | None:
    """P7: phrases are floors; one that means low counts only where nothing else was found."""
    found = policy.phrases.evidence(words)
    if not found:
        return None
    highest = min(map(Priority, found), key=lambda priority: priority.rank)
    priority = opened.priority.at_least(highest)
    if highest is Priority.LOW and opened.urgency is not Grade.HIGH:
        priority = Priority.LOW
    return Evidence(
        field="priority", value=priority.value, rule="phrase", words=found[highest.value]
    )


def _floor(opened: TicketOpened, policy: IntakePolicy) -> Evidence | None:
    """The highest floor whose condition holds, with that condition (P4)."""
    triage = policy.workflow.triage
    matching = triage.floor_matches(policy.workflow.opening_facts(opened, opened.opened_at))
    rules = [triage.floor_rules[n] for n in matching]
    if not rules:
        return None
    highest = min(rules, key=lambda rule: rule.priority.rank)
    return Evidence(
        field="priority",
        value=highest.priority.value,
        rule="floor",
        words=(highest.condition,),
    )


def _tier(known: CustomerFacts, opened: TicketOpened) -> Evidence:
    """A tier that the workflow does not know is the default one."""
    tier = opened.customer.tier
    is_given = (known.tier or "").lower() == tier.lower()
    return Evidence(field="customer_tier", value=tier, rule="given" if is_given else "default")


def _counted(opened: TicketOpened) -> Iterator[Evidence]:
    """What the customer's last 30 days add (V18, R5), where they add anything."""
    if opened.customer.vip:
        yield Evidence(field="customer_vip", value="true", rule="given")
    if opened.contact_number > 1:
        yield Evidence(field="contact_number", value=str(opened.contact_number), rule="30 days")
    if opened.recent_reopened:
        yield Evidence(field="recent_reopened", value=str(opened.recent_reopened), rule="30 days")


def _revenue_impact(command: OpenTicket, customer: CustomerFacts, currency: str) -> float | None:
    """The problem's own, else the customer's, which is in the workflow's `currency` (V12)."""
    same = command.currency is None or command.currency.upper() == currency
    if command.revenue_impact is not None or not same:
        return command.revenue_impact
    return customer.revenue_impact


def _customer(known: CustomerFacts, policy: IntakePolicy) -> Customer:
    return Customer(
        customer_id=known.customer_id,
        tier=policy.workflow.customers.tier_of(known.tier),
        lifetime_value=known.lifetime_value,
        vip=known.vip,
        recent_escalations=known.recent_escalations,
        preferred_channel=known.preferred_channel,
        account_owner=known.account_owner,
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

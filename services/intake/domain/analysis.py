"""What follows from having read a message: everybody hears of it, the mood moves, at most one bump (semantics P5, V3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts import ArticleRank, DuplicateCandidate, Payload, TicketAnalysed

from .evidence import Evidence
from .sentiment import bump, evidence_of, mood_after, mood_of, told
from .ticket import Fact, Ticket, evolve
from .triage import IntakePolicy


@dataclass(frozen=True, slots=True)
class Heard:
    """What one message showed: its language, its tone, and the word groups in it with their words."""

    message_id: UUID
    language: str | None
    score: float | None
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Analysed:
    """A ticket after one of its messages was read, what is said of it, and why."""

    ticket: Ticket
    said: tuple[Payload, ...]
    evidence: tuple[Evidence, ...]


def analysed(
    ticket: Ticket,
    heard: Heard,
    now: datetime,
    policy: IntakePolicy,
    *,
    candidates: Sequence[DuplicateCandidate] = (),
    articles: Sequence[ArticleRank] = (),
) -> Analysed:
    """What follows from a message for its ticket, read at `now`.

    Candidates and articles are looked for with a ticket's first message only.
    """
    rules = policy.workflow.triage.sentiment
    before = mood_of(ticket)
    after = mood_after(before, heard.score, heard.words, rules)
    said: list[Payload] = [
        TicketAnalysed(
            ticket_id=ticket.ticket_id,
            message_id=heard.message_id,
            sentiment=told(after, heard.score),
            language=heard.language,
            duplicate_candidates=list(candidates),
            articles=list(articles),
        )
    ]
    evidence = []
    if heard.score is not None:
        felt = [word for group in heard.words.values() for word in group]
        evidence.append(evidence_of(before, after, heard.score, felt, rules))
    if raised := bump(ticket, heard.score, heard.words, rules):
        said.append(raised)
        value = raised.changes["priority"].to
        evidence.append(
            Evidence(field="priority", value=value, rule="sentiment", score=heard.score)
        )
    for payload in said:
        ticket = evolve(ticket, Fact(payload, now))
    ticket = msgspec.structs.replace(ticket, frustrated_in_a_row=after.frustrated_in_a_row)
    return Analysed(ticket, tuple(said), tuple(evidence))

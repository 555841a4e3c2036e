"""The mood of a ticket: from the tone of its customer's messages to a label, and at most one bump (semantics V3, P4).

A score is a claim about one message. The label has hysteresis: a mood grows by what confirms it and ends
by a calm message, never by silence or by a language nobody can score.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from shared.contracts import Author, Change, Sentiment, TicketReclassified
from shared.contracts.vocabulary import AuthorKind, Priority, SentimentLabel
from shared.policy.triage import SentimentPolicy

from .evidence import Evidence
from .ticket import BUMPING_SIGNAL, MOOD, Ticket
from .transitions import SETTLED

#: The word groups that have a part in a mood, by their names in the workflow (V3).
ANGER: Final = BUMPING_SIGNAL
URGENCY: Final = "urgent"
THREATS: Final = frozenset({"legal", "public"})

#: A mood raises the priority by one step, at most to this (P4).
BUMPED_AT_MOST: Final = Priority.HIGH

_SEVERITY: Final = tuple(SentimentLabel)


@dataclass(frozen=True, slots=True)
class Mood:
    """How a ticket's customer feels, and how many messages in a row sounded frustrated."""

    label: SentimentLabel = SentimentLabel.CALM
    frustrated_in_a_row: int = 0


def mood_after(
    mood: Mood, score: float | None, signals: Collection[str], policy: SentimentPolicy
) -> Mood:
    """The mood after one more message with this tone and these word groups (V3).

    Comparisons are strict (V20). A message without a score changes nothing, and interrupts nothing.
    """
    if score is None:
        return mood
    if _is_angry(score, signals, policy):
        return Mood(_at_least(mood.label, _named(SentimentLabel.ANGRY, signals)), 0)
    if score < policy.frustrated_below:
        in_a_row = mood.frustrated_in_a_row + 1
        if in_a_row < policy.confirmations and URGENCY not in signals and not _is_bad(mood):
            return Mood(mood.label, in_a_row)
        return Mood(_at_least(mood.label, _named(SentimentLabel.FRUSTRATED, signals)), in_a_row)
    return Mood(SentimentLabel.CALM if score > policy.calm_above else mood.label, 0)


def mood_of(ticket: Ticket) -> Mood:
    """The mood as the ticket keeps it."""
    return Mood(ticket.sentiment, ticket.frustrated_in_a_row)


def bump(
    ticket: Ticket, score: float | None, signals: Collection[str], policy: SentimentPolicy
) -> TicketReclassified | None:
    """The one raise that an angry message brings about: a step above the priority at opening (P4, V7).

    None for a message that is not angry, a ticket that was raised for its mood before or is settled,
    and where the priority is that high already.
    """
    if ticket.bumped or ticket.status in SETTLED or not _is_angry(score, signals, policy):
        return None
    opened = ticket.opening_priority or ticket.priority
    floor = opened.raised() if opened.rank > BUMPED_AT_MOST.rank else opened
    raised = ticket.priority.at_least(floor)
    if raised is ticket.priority:
        return None
    return TicketReclassified(
        ticket_id=ticket.ticket_id,
        changes={"priority": Change(from_=ticket.priority.value, to=raised.value)},
        reason=MOOD,
        by=Author(kind=AuthorKind.SYSTEM),
    )


def told(mood: Mood, score: float | None) -> Sentiment | None:
    """What everybody hears of a message's tone; nothing where it could not be scored."""
    return None if score is None else Sentiment(score=score, label=mood.label)


def evidence_of(
    before: Mood, after: Mood, score: float, words: Collection[str], policy: SentimentPolicy
) -> Evidence:
    """Why the mood is what it is after a message: the rule, the words, the score."""
    if before.label is not after.label and after.label is SentimentLabel.CALM:
        rule = "calm_again"
    elif score < policy.angry_below:
        rule = "score_angry"
    elif words and after.label is not before.label:
        rule = "words"
    elif score < policy.frustrated_below:
        rule = f"score_frustrated_{after.frustrated_in_a_row}_in_a_row"
    else:
        rule = "score"
    return Evidence(
        field="sentiment", value=after.label.value, rule=rule, words=tuple(words), score=score
    )


def _is_angry(score: float | None, signals: Collection[str], policy: SentimentPolicy) -> bool:
    return ANGER in signals or (score is not None and score < policy.angry_below)


def _is_bad(mood: Mood) -> bool:
    """Whether frustration needs no confirmation any more: the customer was not calm before."""
    return mood.label is not SentimentLabel.CALM


def _named(label: SentimentLabel, signals: Collection[str]) -> SentimentLabel:
    """A bad mood with a legal or a public word in the same message is a threat."""
    return label if THREATS.isdisjoint(signals) else SentimentLabel.THREATENING


def _at_least(label: SentimentLabel, other: SentimentLabel) -> SentimentLabel:
    return max(label, other, key=_SEVERITY.index)

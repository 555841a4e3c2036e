"""The codes of a hand-off document as people read them: kinds of events, what was tried, next steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.contracts import TimelineEntry
from shared.contracts.vocabulary import Metric

from .handoff import ANSWER, CHASE, RESOLVE
from .ticket import HANDOFF_WRITTEN

#: Kinds of the history that need more than their own words.
_KINDS: Final[Mapping[str, str]] = {
    "opened": "Initial contact",
    "customer_wrote": "The customer wrote",
    "agent_replied": "An agent replied",
    "agent_noted": "An agent wrote a note",
    "system_wrote": "An automatic message was sent",
    "waiting_on_customer": "Waits for the customer",
    "waiting_on_third_party": "Waits for somebody else",
    "reclassified": "Classified anew",
    "analysed": "The text was analysed",
    "escalation_requested": "Somebody asked for a higher level",
    "escalation.raised": "Escalated",
    "escalation.advanced": "The escalation went on",
    "escalation.acknowledged": "Somebody took responsibility",
    "escalation.resolved": "The escalation ended",
    HANDOFF_WRITTEN: "Somebody wrote into this document",
}

#: What an agent did, where the kind says it as a state.
_DEEDS: Final[Mapping[str, str]] = {
    "waiting_on_customer": "Asked the customer, and waited",
    "waiting_on_third_party": "Waited for somebody else",
    "reclassified": "Classified the ticket anew",
}

_STEPS: Final[Mapping[str, str]] = {
    ANSWER: "Answer the customer, who waits for a reply.",
    f"{CHASE}waiting_on_customer": "Ask the customer again for what is missing.",
    f"{CHASE}waiting_on_third_party": "Ask whoever it waits for how far they are.",
}


def clock_time(at: datetime) -> str:
    """An instant to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def line(entry: TimelineEntry, triggers: Sequence[str] = ()) -> str:
    """What a line of the timeline says; `triggers` are the kinds that name one."""
    if entry.kind in triggers:
        return f"Trigger {entry.kind}{f': {entry.detail}' if entry.detail else ''}"
    plain = entry.kind.replace(".", ": ").replace("_", " ")
    return _KINDS.get(entry.kind) or f"{plain[:1].upper()}{plain[1:]}"


def tried(kind: str, last: datetime | None) -> str:
    """One thing that agents did, and when they last did."""
    deed = _DEEDS.get(kind) or _KINDS.get(kind) or kind.replace("_", " ")
    return f"{deed}{f', last at {clock_time(last)}' if last else ''}."


def expectation(metric: Metric, by: datetime) -> str:
    """What the customer was promised next."""
    return f"{str(metric).replace('_', ' ').capitalize()} by {clock_time(by)}, as promised."


def step(code: str, resolve_by: datetime | None) -> str:
    """One thing to do next."""
    if code == RESOLVE:
        return f"Solve it{f' by {clock_time(resolve_by)}' if resolve_by else ''}."
    return _STEPS.get(code) or f"{code.removeprefix(CHASE).replace('_', ' ').capitalize()}."

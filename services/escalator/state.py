"""The `state` of a case's row: JSON text, written at every fire and so kept small.

It is text and not jsonb: parts of it are asked for only when a calendar changes, and taking it apart cost more than
deciding did. What stands in a case twice is written once.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.escalator.domain.case import Case
from services.escalator.domain.facts import Entered, Fact


class _State(msgspec.Struct):
    """A version, and the case (none for a ticket just met). `priced` are the facts, by number, with the terms
    that are in force; `entered` is the fact by which the ticket came to its level.
    """

    v: int = 1
    case: Case | None = None
    priced: tuple[int, ...] = ()
    entered: int | None = None


_decoder = msgspec.json.Decoder(_State)


def encoded(case: Case) -> bytes:
    """The `state` of a case's row."""
    timeline, facts = case.timeline, list(case.facts)
    priced, entered = [], None
    for n, fact in enumerate(facts):
        if fact.terms is not None and fact.terms is timeline.terms:
            priced.append(n)
            facts[n] = replace(fact, terms=None)
        if fact.what is timeline.entered:
            entered = n
    if entered is not None:
        timeline = replace(timeline, entered=None)
    short = replace(case, facts=tuple(facts), timeline=timeline)
    return msgspec.json.encode(_State(case=short, priced=tuple(priced), entered=entered))


def decoded(ticket_id: UUID, state: str) -> Case:
    """The case in a row's `state`. Raises msgspec's errors for a text that is none."""
    read = _decoder.decode(state)
    case = read.case
    if case is None:
        return Case(ticket_id=ticket_id)
    facts: list[Fact] = list(case.facts)
    for n in read.priced:
        facts[n] = replace(facts[n], terms=case.timeline.terms)
    case = replace(case, facts=tuple(facts))
    if read.entered is None:
        return case
    what = facts[read.entered].what
    assert isinstance(what, Entered)
    return replace(case, timeline=replace(case.timeline, entered=what))

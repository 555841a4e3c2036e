"""Which ticket is meant: by the names of a conversation, or by the reference in a mail's subject.

A name that leads to a ticket which was never opened (a *shell*) gives way: two names of one conversation
may have come apart before anybody wrote, and come together with the first who does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

#: A delivery's or a ticket's name at its source.
Named: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Clue:
    """What a command says of its ticket: `names`, the surest first, and what its reference means.

    `answers` are other messages' names: they lead to a ticket without becoming its names. `otherwise` is the ticket it is about when none of that leads to one.
    """

    names: tuple[Named, ...]
    answers: tuple[Named, ...]
    reference: UUID | None
    otherwise: UUID


def follow(
    clues: Sequence[Clue], leads: Mapping[Named, UUID], opened: Collection[UUID]
) -> tuple[list[UUID], dict[Named, UUID]]:
    """The ticket of every clue, in their order, and where all names lead from now on.

    The first name counts that leads to an opened ticket, or to one that an earlier clue is about; then the
    reference; then a shell. What leads nowhere, or to another shell, is the ticket's name from now on.
    """
    leads = dict(leads)
    settled = set(opened)
    found = []
    for clue in clues:
        known = [leads[name] for name in (*clue.names, *clue.answers) if name in leads]
        sure = [ticket_id for ticket_id in known if ticket_id in settled]
        referenced = [clue.reference] if clue.reference else []
        ticket_id = [*sure, *referenced, *known, clue.otherwise][0]
        settled.add(ticket_id)
        found.append(ticket_id)
        for name in clue.names:
            if leads.get(name) not in settled:
                leads[name] = ticket_id
    return found, leads

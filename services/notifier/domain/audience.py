"""Who is told: from the names a rule uses to the people who answer to them now (semantics L3, D8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.policy.names import TEAM_ROLES

from .recipient import Recipient
from .ticket import Ticket

CUSTOMER: Final = "customer"

#: Who holds the rotation of a team at an instant, by recipient id.
OnCall = Callable[[str, datetime], str | None]


class Directory:
    """Everyone who can be told, by id and by role."""

    def __init__(self, recipients: Iterable[Recipient]) -> None:
        self._by_id = {r.recipient_id: r for r in recipients}

    @property
    def knows_anybody(self) -> bool:
        """Has somebody been entered at all?"""
        return bool(self._by_id)

    def get(self, recipient_id: str) -> Recipient | None:
        """The recipient of that id."""
        return self._by_id.get(recipient_id)

    def holders(self, role: str) -> list[Recipient]:
        """Who holds `role`, in id order."""
        return [known for _, known in sorted(self._by_id.items()) if role in known.roles]

    def of_team(self, roles: frozenset[str], team: str) -> list[Recipient]:
        """Who holds one of `roles` in `team`; where it has none, those who belong to no team."""
        holders = [known for _, known in sorted(self._by_id.items()) if roles & known.roles]
        own = [known for known in holders if known.team == team]
        return own or [known for known in holders if known.team is None]


@dataclass(frozen=True, slots=True)
class Told:
    """One person in the role that makes them hear it; None when nobody answers to the role."""

    role: str
    recipient: Recipient | None


def resolve(
    names: Iterable[str],
    *,
    ticket: Ticket,
    team: str | None,
    directory: Directory,
    on_call: OnCall,
    at: datetime,
) -> list[Told]:
    """The people behind `names`, each once, in the order of their first role (semantics D8).

    A name that nobody answers to stays in the list without a recipient, so that it can be said.
    """
    found: dict[str, Told] = {}
    for name in names:
        people = _people(
            name, ticket=ticket, team=team, directory=directory, on_call=on_call, at=at
        )
        if not people:
            found.setdefault(f"?{name}", Told(name, None))
        for person in people:
            found.setdefault(person.recipient_id, Told(name, person))
    return list(found.values())


def _people(
    name: str,
    *,
    ticket: Ticket,
    team: str | None,
    directory: Directory,
    on_call: OnCall,
    at: datetime,
) -> list[Recipient]:
    match name:
        case "customer":
            return _customer(ticket)
        case "on_call":
            return _known(directory, on_call(team, at) if team else None)
        case "assignee":
            # nobody has it, or nobody we know: whoever leads the queue's team (semantics L1)
            assignee = _known(directory, ticket.assignee)
            return assignee or _of_team("team_lead", team, directory)
        case "account_manager":
            own = directory.holders(f"account_manager:{ticket.customer_id}")
            return own or directory.holders("account_manager")
        case "team_managers" | "team_lead":
            return _of_team(name, team, directory)
        case role:
            return directory.holders(role)


def _of_team(name: str, team: str | None, directory: Directory) -> list[Recipient]:
    return directory.of_team(TEAM_ROLES[name], team) if team else []


def _known(directory: Directory, recipient_id: str | None) -> list[Recipient]:
    recipient = directory.get(recipient_id) if recipient_id else None
    return [recipient] if recipient else []


def _customer(ticket: Ticket) -> list[Recipient]:
    """The customer, reached by mail at the address intake knows when the message is sent (D9)."""
    if ticket.customer_id is None:
        return []
    return [Recipient(recipient_id=ticket.customer_id, channels={"email": ""})]

"""Who is told: from the names a rule uses to the people who answer to them now (semantics L3, D8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from shared.policy import WorkflowPolicy
from shared.policy.names import ON_CALL_OF, TEAM_ROLES

from .absence import away_at, stands_in
from .on_call import Duties
from .recipient import Recipient
from .ticket import Ticket

CUSTOMER: Final = "customer"
WATCHERS: Final = "watchers"


@dataclass(frozen=True, slots=True)
class Watching:
    """Who watches a ticket, or everything of a customer, by recipient id."""

    tickets: Mapping[UUID, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    customers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, ticket: Ticket) -> tuple[str, ...]:
        """Who watches `ticket`, each once."""
        own = self.tickets.get(ticket.ticket_id, ())
        return tuple(dict.fromkeys((*own, *self.customers.get(ticket.customer_id or "", ()))))


class Directory:
    """Everyone who can be told, by id and by role; who is on call; who watches what."""

    def __init__(
        self,
        recipients: Iterable[Recipient],
        duties: Duties | None = None,
        watching: Watching | None = None,
    ) -> None:
        self._by_id = {r.recipient_id: r for r in recipients}
        self.duties = duties or Duties()
        self.watching = watching or Watching()

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

    def is_there(self, recipient_id: str, at: datetime) -> bool:
        """Somebody known, who is not away."""
        known = self.get(recipient_id)
        return known is not None and away_at(known, at) is None


@dataclass(frozen=True, slots=True)
class Told:
    """One person in the role that makes them hear it; None when nobody answers to the role.

    They may hear it `instead_of` somebody who is away. Who is away and has nobody to stand in for them is
    here without a channel: they cannot be reached.
    """

    role: str
    recipient: Recipient | None
    instead_of: Recipient | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a name is resolved for: the ticket, the team that is meant, when the fact happened, and the
    instant at which people are there or away.
    """

    ticket: Ticket
    team: str | None
    directory: Directory
    policy: WorkflowPolicy
    at: datetime
    now: datetime


def resolve(names: Iterable[str], asked: Asked) -> list[Told]:
    """The people behind `names`, each once, in the order of their first role (semantics D8).

    A name that nobody answers to stays in the list without a recipient, so that it can be said; that
    nobody watches is nothing to be said.
    """
    found: dict[str, Told] = {}
    for name in names:
        people = _people(name, asked)
        if not people and name != WATCHERS:
            found.setdefault(f"?{name}", Told(name, None))
        for person in people:
            told = _there(name, person, asked)
            assert told.recipient is not None
            found.setdefault(told.recipient.recipient_id, told)
    return list(found.values())


def _there(role: str, person: Recipient, asked: Asked) -> Told:
    instead = stands_in(person, asked.directory.get, asked.now)
    if instead is None:
        return Told(role, replace(person, channels={}))
    return Told(role, instead, None if instead is person else person)


def _people(name: str, asked: Asked) -> list[Recipient]:
    directory, ticket = asked.directory, asked.ticket
    match name:
        case "customer":
            return _customer(ticket)
        case "watchers":
            watchers = (directory.get(one) for one in directory.watching.of(ticket))
            return [known for known in watchers if known is not None]
        case "assignee":
            # nobody has it, nobody we know, or nobody stands in for them: who leads the team (L1)
            assignee = directory.get(ticket.assignee) if ticket.assignee else None
            if assignee is not None and stands_in(assignee, directory.get, asked.now):
                return [assignee]
            return _of_team("team_lead", asked) or ([assignee] if assignee else [])
        case "account_manager":
            own = directory.holders(f"account_manager:{ticket.customer_id}")
            return own or directory.holders("account_manager")
        case "team_managers" | "team_lead":
            return _of_team(name, asked)
        case "on_call":
            return _on_call(asked.team, asked)
        case _ if name.startswith(ON_CALL_OF):
            return _on_call(_team_of_level(name.removeprefix(ON_CALL_OF), asked.policy), asked)
        case role:
            return directory.holders(role)


def _on_call(team: str | None, asked: Asked) -> list[Recipient]:
    """Who is on call for `team`: the next one who is there, while whoever's turn it is is away."""
    if team is None:
        return []
    directory = asked.directory
    duty = directory.duties.of_team(team, asked.policy.notification.rotations)
    holder = duty.holder(asked.at, lambda one: directory.is_there(one, asked.now))
    known = directory.get(holder) if holder else None
    return [known] if known else []


def _of_team(name: str, asked: Asked) -> list[Recipient]:
    return asked.directory.of_team(TEAM_ROLES[name], asked.team) if asked.team else []


def _team_of_level(level: str, policy: WorkflowPolicy) -> str | None:
    return next((known.team for known in policy.levels if known.name == level), None)


def _customer(ticket: Ticket) -> list[Recipient]:
    """The customer, reached by mail at the address intake knows when the message is sent (D9)."""
    if ticket.customer_id is None:
        return []
    return [Recipient(recipient_id=ticket.customer_id, channels={"email": ""})]

"""Who answers to a role, and whether they can be told (semantics L3, X10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from shared.policy.names import ON_CALL_OF, TEAM_ROLES
from shared.policy.workflow import WorkflowPolicy

from .mentions import Mention, mentions
from .people import People
from .subject import Path, Remark, Subject

#: Roles whose holders depend on the ticket; the first two have checks of their own.
_BY_TICKET: Final = frozenset({"on_call", "assignee", "customer", "watchers"})

_HINT: Final = "give somebody this role and a channel in the people file, or name another role"


def unreachable(subject: Subject) -> Iterator[Remark]:
    """L050 for a role that nobody reachable has, L051 for a notification that then reaches nobody."""
    if subject.people is None:
        return
    silent: dict[str, tuple[str, Path, list[str]]] = {}
    for mention in mentions(subject):
        roles = _roles(mention.names, subject.policy)
        missing = {role: why for role in roles if (why := _missing(role, mention, subject))}
        for role, why in missing.items():
            if role == "on_call":
                continue  # said of the teams without a rotation
            silent.setdefault(role, (why, mention.path, []))[2].append(mention.owner)
        if mention.via and roles and missing.keys() == set(roles):
            yield Remark(
                "L051",
                "people",
                mention.path,
                f"{mention.owner} reaches nobody: {', '.join(missing)}",
                _HINT,
            )
    for role, (why, path, owners) in silent.items():
        users = ", ".join(dict.fromkeys(owners))
        yield Remark("L050", "people", path, f"{role}: {why}; named by {users}", _HINT)


def _roles(names: Sequence[str], policy: WorkflowPolicy) -> list[str]:
    """The names with audiences taken apart."""
    return list(dict.fromkeys(r for name in names for r in policy.notification.audience(name)))


def _missing(role: str, mention: Mention, subject: Subject) -> str:
    """Why nobody hears what is told to `role`, empty when somebody does."""
    people, policy = subject.people, subject.policy
    if people is None or role in _BY_TICKET or role.startswith(ON_CALL_OF):
        turns = policy.notification.rotations or (people is not None and people.rotations)
        return "" if role != "on_call" or turns else "no team has a rotation"
    if role in TEAM_ROLES:
        teams = _teams(role, policy)
        deaf = [team for team in teams if not _of_team(role, team, mention, subject)]
        return f"nobody who can be told has this role in {', '.join(deaf)}" if deaf else ""
    own = {r for c in people.contacts for r in c.roles if r.startswith(f"{role}:")}
    holders = people.holders({role, *own})
    if not holders:
        return "nobody has this role"
    heard = any(_hears(contact.channels, mention, policy) for contact in holders)
    return "" if heard else "nobody who has this role can be told"


def _teams(role: str, policy: WorkflowPolicy) -> list[str]:
    """The teams tickets wait with: at the top they wait with nobody (semantics X8)."""
    levels = policy.levels if role == "team_managers" else policy.levels[:-1] or policy.levels
    return list(dict.fromkeys(level.team for level in levels))


def _of_team(role: str, team: str, mention: Mention, subject: Subject) -> bool:
    """Whether somebody of the team, or of no team where it has none, can be told."""
    people = subject.people or People((), ())
    holders = people.holders(TEAM_ROLES[role])
    own = [contact for contact in holders if contact.team == team]
    told = own or [contact for contact in holders if contact.team is None]
    return any(_hears(contact.channels, mention, subject.policy) for contact in told)


def _hears(channels: frozenset[str], mention: Mention, policy: WorkflowPolicy) -> bool:
    """Whether one of the channels carries what is told, a fallback included."""
    if not mention.via:
        return bool(channels)
    fallback = policy.notification.fallback
    return bool(channels & {*mention.via, *(fallback[v] for v in mention.via if v in fallback)})

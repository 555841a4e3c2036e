"""Who works tickets and who can be told, as far as the lint needs to know them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent. `shift` names a calendar of the workflow, or a shift that only the roster knows; None
    is always on shift.
    """

    agent_id: str
    level: str
    shift: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """Someone who can be told, over `channels`."""

    recipient_id: str
    roles: frozenset[str]
    team: str | None
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class People:
    """Everybody that a file like `deploy/people.yaml` names, and the teams it has a rotation for."""

    workers: tuple[Worker, ...]
    contacts: tuple[Contact, ...]
    rotations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, data: Mapping[str, object]) -> People:
        """The people of such a file's content. Raises ValueError for an entry that is no mapping."""
        rotations = data.get("on_call")
        return cls(
            workers=tuple(map(_worker, _entries(data, "agents"))),
            contacts=tuple(map(_contact, _entries(data, "recipients"))),
            rotations=frozenset(map(str, rotations if isinstance(rotations, Mapping) else ())),
        )

    def reach(self, recipient_id: str) -> frozenset[str]:
        """The channels over which somebody can be told; none for somebody unknown."""
        known = (c.channels for c in self.contacts if c.recipient_id == recipient_id)
        return frozenset().union(*known)

    def holders(self, roles: Iterable[str]) -> tuple[Contact, ...]:
        """Who holds one of `roles`."""
        wanted = frozenset(roles)
        return tuple(contact for contact in self.contacts if wanted & contact.roles)


def _entries(data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    listed = data.get(key) or []
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise ValueError(f"`{key}` is a list of mappings")
    return listed


def _worker(entry: Mapping[str, object]) -> Worker:
    shift = entry.get("shift")
    return Worker(
        str(entry.get("agent_id")), str(entry.get("level")), str(shift) if shift else None
    )


def _contact(entry: Mapping[str, object]) -> Contact:
    team, roles, channels = entry.get("team"), entry.get("roles"), entry.get("channels")
    return Contact(
        recipient_id=str(entry.get("recipient_id")),
        roles=frozenset(map(str, roles if isinstance(roles, list) else ())),
        team=str(team) if team else None,
        channels=frozenset(map(str, channels if isinstance(channels, Mapping) else ())),
    )

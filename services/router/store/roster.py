"""The roster in PostgreSQL: agents with their skills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec

from services.router.domain.roster import Agent
from shared.contracts.vocabulary import Presence
from shared.db.engine import Transaction, fetch

from . import locks

_AGENTS: Final = """
SELECT a.agent_id, a.name, a.team, a.level, a.channels, a.capacity, a.capacity_target, a.load,
    a.presence, a.version, a.last_assigned_at, a.channel_caps, a.held, a.shift, a.on_shift,
    a.renewed_at, a.suspect, a.auto_accept, a.changes_at,
    (SELECT jsonb_object_agg(s.skill, s.proficiency) FROM agent_skill s WHERE s.agent_id = a.agent_id)
FROM agent a
"""

#: Everybody as they are.
_READ_ALL: Final = f"{_AGENTS} ORDER BY a.agent_id"

#: Whom a transaction has changed that had not ended at a moment (an xid8), those aside who are known in
#: their version. PostgreSQL notes in every row the transaction that wrote it; a scan of the roster
#: that only compares is some hundred times cheaper than reading it.
_CHANGED: Final = f"""
{_AGENTS} WHERE age(a.xmin) <= age($1::text::xid8::xid) AND NOT EXISTS (
    SELECT FROM unnest($2::text[], $3::bigint[]) AS k (agent_id, version)
    WHERE k.agent_id = a.agent_id AND k.version = a.version)
ORDER BY a.agent_id
"""

#: Some agents as they are.
_READ_SOME: Final = f"{_AGENTS} WHERE a.agent_id = ANY ($1::text[]) ORDER BY a.agent_id"

#: Some agents, rows locked in id order.
_LOCK_SOME: Final = f"""
{_AGENTS} WHERE a.agent_id = ANY ($1::text[]) ORDER BY a.agent_id FOR NO KEY UPDATE OF a
"""

#: The versions of some agents, rows locked in id order; or of those whom nobody else holds.
_LOCK_VERSIONS: Final = """
SELECT agent_id, version FROM agent WHERE agent_id = ANY ($1::text[])
ORDER BY agent_id FOR NO KEY UPDATE
"""
_LOCK_FREE_VERSIONS: Final = f"{_LOCK_VERSIONS.rstrip()} SKIP LOCKED"

#: Write what agents hold, if nobody else has changed them since.
_SAVE_LOADS: Final = """
UPDATE agent a SET load = t.load, held = t.held, capacity = t.capacity,
    capacity_target = t.capacity_target, last_assigned_at = t.last_assigned_at, version = t.version
FROM unnest($1::text[], $2::integer[], $3::jsonb[], $4::integer[], $5::integer[], $6::timestamptz[],
    $7::bigint[])
AS t (agent_id, load, held, capacity, capacity_target, last_assigned_at, version)
WHERE a.agent_id = t.agent_id AND a.version = t.version - 1
"""

#: Write agents.
_SAVE: Final = """
INSERT INTO agent AS a (agent_id, name, team, level, channels, capacity, capacity_target, load,
    presence, version, last_assigned_at, channel_caps, held, shift, on_shift, renewed_at, suspect,
    auto_accept, changes_at)
SELECT agent_id, name, team, level, string_to_array(channels, ','), capacity, capacity_target, load,
    presence, version, last_assigned_at, channel_caps, held, shift, on_shift, renewed_at, suspect,
    auto_accept, changes_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[],
    $7::integer[], $8::integer[], $9::text[], $10::bigint[], $11::timestamptz[], $12::jsonb[],
    $13::jsonb[], $14::text[], $15::boolean[], $16::timestamptz[], $17::boolean[], $18::boolean[],
    $19::timestamptz[])
AS t (agent_id, name, team, level, channels, capacity, capacity_target, load, presence, version,
    last_assigned_at, channel_caps, held, shift, on_shift, renewed_at, suspect, auto_accept,
    changes_at)
ON CONFLICT (agent_id) DO UPDATE SET name = excluded.name, team = excluded.team,
    level = excluded.level, channels = excluded.channels, capacity = excluded.capacity,
    capacity_target = excluded.capacity_target, load = excluded.load,
    presence = excluded.presence, version = excluded.version,
    last_assigned_at = excluded.last_assigned_at, channel_caps = excluded.channel_caps,
    held = excluded.held, shift = excluded.shift, on_shift = excluded.on_shift,
    renewed_at = excluded.renewed_at, suspect = excluded.suspect,
    auto_accept = excluded.auto_accept, changes_at = excluded.changes_at
"""

#: Put new skills in the place of some agents' old ones.
_FORGET_SKILLS: Final = "DELETE FROM agent_skill WHERE agent_id = ANY ($1::text[])"
_SAVE_SKILLS: Final = """
INSERT INTO agent_skill (agent_id, skill, proficiency)
SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[])
"""


async def dispatch_lock(tx: Transaction) -> None:
    """Become the only transaction that gives tickets to agents; waits for the dispatcher's step."""
    await locks.take_house(tx)


class StaleError(RuntimeError):
    """Somebody was changed behind our back: a write that rests on their old version (semantics G6)."""


async def read_all(tx: Transaction) -> list[Agent]:
    """Everybody in id order, unlocked."""
    return [_agent(row) for row in await fetch(tx, _READ_ALL)]


async def changed_since(
    tx: Transaction, moment: str, known: Mapping[str, int] = MappingProxyType({})
) -> list[Agent]:
    """Who may have changed since `moment` (`locks.enter`), those known in their version left out."""
    versions = (moment, list(known), list(known.values()))
    return [_agent(row) for row in await fetch(tx, _CHANGED, versions)]


async def lock_versions(
    tx: Transaction, agent_ids: Iterable[str], *, wait: bool = True
) -> dict[str, int]:
    """The versions of these agents, locked in id order. Without `wait`, who is held is left out."""
    wanted = sorted(agent_ids)
    if not wanted:
        return {}
    found = await fetch(tx, _LOCK_VERSIONS if wait else _LOCK_FREE_VERSIONS, (wanted,))
    return {str(agent_id): int(version) for agent_id, version in found}


async def read_some(tx: Transaction, agent_ids: Iterable[str]) -> dict[str, Agent]:
    """These agents as they are, unlocked; the unknown are left out."""
    found = [_agent(row) for row in await fetch(tx, _READ_SOME, (list(agent_ids),))]
    return {agent.agent_id: agent for agent in found}


async def lock_some(tx: Transaction, agent_ids: Iterable[str]) -> dict[str, Agent]:
    """These agents, locked in id order; the unknown are left out."""
    wanted = sorted(set(agent_ids))
    if not wanted:
        return {}
    found = [_agent(row) for row in await fetch(tx, _LOCK_SOME, (wanted,))]
    return {agent.agent_id: agent for agent in found}


async def save(tx: Transaction, agents: Sequence[Agent]) -> None:
    """Write agents without their skills, one statement. `load > capacity` is refused by the table."""
    rows = [_row(agent) for agent in sorted(agents, key=lambda agent: agent.agent_id)]
    if rows:
        await tx.exec_driver_sql(_SAVE, tuple(list(column) for column in zip(*rows, strict=True)))


async def save_loads(tx: Transaction, agents: Sequence[Agent]) -> None:
    """Write what locked agents hold, in their next version, one statement.

    Raises StaleError when a row is not in the version before. `load > capacity` is refused by the table.
    """
    if not agents:
        return
    rows = [
        (
            a.agent_id,
            a.load,
            _json(a.held),
            a.capacity,
            a.capacity_target,
            a.last_assigned_at,
            a.version,
        )
        for a in agents
    ]
    columns = tuple(list(column) for column in zip(*rows, strict=True))
    written = (await tx.exec_driver_sql(_SAVE_LOADS, columns)).rowcount
    if written != len(rows):
        raise StaleError(f"{len(rows) - written} of {len(rows)} agents are in another version")


async def save_skills(tx: Transaction, agents: Sequence[Agent]) -> None:
    """Make the skills of `agents` what they say, two statements. Their rows must be locked."""
    held = [(a.agent_id, skill, level) for a in agents for skill, level in a.skills.items()]
    await tx.exec_driver_sql(_FORGET_SKILLS, ([agent.agent_id for agent in agents],))
    if held:
        await tx.exec_driver_sql(_SAVE_SKILLS, tuple(list(c) for c in zip(*held, strict=True)))


def _agent(row: tuple[Any, ...]) -> Agent:
    *plain, skills = row
    names = (
        "agent_id",
        "name",
        "team",
        "level",
        "channels",
        "capacity",
        "capacity_target",
        "load",
        "presence",
        "version",
        "last_assigned_at",
        "channel_caps",
        "held",
        "shift",
        "on_shift",
        "renewed_at",
        "suspect",
        "auto_accept",
        "changes_at",
    )
    fields = dict(zip(names, plain, strict=True))
    fields["channels"] = tuple(fields["channels"])
    fields["presence"] = Presence(fields["presence"])
    for counts in ("channel_caps", "held"):
        fields[counts] = msgspec.json.decode(fields[counts], type=dict[str, int])
    return Agent(
        **fields, skills=msgspec.json.decode(skills, type=dict[str, int]) if skills else {}
    )


def _row(agent: Agent) -> tuple[object, ...]:
    return (
        agent.agent_id,
        agent.name,
        agent.team,
        agent.level,
        ",".join(agent.channels),
        agent.capacity,
        agent.capacity_target,
        agent.load,
        agent.presence.value,
        agent.version,
        agent.last_assigned_at,
        _json(agent.channel_caps),
        _json(agent.held),
        agent.shift,
        agent.on_shift,
        agent.renewed_at,
        agent.suspect,
        agent.auto_accept,
        agent.changes_at,
    )


def _json(counts: Mapping[str, int]) -> str:
    return msgspec.json.encode(counts).decode()

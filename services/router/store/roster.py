"""The roster in PostgreSQL: agents with their skills, and the lock of whoever gives out work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from services.router.domain.roster import Agent
from shared.contracts.vocabulary import Presence
from shared.db.engine import Transaction, fetch

#: Whether this transaction may now give tickets to agents; the lock ends with it (semantics G6).
_TRY_DISPATCH: Final = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.dispatch'))"
_WAIT_DISPATCH: Final = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.dispatch'))"

_AGENTS: Final = """
SELECT a.agent_id, a.name, a.team, a.level, a.channels, a.capacity, a.capacity_target, a.load,
    a.presence, a.version, a.last_assigned_at, a.channel_caps, a.held, a.shift, a.on_shift,
    a.renewed_at, a.suspect, a.auto_accept,
    (SELECT jsonb_object_agg(s.skill, s.proficiency) FROM agent_skill s WHERE s.agent_id = a.agent_id)
FROM agent a
"""

#: Everybody as they are.
_READ_ALL: Final = f"{_AGENTS} ORDER BY a.agent_id"

#: Everybody, rows locked in id order.
_LOCK_ALL: Final = f"{_AGENTS} ORDER BY a.agent_id FOR NO KEY UPDATE OF a"

#: Some agents, rows locked in id order.
_LOCK_SOME: Final = f"""
{_AGENTS} WHERE a.agent_id = ANY ($1::text[]) ORDER BY a.agent_id FOR NO KEY UPDATE OF a
"""

#: Write agents.
_SAVE: Final = """
INSERT INTO agent AS a (agent_id, name, team, level, channels, capacity, capacity_target, load,
    presence, version, last_assigned_at, channel_caps, held, shift, on_shift, renewed_at, suspect,
    auto_accept)
SELECT agent_id, name, team, level, string_to_array(channels, ','), capacity, capacity_target, load,
    presence, version, last_assigned_at, channel_caps, held, shift, on_shift, renewed_at, suspect,
    auto_accept
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[],
    $7::integer[], $8::integer[], $9::text[], $10::bigint[], $11::timestamptz[], $12::jsonb[],
    $13::jsonb[], $14::text[], $15::boolean[], $16::timestamptz[], $17::boolean[], $18::boolean[])
AS t (agent_id, name, team, level, channels, capacity, capacity_target, load, presence, version,
    last_assigned_at, channel_caps, held, shift, on_shift, renewed_at, suspect, auto_accept)
ON CONFLICT (agent_id) DO UPDATE SET name = excluded.name, team = excluded.team,
    level = excluded.level, channels = excluded.channels, capacity = excluded.capacity,
    capacity_target = excluded.capacity_target, load = excluded.load,
    presence = excluded.presence, version = excluded.version,
    last_assigned_at = excluded.last_assigned_at, channel_caps = excluded.channel_caps,
    held = excluded.held, shift = excluded.shift, on_shift = excluded.on_shift,
    renewed_at = excluded.renewed_at, suspect = excluded.suspect,
    auto_accept = excluded.auto_accept
"""

#: Put new skills in the place of some agents' old ones.
_FORGET_SKILLS: Final = "DELETE FROM agent_skill WHERE agent_id = ANY ($1::text[])"
_SAVE_SKILLS: Final = """
INSERT INTO agent_skill (agent_id, skill, proficiency)
SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[])
"""


async def try_dispatch_lock(tx: Transaction) -> bool:
    """Whether this transaction is now the only one that gives tickets to agents. Never waits."""
    return bool((await tx.exec_driver_sql(_TRY_DISPATCH)).scalar_one())


async def dispatch_lock(tx: Transaction) -> None:
    """Become the only transaction that gives tickets to agents; waits for the dispatcher's step."""
    await tx.exec_driver_sql(_WAIT_DISPATCH)


async def read_all(tx: Transaction) -> list[Agent]:
    """Everybody in id order, unlocked."""
    return [_agent(row) for row in await fetch(tx, _READ_ALL)]


async def lock_all(tx: Transaction) -> list[Agent]:
    """Everybody in id order, locked."""
    return [_agent(row) for row in await fetch(tx, _LOCK_ALL)]


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
        msgspec.json.encode(agent.channel_caps).decode(),
        msgspec.json.encode(agent.held).decode(),
        agent.shift,
        agent.on_shift,
        agent.renewed_at,
        agent.suspect,
        agent.auto_accept,
    )

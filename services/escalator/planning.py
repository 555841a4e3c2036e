"""What a proposed workflow would do to open tickets: read, never written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.escalator import version_store
from services.escalator.configuration import Configuration, Proposal, next_version, there
from services.escalator.domain.effects import Effects
from services.escalator.domain.versions import FIRST, Version, changed, histories, standing
from shared.policy.differences import TargetChange, other_changes, target_changes

#: Cases read at once: short enough that the timers need not wait for the arithmetic.
BATCH: Final = 200

#: Of more open tickets than this, the oldest are looked at.
LOOKED_AT: Final = 50_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be otherwise, and for whom. `replaces` are versions that would never come into force."""

    running_digest: str
    digest: str
    nothing_to_do: bool
    effective_from: datetime
    replaces: list[Version]
    targets: list[TargetChange]
    changes: list[str]
    calendars: tuple[str, ...]
    open_tickets: int
    effects: Effects
    warnings: list[str]


async def plan(
    engine: AsyncEngine, configuration: Configuration, proposal: Proposal, now: datetime
) -> Plan:
    """Lay the proposal beside the running workflow, and look at the open tickets under both."""
    known = await configuration.versions()
    version = next_version(proposal, known, now)
    names = changed(known, version)
    running, proposed = configuration.file, proposal.policy
    stay = {one.number for one in standing([*known, version])}
    return Plan(
        running_digest=running.digest,
        digest=proposed.digest,
        nothing_to_do=there(known, proposal, now) is not None,
        effective_from=version.effective_from,
        replaces=[v for v in standing(known) if v.number not in stay and v.effective_from > now],
        targets=target_changes(running, proposed),
        changes=other_changes(running, proposed),
        calendars=names,
        open_tickets=await _count(engine),
        effects=await _effects(engine, [*known, version], configuration),
        warnings=[str(warning) for warning in proposed.warnings],
    )


async def _count(engine: AsyncEngine) -> int:
    async with engine.connect() as tx:
        return await version_store.count_open(tx)


async def _effects(
    engine: AsyncEngine, versions: list[Version], configuration: Configuration
) -> Effects:
    """Go through open cases with the calendars of now and with those after."""
    before = configuration.policy.calendars
    after = {**configuration.file.calendars, **histories(versions)}
    found, last = Effects(), FIRST
    while found.looked_at < LOOKED_AT:
        async with engine.connect() as tx:
            cases = await version_store.open_cases(tx, last, limit=BATCH)
        for one in cases.values():
            found.look_at(one.case, before, after)
        if len(cases) < BATCH:
            break
        last = max(cases)
    return found

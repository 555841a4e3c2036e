"""Which workflow is in force: versions are registered, learnt, and followed by the cases (semantics F1, C4)."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from services.escalator import version_store
from services.escalator.calendars_in_force import CalendarsInForce
from services.escalator.domain.calendar_changes import untold
from services.escalator.domain.decide import next_due
from services.escalator.domain.versions import (
    FIRST,
    Reckoning,
    Version,
    changed,
    histories,
    in_force,
    laid_out,
    same_content,
    to_come,
)
from shared.contracts import CALENDARS, FollowUp
from shared.db import audit, stream
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy
from shared.runtime.writer import Writer

log = logging.getLogger(__name__)

#: Cases whose due instants are worked out again in one transaction.
LIMIT: Final = 500

#: By then every replica has learnt of a version, and what it wrote without knowing it is committed.
SETTLED: Final = timedelta(seconds=15)

#: All open cases are gone through at once, and again when the version has settled.
TURNS: Final = 2

#: Seconds between two looks for a version that somebody else has added.
LOOK_SECONDS: Final = 2.0

#: Who registers the file a service was started with.
SERVICE: Final = "escalator"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A workflow to be in force from `effective_from` on; None: from now. One that a service `runs` is
    not decided anew while it waits for its time.
    """

    policy: WorkflowPolicy
    text: str
    by: str
    effective_from: datetime | None = None
    note: str = ""
    runs: bool = False


class Configuration:
    """The versions of the workflow as one replica knows them."""

    def __init__(self, writer: Writer, file: WorkflowPolicy, text: str) -> None:
        """`file` is the workflow this replica was started with, `text` its file."""
        self.file = file
        self._calendars = CalendarsInForce(file.calendars)
        self.policy = dataclasses.replace(file, calendars=self._calendars)
        self._writer = writer
        self._text = text

    async def begin(self) -> None:
        """Register the file this replica runs with, and learn all versions, before anything is judged."""
        said = "the file the escalator was started with"
        running = Proposal(self.file, self._text, SERVICE, note=said, runs=True)
        version, is_new = await self.propose(running)
        if is_new:
            log.info(
                "Workflow %s is version %d, in force from now on",
                version.digest,
                version.number,
                extra={"action": "workflow_registered", "digest": version.digest},
            )

    async def propose(self, proposal: Proposal) -> tuple[Version, bool]:
        """The version with that content, and whether it is a new one; it counts here at once. What nobody
        was told of the calendars is published.
        """

        async def work(
            tx: Transaction, now: datetime
        ) -> tuple[tuple[list[Version], Version, bool], list[FollowUp]]:
            await version_store.take_turn(tx)
            known = await version_store.versions(tx)
            if same := there(known, proposal, now):
                return (known, same, False), await _untold(tx, known)
            version = next_version(proposal, known, now)
            await _keep(tx, known, version, proposal.text)
            known.append(version)
            return (known, version, True), await _untold(tx, known)

        known, version, is_new = await self._writer.write(work)
        self._learn(known)
        return version, is_new

    async def versions(self) -> list[Version]:
        """Every version there is, learnt now."""

        async def work(tx: Transaction, _: datetime) -> tuple[list[Version], list[FollowUp]]:
            return await version_store.versions(tx), []

        known = await self._writer.write(work)
        self._learn(known)
        return known

    async def step(self) -> bool:
        """Learn what others added, then let a batch of cases follow; True when there may be more."""

        async def look(tx: Transaction, _: datetime) -> tuple[int, list[FollowUp]]:
            return await version_store.newest(tx), []

        if await self._writer.write(look) != self._calendars.number:
            await self.versions()
        return await self._writer.write(self._reckon)

    async def _reckon(self, tx: Transaction, now: datetime) -> tuple[bool, list[FollowUp]]:
        """Work out again when some cases are due: a row that says so too late would be a late deadline."""
        reckoning = await version_store.take(tx, now, self._calendars.number)
        if reckoning is None:
            return False, []
        cases = await version_store.lock_counting_in(
            tx, reckoning.calendars, reckoning.after, limit=LIMIT
        )
        due = {ticket_id: next_due(one.case, self.policy) for ticket_id, one in cases.items()}
        await version_store.set_due(tx, due)
        if len(cases) == LIMIT:
            await version_store.go_on(tx, replace(reckoning, after=max(cases)), None)
            return True, []
        turn = reckoning.turn + 1
        again = replace(reckoning, turn=turn, after=FIRST, not_before=now + SETTLED)
        await version_store.go_on(tx, again, now if turn == TURNS else None)
        return True, []

    def _learn(self, known: list[Version]) -> None:
        """Count by all of them from now on."""
        newest = max((version.number for version in known), default=0)
        if newest > self._calendars.number:
            self._calendars.exchange(histories(known), newest)


def there(known: list[Version], proposal: Proposal, now: datetime) -> Version | None:
    """The version that makes the proposal needless."""
    now_or_then = in_force(known, proposal.effective_from or now)
    if now_or_then is not None and same_content(now_or_then, proposal.policy):
        return now_or_then
    return to_come(known, proposal.policy, now) if proposal.runs else None


def next_version(proposal: Proposal, known: list[Version], now: datetime) -> Version:
    """The next version."""
    return Version(
        number=len(known) + 1,
        digest=proposal.policy.digest,
        tzdata=proposal.policy.tzdata,
        calendars=laid_out(proposal.policy.calendars),
        effective_from=proposal.effective_from or now,
        applied_at=now,
        applied_by=proposal.by,
        note=proposal.note,
    )


async def _untold(tx: Transaction, known: list[Version]) -> list[FollowUp]:
    """What the topic of calendars does not say yet: of a release before it, everything."""
    names = {name for version in known for name in version.calendars}
    told = await stream.applied(tx, [(CALENDARS, name) for name in names])
    return untold(known, {name: number for (_, name), number in told.items()})


async def _keep(tx: Transaction, known: list[Version], version: Version, text: str) -> None:
    """Write a version, what the cases have to follow of it, and who decided it."""
    await version_store.add(tx, version, text)
    if names := changed(known, version):
        follow = Reckoning(number=version.number, calendars=names, not_before=version.applied_at)
        await version_store.begin(tx, follow)
    deed = audit.Deed(
        principal=version.applied_by,
        action="workflow_apply",
        object=f"{version.number} {version.digest}",
        reason=version.note,
    )
    await audit.record(tx, deed, version.applied_at)

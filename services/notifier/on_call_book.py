"""Changes of who is on call, each one transaction with its entry in the audit log."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.auth import Principal
from shared.http.problems import DomainError, FieldError
from shared.ical import NoCalendarError
from shared.policy import WorkflowPolicy
from shared.runtime.writer import Writer

from .domain.on_call import Duties, Override
from .domain.on_call_calendar import ShiftsError, override_of, shifts_of
from .domain.recipient import Recipient
from .on_call_models import OverrideBody, RotationBody
from .recipient_models import unknown
from .store import on_call, recipients


class OnCallBook:
    """Reads and changes rotations, overrides and imported shifts of the workflow's teams."""

    def __init__(
        self, engine: AsyncEngine, writer: Writer, clock: Clock, policy: WorkflowPolicy
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self.rotations = policy.notification.rotations
        self._teams = {level.team for level in policy.levels} | set(self.rotations)

    def now(self) -> datetime:
        """The instant it is."""
        return self._clock.now()

    async def look(
        self, first: datetime, last: datetime
    ) -> tuple[Duties, dict[str, Recipient], list[str]]:
        """The duties between two instants, everybody by id, and the teams there are."""
        async with self._engine.connect() as tx:
            duties = await on_call.duties(tx, first, last)
            people = await _everyone(tx)
        return duties, people, sorted(self._teams | set(duties.stored) | set(duties.overrides))

    async def put_rotation(self, principal: Principal, team: str, body: RotationBody) -> None:
        """Add or replace a rotation. Raises DomainError: 404 for a team nobody knows, 422 for a member."""
        self._check(team)

        async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            known = await _everyone(tx)
            faults = [
                FieldError(f"body.members.{n}", unknown("recipient", member, known))
                for n, member in enumerate(body.members)
                if member not in known
            ]
            if faults:
                raise DomainError(422, "Invalid request", "Look at the members.", errors=faults)
            await on_call.put_rotation(tx, team, body.rotation())
            await _note(tx, principal, "put_rotation", team, now)
            return None, []

        await self._writer.write(work)

    async def delete_rotation(self, principal: Principal, team: str) -> None:
        """Forget a rotation; that of the workflow is in force again. Raises DomainError 404."""

        async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            if not await on_call.delete_rotation(tx, team):
                raise DomainError(404, "Not found", f"No rotation is stored for {team!r}.")
            await _note(tx, principal, "delete_rotation", team, now)
            return None, []

        await self._writer.write(work)

    async def add_override(self, principal: Principal, team: str, body: OverrideBody) -> Override:
        """Put somebody on call for a while; doing it again changes nothing. Raises DomainError."""
        self._check(team)

        async def work(tx: Transaction, now: datetime) -> tuple[Override, list[FollowUp]]:
            known = await _everyone(tx)
            if body.recipient_id not in known:
                said = unknown("recipient", body.recipient_id, known)
                fault = FieldError("body.recipient_id", said)
                raise DomainError(422, "Invalid request", f"There is {said}", errors=[fault])
            override = override_of(
                team, body.recipient_id, since=body.since, until=body.until, made_at=now
            )
            await on_call.add_overrides(tx, [override])
            await _note(tx, principal, "override_on_call", f"{team}: {body.recipient_id}", now)
            return override, []

        return await self._writer.write(work)

    async def remove_override(self, principal: Principal, team: str, override_id: UUID) -> None:
        """Forget an override. Raises DomainError 404."""

        async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            if not await on_call.remove_override(tx, team, override_id):
                raise DomainError(404, "Not found", f"{team!r} has no override {override_id}.")
            await _note(tx, principal, "remove_override", f"{team}: {override_id}", now)
            return None, []

        await self._writer.write(work)

    async def import_shifts(self, principal: Principal, team: str, text: str) -> int:
        """Replace the imported shifts of a team that are not over; returns how many there are now.

        Raises DomainError: 404 for a team nobody knows, 422 for what is no calendar of known people.
        """
        self._check(team)
        async with self._engine.connect() as tx:
            people = await recipients.everyone(tx)
        shifts = await asyncio.to_thread(_read, text, team, people, self._clock.now())

        async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            await on_call.remove_imported(tx, team, now)
            await on_call.add_overrides(tx, shifts)
            await _note(tx, principal, "import_shifts", team, now)
            return None, []

        await self._writer.write(work)
        return len(shifts)

    def _check(self, team: str) -> None:
        if team not in self._teams:
            raise unknown_team(team, self._teams)


def unknown_team(team: str, known: set[str] | list[str]) -> DomainError:
    """404 for a team that no level belongs to, with the one that was probably meant."""
    said = unknown("team", team, known)
    return DomainError(404, "Not found", f"There is {said}", errors=[FieldError("path.team", said)])


def _read(text: str, team: str, people: list[Recipient], now: datetime) -> list[Override]:
    try:
        return shifts_of(text, team, people, now)
    except ShiftsError as error:
        faults = [FieldError("body", fault) for fault in error.faults]
    except NoCalendarError as error:
        faults = [FieldError("body", str(error))]
    raise DomainError(422, "Not a calendar of shifts", "Nothing was imported.", errors=faults)


async def _everyone(tx: Transaction) -> dict[str, Recipient]:
    return {one.recipient_id: one for one in await recipients.everyone(tx)}


async def _note(
    tx: Transaction, principal: Principal, action: str, what: str, now: datetime
) -> None:
    deed = audit.Deed(principal=principal.name, action=action, object=what[:1000])
    await audit.record(tx, deed, now)

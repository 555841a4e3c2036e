"""Who is there: presences and their leases, and the shifts that people work (semantics G7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.domain.attendance import Shift
from services.router.domain.roster import Agent
from services.router.domain.shifts import PatternError, ShiftKind, StoredShift, opened
from services.router.store import attendance, roster, shifts
from services.router.store.attending import attend
from services.router.store.shifts import Shifts
from services.router.wishes import deed, known_agent, new_cause
from shared.clock import Clock
from shared.contracts import FollowUp
from shared.contracts.vocabulary import Presence
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.problems import DomainError, FieldError
from shared.ical import NoCalendarError
from shared.policy import WorkflowPolicy
from shared.runtime.writer import Work, Writer

T = TypeVar("T")


class Rota:
    """Commands about presences and shifts, each one transaction; wakes the dispatcher after each."""

    def __init__(
        self,
        writer: Writer,
        policy: WorkflowPolicy,
        wake: Callable[[], None],
        *,
        engine: AsyncEngine,
        clock: Clock,
        shifts: Shifts,
    ) -> None:
        self._writer = writer
        self._policy = policy
        self._wake = wake
        self._engine = engine
        self._clock = clock
        self._shifts = shifts

    async def set_presence(
        self, agent_id: str, presence: Presence, *, lease: bool = False
    ) -> Agent:
        """The agent is there, or not; on a lease, only as long as they renew it.

        Raises DomainError 404 for an unknown agent.
        """

        def there(agent: Agent, now: datetime) -> Agent:
            renewed_at = now if lease and presence is not Presence.OFFLINE else None
            return msgspec.structs.replace(agent, presence=presence, renewed_at=renewed_at)

        return await self._change(agent_id, there)

    async def heartbeat(self, agent_id: str) -> datetime:
        """The agent is still there, as of the instant returned. While nobody thinks otherwise this is one
        statement, and nothing is said.

        Raises DomainError: 404 for an unknown agent, 409 for one who is offline or on no lease.
        """
        async with self._engine.begin() as tx:
            now = self._clock.now()
            renewed = await attendance.renew(tx, agent_id, now)
        return now if renewed else (await self._change(agent_id, _renewed)).renewed_at or now

    async def put_shift(self, name: str, kind: ShiftKind, source: str, *, by: str) -> StoredShift:
        """Add or replace a shift; who works it comes or goes with it at once.

        Raises DomainError 422 for what is no pattern or no calendar.
        """
        stored = StoredShift(name=name, kind=kind, source=source, updated_at=self._clock.now())
        shift = await asyncio.to_thread(_opened, stored, self._clock.now())

        async def command(tx: Transaction, now: datetime) -> tuple[StoredShift, list[FollowUp]]:
            await roster.dispatch_lock(tx)
            await shifts.save(tx, stored)
            await audit.record(tx, deed(by, "put_shift", [name]), now)
            return stored, await self._work(tx, now, name, shift)

        return await self._write(command)

    async def delete_shift(self, name: str, *, by: str) -> None:
        """Forget a shift. Raises DomainError: 404 for an unknown one, 409 while somebody works it."""

        async def command(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            await roster.dispatch_lock(tx)
            if not await shifts.read(tx, [name]):
                raise unknown_shift(name)
            if working := await attendance.working(tx, name):
                raise DomainError(409, "Shift is worked", _still_worked(name, working))
            await shifts.delete(tx, name)
            await audit.record(tx, deed(by, "delete_shift", [name]), now)
            return None, []

        await self._write(command)

    async def _change(self, agent_id: str, change: Callable[[Agent, datetime], Agent]) -> Agent:
        """Change one agent, who must be known."""

        async def command(tx: Transaction, now: datetime) -> tuple[Agent, list[FollowUp]]:
            await roster.dispatch_lock(tx)
            known = (await roster.read_some(tx, [agent_id])).get(agent_id)
            worked = await self._shifts.named(tx, [known.shift if known else None], now)

            def become(agent: Agent | None) -> Agent | None:
                return change(agent, now) if agent is not None else None

            cause = new_cause()
            ledger = await attend(
                tx,
                now,
                self._policy,
                becoming={agent_id: become},
                shifts=worked,
                cause=lambda *_: cause,
            )
            agent = known_agent(ledger, agent_id, field="path.agent_id")
            return agent, await ledger.save(tx)

        return await self._write(command)

    async def _work(
        self, tx: Transaction, now: datetime, name: str, shift: Shift
    ) -> list[FollowUp]:
        """Let everybody who works the shift of this name come or go with it."""
        working = await attendance.working(tx, name)
        becoming = dict.fromkeys(working, _same)
        cause = new_cause()
        ledger = await attend(
            tx, now, self._policy, becoming=becoming, shifts={name: shift}, cause=lambda *_: cause
        )
        return await ledger.save(tx)

    async def _write(self, command: Work[T]) -> T:
        answer = await self._writer.write(command)
        self._wake()
        return answer


def unknown_shift(name: str) -> DomainError:
    """404 for a shift that nobody has stored."""
    fault = FieldError("path.name", "no shift of this name is stored")
    return DomainError(404, "Unknown shift", f"No shift {name!r}.", errors=[fault])


def _same(agent: Agent | None) -> Agent | None:
    return agent


def _renewed(agent: Agent, now: datetime) -> Agent:
    """The agent, there again. Raises DomainError 409 for one who has no lease to renew."""
    if agent.renewed_at is None:
        gone = "is offline" if not agent.present else "is there without a lease"
        raise DomainError(
            409,
            "No lease to renew",
            f"{agent.agent_id} {gone}: set the presence with `lease: true` to start one.",
        )
    return msgspec.structs.replace(agent, renewed_at=now)


def _opened(stored: StoredShift, now: datetime) -> Shift:
    """The shift, laid out around `now`. Raises DomainError 422 for what is none."""
    try:
        shift = opened(stored)
        shift.is_open(now)
    except PatternError as error:
        faults = [FieldError(f"body.{path}".rstrip("."), message) for path, message in error.faults]
        raise DomainError(422, "Not a weekly pattern", errors=faults) from None
    except NoCalendarError as error:
        raise DomainError(
            422, "Not a calendar of shifts", str(error), errors=[FieldError("body", str(error))]
        ) from None
    return shift


def _still_worked(name: str, working: list[str]) -> str:
    others = f" and {len(working) - 3} more" if len(working) > 3 else ""
    return f"{name!r} is worked by {', '.join(working[:3])}{others}; give them another shift first."

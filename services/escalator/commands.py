"""What people ask of the escalator over HTTP, each as one transaction, through the same core as events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.escalator import store, store_handoffs
from services.escalator.domain.case import Case
from services.escalator.domain.items import Acknowledge, Deescalate, Request
from services.escalator.domain.masking import masked
from services.escalator.domain.timeline import Phase
from services.escalator.domain.wanted import wanted
from services.escalator.domain.written import Content
from services.escalator.handoffs import known, with_request
from services.escalator.ledger import Ledger
from services.escalator.metrics import EscalatorMetrics
from services.escalator.store import EscalationRow
from shared.contracts import Cause, FollowUp
from shared.db import audit, idempotency
from shared.db.engine import Transaction
from shared.http.problems import DomainError, FieldError
from shared.ids import new_id
from shared.observability.tracing import of_request
from shared.policy import WorkflowPolicy
from shared.runtime.writer import Writer

CREATED: Final = 201

#: What a command does to a case, with the instant of the command.
Act = Callable[[Ledger, Case, Cause, datetime], None]

Outcome = tuple[EscalationRow, Sequence[FollowUp]]


class Commands:
    """Runs commands in the escalator's own transactions; every one is audited."""

    def __init__(self, writer: Writer, policy: WorkflowPolicy, metrics: EscalatorMetrics) -> None:
        self._writer = writer
        self._policy = policy
        self._metrics = metrics

    async def request(
        self,
        ticket_id: UUID,
        *,
        reason: str,
        to_level: str | None,
        by: str,
        content: Content | None = None,
        key: idempotency.Request | None = None,
    ) -> EscalationRow:
        """Raise a ticket by hand (semantics V16); a repeat with the same `key` changes nothing more.

        `content` is written into the hand-off document before. Raises DomainError: 422 for a reason or
        level the workflow does not have, a hand-off that is not complete (X4) or a key that was used
        for something else, 404 for an unknown ticket, 409 for one that is over, or at that level
        already; then nothing is written.
        """
        self._check(reason, to_level)

        async def command(tx: Transaction, now: datetime) -> Outcome:
            if key is not None and (answer := await _answered(tx, key, now)) is not None:
                return answer, []

            stored = await store.lock(tx, ticket_id)
            case = known(stored.case if stored else None, ticket_id)
            if case.timeline.phase is not Phase.OPEN:
                raise DomainError(409, "Ticket is over", f"It is {case.timeline.status}.")
            requires = wanted(case, reason, to_level, self._policy)
            document, written = await with_request(
                tx, case, content, requires=requires, by=by, at=now
            )

            def act(ledger: Ledger, case: Case, cause: Cause, at: datetime) -> None:
                wish = Request(
                    by=by,
                    reason=reason,
                    to_level=to_level,
                    at=at,
                    key=str(cause.id),
                    written=written,
                )
                if not ledger.hear(ticket_id, wish, cause):
                    raise DomainError(409, "Nothing to raise", f"It is at {case.level} already.")

            deed = audit.Deed(principal=by, action="escalate", object=str(ticket_id), reason=reason)
            row, said = await self._run(tx, now, ticket_id, act, deed)
            if written is not None:
                await store_handoffs.add(tx, ticket_id, written, document)
            if key is not None:
                body = msgspec.Raw(msgspec.json.encode(row))
                await idempotency.remember(tx, key, idempotency.Answer(CREATED, body))
            return row, said

        return await self._writer.write(command)

    async def acknowledge(self, escalation_id: UUID, *, by: str) -> EscalationRow:
        """Take responsibility; again is the same. Raises DomainError: 404 unknown, 409 over."""

        async def command(tx: Transaction, now: datetime) -> Outcome:
            def act(ledger: Ledger, case: Case, cause: Cause, at: datetime) -> None:
                _assert_open(case, escalation_id)
                ledger.hear(case.ticket_id, Acknowledge(by=by, via="api", at=at), cause)

            deed = audit.Deed(principal=by, action="acknowledge", object=str(escalation_id))
            ticket_id = await _ticket_of(tx, escalation_id)
            return await self._run(tx, now, ticket_id, act, deed)

        return await self._writer.write(command)

    async def resolve(self, escalation_id: UUID, *, reason: str, by: str) -> EscalationRow:
        """End the escalation while the ticket goes on (semantics X5). Raises DomainError: 404, 409."""

        async def command(tx: Transaction, now: datetime) -> Outcome:
            def act(ledger: Ledger, case: Case, cause: Cause, at: datetime) -> None:
                _assert_open(case, escalation_id)
                ledger.hear(case.ticket_id, Deescalate(reason=masked(reason), at=at), cause)

            deed = audit.Deed(
                principal=by, action="de_escalate", object=str(escalation_id), reason=reason
            )
            ticket_id = await _ticket_of(tx, escalation_id)
            return await self._run(tx, now, ticket_id, act, deed)

        return await self._writer.write(command)

    async def _run(
        self, tx: Transaction, now: datetime, ticket_id: UUID, act: Act, deed: audit.Deed
    ) -> Outcome:
        """Act on one case, locked; answer with its escalation as it is then."""
        stored = await store.lock(tx, ticket_id)
        if stored is None or stored.case.timeline.phase is Phase.UNOPENED:
            raise _unknown("ticket", "path.ticket_id", ticket_id)
        ledger = Ledger({ticket_id: stored}, policy=self._policy, metrics=self._metrics, now=now)
        act(ledger, stored.case, _new_cause(), now)
        said = await ledger.save(tx)
        await audit.record(tx, deed, now)
        escalation = ledger.case(ticket_id).escalation
        assert escalation is not None
        row = await store.escalation(tx, escalation.escalation_id)
        assert row is not None
        return row, said

    def _check(self, reason: str, to_level: str | None) -> None:
        """Raises DomainError 422 for words the workflow does not have."""
        known = self._policy.escalation.manual_reasons
        if reason not in known:
            fault = FieldError("body.reason", f"is none of {', '.join(known)}")
            raise DomainError(422, "Unknown reason", f"No reason {reason!r}.", errors=[fault])
        names = [name for level in self._policy.levels for name in (level.name, *level.aliases)]
        if to_level is not None and to_level not in names:
            fault = FieldError("body.to_level", f"is none of {', '.join(names)}")
            raise DomainError(422, "Unknown level", f"No level {to_level!r}.", errors=[fault])


async def _answered(
    tx: Transaction, key: idempotency.Request, now: datetime
) -> EscalationRow | None:
    """What was answered when this key came before. Raises DomainError 422 for another request's key."""
    try:
        answer = await idempotency.recall(tx, key, now)
    except idempotency.KeyReusedError as error:
        fault = FieldError("header.idempotency-key", "was used for another request")
        raise DomainError(422, "Key used before", str(error), errors=[fault]) from error
    return None if answer is None else msgspec.json.decode(answer.body, type=EscalationRow)


async def _ticket_of(tx: Transaction, escalation_id: UUID) -> UUID:
    row = await store.escalation(tx, escalation_id)
    if row is None:
        raise _unknown("escalation", "path.escalation_id", escalation_id)
    return row.ticket_id


def _assert_open(case: Case, escalation_id: UUID) -> None:
    """Raises DomainError 409 unless that escalation is the one that is open."""
    escalation = case.open_escalation
    if escalation is None or escalation.escalation_id != escalation_id:
        raise DomainError(409, "Escalation is over", "It has been resolved.")


def _unknown(what: str, field: str, value: UUID) -> DomainError:
    fault = FieldError(field, f"the escalator has met no such {what}")
    return DomainError(404, f"Unknown {what}", f"No {what} {value}.", errors=[fault])


def _new_cause() -> Cause:
    """A command as a cause: nothing came before it."""
    command = new_id()
    return Cause(id=command, correlation_id=command, traceparent=of_request())

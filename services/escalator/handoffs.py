"""Writing hand-off documents: a version at a time, each one transaction, audited (semantics X4, X9)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.escalator import store, store_handoffs
from services.escalator.domain.case import Case
from services.escalator.domain.timeline import Phase
from services.escalator.domain.written import Content, Written, missing, next_version
from services.escalator.ledger import Ledger
from services.escalator.metrics import EscalatorMetrics
from services.escalator.store_handoffs import HandoffRow
from shared.contracts import Cause, FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.problems import DomainError, FieldError
from shared.ids import new_id
from shared.observability.tracing import of_request
from shared.policy import WorkflowPolicy
from shared.runtime.writer import Writer

#: How many versions are named with a document.
VERSIONS: Final = 20

_OVER: Final = (Phase.CLOSED, Phase.MERGED)

Found = tuple[Case, list[HandoffRow]]


class Handoffs:
    """Reads and writes what people say in hand-off documents."""

    def __init__(self, writer: Writer, policy: WorkflowPolicy, metrics: EscalatorMetrics) -> None:
        self._writer = writer
        self._policy = policy
        self._metrics = metrics

    async def write(
        self, ticket_id: UUID, content: Content, *, versions: Collection[int] | None, by: str
    ) -> Found:
        """Put `content` in the place of what was written, if that is one of `versions` still (None: any).

        What is written counts as progress on the ticket (semantics L4). Raises DomainError: 404 for an
        unknown ticket, 409 for one that is over, 412 when somebody else wrote meanwhile.
        """

        async def command(tx: Transaction, now: datetime) -> tuple[Found, Sequence[FollowUp]]:
            stored = await store.lock(tx, ticket_id)
            case = known(stored.case if stored else None, ticket_id)
            assert stored is not None
            if case.timeline.phase in _OVER:
                raise DomainError(409, "Ticket is over", f"It is {case.timeline.status}.")
            _assert_unchanged(case.ticket.written, versions)
            before = await store_handoffs.latest(tx, ticket_id)
            written = next_version(content, case.ticket.written, by=by, at=now)
            ledger = Ledger(
                {ticket_id: stored}, policy=self._policy, metrics=self._metrics, now=now
            )
            ledger.hear(ticket_id, written, _new_cause())
            said = await ledger.save(tx)
            await store_handoffs.add(tx, ticket_id, written, content)
            await audit.record(tx, _deed(ticket_id, by, before, content), now)
            rows = await store_handoffs.versions(tx, ticket_id, limit=VERSIONS)
            return (ledger.case(ticket_id), rows), said

        return await self._writer.write(command)


async def read(tx: Transaction, ticket_id: UUID) -> Found:
    """The case and the last versions of what was written. Raises DomainError 404."""
    stored = await store.read(tx, ticket_id)
    case = known(stored.case if stored else None, ticket_id)
    return case, await store_handoffs.versions(tx, ticket_id, limit=VERSIONS)


def known(case: Case | None, ticket_id: UUID) -> Case:
    """The case of a ticket that was opened. Raises DomainError 404."""
    if case is None or case.timeline.phase is Phase.UNOPENED:
        fault = FieldError("path.ticket_id", "the escalator has met no such ticket")
        raise DomainError(404, "Unknown ticket", f"No ticket {ticket_id}.", errors=[fault])
    return case


async def with_request(
    tx: Transaction,
    case: Case,
    content: Content | None,
    *,
    requires: Collection[str],
    by: str,
    at: datetime,
) -> tuple[Content, Written | None]:
    """What is in force when the level is changed by hand, with `content` over what was written before;
    and the version it becomes, if somebody wrote now. `requires`: what the level asks for that it goes to.

    Raises DomainError 422 naming what is missing (semantics X4).
    """
    before = await store_handoffs.latest(tx, case.ticket_id)
    document = content.over(before) if content is not None else before
    faults = [
        FieldError(f"body.handoff.{name}", "is needed to change the level by hand")
        for name in missing(document.fields, requires)
    ]
    if faults:
        named = " and ".join(fault.field for fault in faults)
        detail = f"Say it with the request ({named}), or write the hand-off document first."
        raise DomainError(422, "Hand-off incomplete", detail, errors=faults)
    if document == before:
        return document, None
    return document, next_version(document, case.ticket.written, by=by, at=at)


def _assert_unchanged(written: Written | None, versions: Collection[int] | None) -> None:
    """Raises DomainError 412 when what is written is another version."""
    version = written.version if written else 0
    if versions is None or version in versions:
        return
    who = f", written by {written.by}" if written else ""
    fault = FieldError("header.if-match", f'the document is version "{version}"')
    detail = f"The document is version {version} now{who}. Read it again."
    raise DomainError(412, "Changed meanwhile", detail, errors=[fault])


def _deed(ticket_id: UUID, by: str, before: Content, after: Content) -> audit.Deed:
    return audit.Deed(
        principal=by,
        action="write_handoff",
        object=str(ticket_id),
        before_sha256=_digest(before),
        after_sha256=_digest(after),
    )


def _digest(content: Content) -> bytes:
    return hashlib.sha256(msgspec.json.encode(content)).digest()


def _new_cause() -> Cause:
    command = new_id()
    return Cause(id=command, correlation_id=command, traceparent=of_request())

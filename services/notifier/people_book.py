"""Changes of the directory, each one transaction with its entry in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.auth import Principal
from shared.http.problems import DomainError, FieldError
from shared.runtime.writer import Writer

from .domain.absence import delegate_fault
from .domain.recipient import Recipient
from .recipient_models import RecipientBody, unknown
from .store import recipients, watchers

#: What becomes of a recipient, at that instant.
Change = Callable[[Recipient, datetime], Recipient]


class PeopleBook:
    """Adds, changes and forgets recipients. `targets` are those that `apprise` is configured with, None
    where it is off and any name is taken.
    """

    def __init__(self, writer: Writer, targets: Sequence[str] | None = None) -> None:
        self._writer = writer
        self._targets = targets

    async def put(
        self, principal: Principal, given: Mapping[str, RecipientBody], *, path: str
    ) -> list[Recipient]:
        """Add or replace recipients. `path` with `{n}` for their number leads to one in the request.

        Raises DomainError 422 for an absence whose delegate is nobody, or leads back.
        """

        async def work(tx: Transaction, now: datetime) -> tuple[list[Recipient], list[FollowUp]]:
            known = {one.recipient_id: one for one in await recipients.everyone(tx)}
            made = [body.recipient(name, known.get(name)) for name, body in given.items()]
            known |= {one.recipient_id: one for one in made}
            faults = [
                FieldError(f"{path.format(n=n)}.{fault.field}", fault.message)
                for n, one in enumerate(made)
                for fault in self._faults(one, known)
            ]
            if faults:
                raise _invalid(faults)
            await recipients.put(tx, made)
            await _note(tx, principal, "put_recipients", ",".join(sorted(given)), now)
            return made, []

        return await self._writer.write(work)

    async def change(
        self, principal: Principal, recipient_id: str, action: str, change: Change
    ) -> Recipient:
        """Change one recipient. Raises DomainError: 404 for an unknown one, 422 for a wrong delegate."""

        async def work(tx: Transaction, now: datetime) -> tuple[Recipient, list[FollowUp]]:
            known = {one.recipient_id: one for one in await recipients.everyone(tx)}
            if recipient_id not in known:
                raise unknown_recipient(recipient_id, known)
            changed = change(known[recipient_id], now)
            known[recipient_id] = changed
            if (fault := delegate_fault(changed, known.get)) is not None:
                raise _invalid([FieldError("body.delegate", _suggested(fault, changed, known))])
            await recipients.put(tx, [changed])
            await _note(tx, principal, action, recipient_id, now)
            return changed, []

        return await self._writer.write(work)

    async def forget(self, principal: Principal, recipient_id: str) -> None:
        """Forget a recipient, who then watches nothing. Raises DomainError 404 for an unknown one."""

        async def work(tx: Transaction, now: datetime) -> tuple[bool, list[FollowUp]]:
            if not await recipients.delete(tx, recipient_id):
                known = {one.recipient_id: one for one in await recipients.everyone(tx)}
                raise unknown_recipient(recipient_id, known)
            await watchers.forget(tx, recipient_id)
            await _note(tx, principal, "delete_recipient", recipient_id, now)
            return True, []

        await self._writer.write(work)

    def _faults(self, one: Recipient, known: Mapping[str, Recipient]) -> list[FieldError]:
        faults = []
        if (fault := delegate_fault(one, known.get)) is not None:
            faults.append(FieldError("away.delegate", _suggested(fault, one, known)))
        target = one.channels.get("apprise")
        if target is not None and self._targets is not None and target not in self._targets:
            faults.append(FieldError("channels.apprise", unknown("target", target, self._targets)))
        return faults


def unknown_recipient(
    recipient_id: str, known: Mapping[str, Recipient], *, field: str = "path.recipient_id"
) -> DomainError:
    """404 for a recipient nobody knows, with who was probably meant."""
    said = unknown("recipient", recipient_id, known)
    return DomainError(404, "Not found", f"There is {said}", errors=[FieldError(field, said)])


def _suggested(fault: str, one: Recipient, known: Mapping[str, Recipient]) -> str:
    delegate = one.away.delegate if one.away else None
    if delegate is None or delegate in known:
        return fault
    others = [name for name in known if name != one.recipient_id]
    return unknown("recipient", delegate, others)


def _invalid(faults: Sequence[FieldError]) -> DomainError:
    named = ", ".join(fault.field for fault in faults[:3])
    return DomainError(422, "Invalid request", f"Look at {named}.", errors=faults)


async def _note(
    tx: Transaction, principal: Principal, action: str, what: str, now: datetime
) -> None:
    deed = audit.Deed(principal=principal.name, action=action, object=what[:1000])
    await audit.record(tx, deed, now)

"""`POST /v1/customers:import`: the directory from a CSV table, wholly or not at all."""

from __future__ import annotations

import asyncio
from io import TextIOWrapper
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from services.intake.directory import Directory
from shared.http.auth import Principal, require
from shared.http.problems import DomainError, FieldError
from shared.policy.levels import CustomerPolicy

from .bodies import example_of
from .customer_table import MOST_FAULTS, Table, TableError

Writer = Annotated[Principal, Depends(require("contacts:write"))]
DryRun = Annotated[bool, Query(description="Say what would be done, and do nothing.")]

PATH: Final = "/v1/customers:import"

#: The largest table that is read, and how much of it is held in memory; the rest lies in a file.
MOST_BYTES: Final = 16 * 1024 * 1024
IN_MEMORY: Final = 1024 * 1024

#: Customers a transaction: whoever opens tickets for them meanwhile waits for no more than that.
AT_ONCE: Final = 500

#: The table in OpenAPI.
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "id,tier,email\nacme-1,enterprise,ana@example.org\n",
            }
        },
    }
}


class ImportAnswer(BaseModel):
    """What was done: `taken` are addresses that stayed another customer's, with that customer's id, at
    most a hundred of them; `repriced` counts open tickets that changed their tier.
    """

    model_config = example_of(customers=1200, dry_run=False, repriced=3, taken={})

    customers: int
    dry_run: bool
    repriced: int = 0
    taken: dict[str, str] = {}


def routes(directory: Directory, customers: CustomerPolicy) -> APIRouter:
    """The route of the import."""
    router = APIRouter(tags=["customers"])

    @router.post(PATH, openapi_extra=_BODY)
    async def import_customers(
        request: Request, who: Writer, *, dry_run: DryRun = False
    ) -> ImportAnswer:
        """Describe many customers anew, in the columns that the table has; an empty cell means unknown.

        A table with a fault changes nothing: every fault is told with its line, up to a hundred. One that
        breaks off on the way, because the database went, is simply sent again.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip() != "text/csv":
            raise DomainError(415, "Unsupported media type", "Send the table as text/csv.")
        with SpooledTemporaryFile(IN_MEMORY) as spool:
            async for chunk in request.stream():
                spool.write(chunk)
            spool.seek(0)
            text = TextIOWrapper(spool, encoding="utf-8-sig", newline="")
            found = await _checked(Table(text, customers))
            answer = ImportAnswer(customers=found, dry_run=dry_run)
            if not dry_run:
                await _write(directory, Table(text, customers), answer, by=who.name)
        return answer

    return router


async def _checked(table: Table) -> int:
    """How many customers the table describes. Beside the event loop: that takes a second for a large one."""
    try:
        return await asyncio.to_thread(table.check)
    except TableError as error:
        faults = [FieldError(fault.place, fault.message) for fault in error.faults]
        more = ", maybe more" if len(faults) == MOST_FAULTS else ""
        detail = f"{len(faults)} faults{more}; nothing was imported. Look at {faults[0].field}."
        raise DomainError(422, "Invalid table", detail, errors=faults) from error


async def _write(directory: Directory, table: Table, answer: ImportAnswer, *, by: str) -> None:
    entries = table.entries()
    while some := await asyncio.to_thread(lambda: list(islice(entries, AT_ONCE))):
        written = await directory.put(some, table.columns, by=by)
        answer.repriced += written.repriced
        free = MOST_FAULTS - len(answer.taken)
        answer.taken |= dict(islice(written.taken.items(), free))

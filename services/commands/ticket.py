"""`tierline ticket ID`: the whole story of one ticket from all services: what, when, why.

With `--why` the escalator's account of its clocks instead: every segment with its sum, and what comes next.

Reads the events every service wrote down (the kept window of its outbox), the messages' metadata, the
attempts to tell people, and what is parked. An operator's view, so it reads the database itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ask import ServiceError, ask_json, path_of
from services.installation import PORTS, Installation
from services.intake import views
from services.operator import look_into, operator
from shared.contracts import decode, type_of
from shared.db import outbox
from shared.db.engine import fetch

from .dead_letters import in_short
from .reasons import reasons
from .sentences import sentence
from .ticket_why import lines
from .where import carry_out, console, installation, stop

#: A ticket's id by what a person may know of it: the id, its end, or a source's own reference.
_FIND: Final = """
SELECT ticket_id FROM intake.ticket WHERE ticket_id::text = $1 OR ticket_id::text LIKE '%' || $1
UNION SELECT ticket_id FROM intake.external_ref WHERE external_id = $1 LIMIT 3
"""

#: What a service could not handle about a ticket.
_PARKED: Final = """
SELECT parked_at, reason, coalesce(error, '') FROM {service}.dead_letter
WHERE key = $1 AND released_at IS NULL ORDER BY parked_at
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: datetime
    service: str
    what: str
    text: str


def ticket(
    ticket_id: Annotated[
        str, typer.Argument(help="Its id, the end of it, or the source's own id.")
    ],
    why: Annotated[
        bool, typer.Option("--why", help="Why its clocks stand where they stand, and what is next.")
    ] = False,
) -> None:
    """The whole story of one ticket, from all services; or why its clocks stand where they stand."""
    where = installation()
    if not why:
        carry_out(_tell(where.database_url, ticket_id))
        return
    try:
        told = carry_out(_clocks(where, ticket_id))
    except ServiceError as error:
        stop(str(error))
    print("\n".join(lines(told)))


async def _clocks(where: Installation, wanted: str) -> dict[str, Any]:
    found = _id(wanted) or await find_ticket(where.database_url, wanted)
    return await ask_json(where, "escalator", "GET", path_of("tickets", str(found), "clocks"))


def _id(wanted: str) -> UUID | None:
    """The id, if it is written out; whether there is such a ticket the escalator knows best."""
    try:
        return UUID(wanted)
    except ValueError:
        return None


async def _tell(url: str, wanted: str) -> None:
    async with operator(url) as tx:
        found = await _find(tx, wanted)
        told = [*await _lines(tx, str(found)), *await _reasons(tx, found)]
        lines = sorted(told, key=lambda line: line.at)
        parked = await _parked(tx, str(found))
    _show(found, lines, parked)


async def find_ticket(url: str, wanted: str) -> UUID:
    """The id of the ticket that somebody means; ends the command if that is none, or not just one."""
    async with operator(url) as tx:
        return await _find(tx, wanted)


async def _find(tx: AsyncConnection, wanted: str) -> UUID:
    found = [row[0] for row in await fetch(tx, _FIND, (wanted,))]
    if not found:
        stop(
            f"No ticket {wanted!r}. Its id, the last digits of it, or the source's own id will do."
        )
    if len(found) > 1:
        stop(f"{wanted!r} fits more than one ticket, for instance {found[0]} and {found[1]}.")
    return UUID(str(found[0]))


async def _lines(tx: AsyncConnection, key: str) -> list[Line]:
    lines = []
    for service in PORTS:
        await look_into(tx, service)
        for document in await outbox.story(tx, key):
            event = decode(document)
            lines.append(
                Line(event.time, service, type_of(event.payload).name, sentence(event.payload))
            )
    return lines


async def _reasons(tx: AsyncConnection, ticket_id: UUID) -> list[Line]:
    """Why intake classified it as it did; what nothing speaks for is left out."""
    await look_into(tx, "intake")
    found = [one for one in await views.evidence(tx, ticket_id) if one.rule != "default"]
    return [
        Line(at, "intake", "why", "; ".join(reasons(list(some))))
        for at, some in groupby(found, key=lambda one: one.at)
    ]


async def _parked(tx: AsyncConnection, key: str) -> list[tuple[Any, ...]]:
    return [
        (service, *row)
        for service in PORTS
        for row in await fetch(tx, _PARKED.format(service=service), (key,))
    ]


def _show(ticket_id: UUID, lines: Sequence[Line], parked: Sequence[tuple[Any, ...]]) -> None:
    told = console()
    table = Table(title=f"Ticket {ticket_id}", title_justify="left", box=None, pad_edge=False)
    for column in ("time (UTC)", "service", "event", "what and why"):
        table.add_column(column, no_wrap=column != "what and why")
    for line in lines:
        at = f"{line.at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
        table.add_row(at, line.service, line.what, escape(line.text))
    told.print(table)
    for service, at, reason, error in parked:
        short = escape(in_short(error))
        told.print(f"[red]parked[/red] by {service} at {at:%H:%M:%S}: {reason}: {short}")
    if parked:
        told.print("See `tierline dead-letters list`.")

"""`tierline dead-letters`: what could not be handled, why, and another try."""

from __future__ import annotations

import getpass
import re
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from services.installation import PORTS
from services.operator import look_into, operator
from shared.clock import SystemClock
from shared.db import dead_letters
from shared.db.dead_letters import Parked

from .where import carry_out, console, installation, stop

#: How a traceback names an exception; what PostgreSQL and SQLAlchemy add stands on lines of its own.
_RAISED: Final = re.compile(r"[\w.]*(Error|Exception)\b.*:")

app = typer.Typer(
    no_args_is_help=True, help="What could not be handled: see it, release it, or give it up."
)

Only = Annotated[str | None, typer.Option("--service", help="Only this service's.")]
Letter = Annotated[str, typer.Argument(help="SERVICE/NUMBER, as the list shows it.")]


@app.command("list")
def list_(
    service: Only = None,
    ticket: Annotated[str | None, typer.Option(help="Only this ticket's.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many a service.")] = 100,
) -> None:
    """What is parked now, oldest first."""
    found = carry_out(_parked(_services(service), ticket, limit))
    if not found:
        print("Nothing is parked.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("letter", "parked (UTC)", "reason", "topic", "ticket", "what happened"):
        table.add_column(column, no_wrap=column != "what happened")
    for name, letter in found:
        reason = letter.reason + (", release asked for" if letter.release_requested_at else "")
        table.add_row(
            f"{name}/{letter.id}",
            f"{letter.parked_at:%Y-%m-%d %H:%M:%S}",
            reason,
            letter.topic,
            escape(letter.key or "-"),
            escape(in_short(letter.error)),
        )
    console().print(table)


@app.command()
def show(letter: Letter) -> None:
    """One parked record whole: where it was read, its bytes, the error."""
    name, parked = carry_out(_one(letter))
    print(
        f"{name}/{parked.id}: {parked.reason}, read at {parked.topic}[{parked.partition}]@{parked.offset}"
    )
    print(f"event {parked.event_id}, ticket {parked.key or '-'}, sequence {parked.sequence or '-'}")
    state = f"released {parked.released_at}" if parked.released_at else "parked"
    print(f"parked {parked.parked_at}, {state}\n\n{parked.error}\n")
    print(parked.raw.decode(errors="backslashreplace"))


@app.command()
def release(
    letter: Annotated[str | None, typer.Argument(help="SERVICE/NUMBER; or use --ticket.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Everything parked of this ticket.")] = None,
    service: Only = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would be released, only.")] = False,
) -> None:
    """Ask the running service to handle parked records again, in order, by its own handler.

    What fails again stays parked with the new error; `list` shows it.
    """
    if (letter is None) == (ticket is None):
        stop("Name either one letter (SERVICE/NUMBER) or --ticket.", 2)
    if letter is not None:
        name, parked = carry_out(_one(letter))
        wanted = [(name, parked)] if parked.released_at is None else []
    else:
        wanted = carry_out(_parked(_services(service), ticket, 1000))
    for name, parked in wanted:
        print(f"{name}/{parked.id}: {parked.reason}, ticket {parked.key or '-'}")
    if dry_run or not wanted:
        print("dry run: nothing was asked for" if wanted else "nothing to release")
        return
    carry_out(_request(wanted))
    print(f"asked for {len(wanted)}; the running service handles them within a second or two")


@app.command()
def discard(
    letter: Letter,
    reason: Annotated[str, typer.Option(help="Why it is given up; kept in the audit log.")],
) -> None:
    """Give one parked record up for good, so that it no longer holds its ticket back.

    It is never handled; its row stays, and so does who discarded it and why.
    """
    name, parked = carry_out(_one(letter))
    if parked.released_at is not None:
        stop(f"{letter} was released or discarded at {parked.released_at:%Y-%m-%d %H:%M:%S}.")
    carry_out(_discard(name, parked, reason))
    print(f"{letter} is given up; what stood behind it follows within a second or two")


async def _discard(name: str, parked: Parked, reason: str) -> None:
    async with operator(installation().database_url) as tx:
        await look_into(tx, name)
        by = f"operator:{getpass.getuser()}"
        await dead_letters.discard(tx, parked, SystemClock().now(), by=by, reason=reason)


async def _parked(services: list[str], ticket: str | None, limit: int) -> list[tuple[str, Parked]]:
    async with operator(installation().database_url) as tx:
        found = []
        for name in services:
            await look_into(tx, name)
            letters = await dead_letters.list_parked(tx, key=ticket, limit=limit)
            found += [(name, letter) for letter in letters]
        return found


async def _one(letter: str) -> tuple[str, Parked]:
    name, _, number = letter.partition("/")
    if not number.isdigit():
        stop(
            f"{letter!r} is no letter: write SERVICE/NUMBER, as `tierline dead-letters list` does.",
            2,
        )
    async with operator(installation().database_url) as tx:
        await look_into(tx, _services(name)[0])
        parked = await dead_letters.show(tx, int(number))
    if parked is None:
        stop(f"There is no {letter}.")
    return name, parked


async def _request(wanted: list[tuple[str, Parked]]) -> None:
    now = SystemClock().now()
    async with operator(installation().database_url) as tx:
        for name, parked in wanted:
            await look_into(tx, name)
            await dead_letters.request_release(tx, now, number=parked.id)


def _services(only: str | None) -> list[str]:
    if only is not None and only not in PORTS:
        stop(f"No service {only!r}; there are {', '.join(PORTS)}.", 2)
    return [only] if only else list(PORTS)


def in_short(error: str) -> str:
    """The one line of an error that says what happened; of a traceback, its last exception."""
    lines = [line for line in error.strip().splitlines() if line.strip()]
    raised = [line for line in lines if _RAISED.match(line)]
    return (raised or lines or [""])[-1]

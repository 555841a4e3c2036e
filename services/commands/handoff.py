"""`tierline handoff`: what whoever takes over a ticket must know, to read and to write."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.markdown import Markdown

from services.ask import ServiceError
from services.handoff_writing import HandoffFileError, page, read_file, write
from services.installation import Installation
from shared.contracts.vocabulary import SentimentLabel

from .ticket import find_ticket
from .where import carry_out, console, installation, stop

_EXAMPLES = """
For instance:

  tierline handoff show 4711

  tierline handoff edit 4711 --tried "Reset the session keys: no change" --next "Read the server's log"

  tierline handoff edit 4711 --file handoff.yaml
"""

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    help=f"A ticket's hand-off document: show, edit.\n{_EXAMPLES}",
)

Ticket = Annotated[
    str,
    typer.Argument(metavar="TICKET", help="Its id, the end of it, or the source's own id."),
]


@app.command()
def show(
    ticket: Ticket,
    json: Annotated[bool, typer.Option("--json", help="As programs read it.")] = False,
) -> None:
    """The whole document; Markdown as it is where the output is no terminal."""
    where = installation()
    form = "json" if json else "markdown"

    async def asked() -> str:
        return await page(where, await _id(where, ticket), form=form)

    told = _carried_out(asked())
    if json or not console().is_terminal:
        print(told)
    else:
        console().print(Markdown(told))


@app.command()
def edit(
    ticket: Ticket,
    *,
    summary: Annotated[str | None, typer.Option(help="What it is about.")] = None,
    tried: Annotated[
        list[str] | None, typer.Option(help="An action and its result; again for another one.")
    ] = None,
    next_steps: Annotated[
        list[str] | None, typer.Option("--next", help="What to do next; again for another one.")
    ] = None,
    expectation: Annotated[str | None, typer.Option(help="What the customer wants.")] = None,
    sentiment: Annotated[
        SentimentLabel | None, typer.Option(help="How the customer feels.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="YAML with summary, tried, sentiment, expectation, next_steps: all of it anew.",
        ),
    ] = None,
) -> None:
    """Write into the document; what is not named stays as it is."""
    said = {
        "summary": summary,
        "tried": tried,
        "sentiment": sentiment,
        "expectation": expectation,
        "next_steps": next_steps,
    }
    fields = {**_of_file(file), **{name: value for name, value in said.items() if value}}
    if not fields:
        stop(
            "Nothing to write: say --summary, --tried, --next, --expectation, --sentiment, --file."
        )
    where = installation()

    async def asked() -> dict[str, Any]:
        return await write(where, await _id(where, ticket), fields, anew=file is not None)

    told = _carried_out(asked())
    names = ", ".join(name.replace("_", " ") for name in told["written"])
    print(f"{told['ticket_id']}: version {told['version']} is in force; written: {names}")


async def _id(where: Installation, ticket: str) -> str:
    """The ticket's id; whether there is one that is written out the escalator knows best."""
    try:
        return str(UUID(ticket))
    except ValueError:
        return str(await find_ticket(where.database_url, ticket))


def _of_file(path: Path | None) -> dict[str, Any]:
    try:
        return read_file(path) if path else {}
    except HandoffFileError as error:
        stop(str(error))


def _carried_out(work: Coroutine[Any, Any, T]) -> T:
    """The command ends with the escalator's sentence if it refuses."""
    try:
        return carry_out(work)
    except ServiceError as error:
        stop(str(error))

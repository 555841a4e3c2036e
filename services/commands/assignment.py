"""`tierline assignment`: who has a ticket and why, and what its agent says of it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from services.ask_router import RouterError, ask_json, path_of

from .ticket import find_ticket
from .where import carry_out, console, installation, stop

_EXAMPLES = """
For instance:

  tierline assignment show 4711 --explain

  tierline assignment claim 4711 sofia

  tierline assignment decline 4711 sofia
"""

app = typer.Typer(
    no_args_is_help=True,
    help=f"Who has a ticket: show, claim, accept, decline, release.\n{_EXAMPLES}",
)

Ticket = Annotated[
    str,
    typer.Argument(metavar="TICKET", help="Its id, the end of it, or the source's own id."),
]
Agent = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's id.")]


@app.command()
def show(
    ticket: Ticket,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also how everybody stands to it now.")
    ] = False,
) -> None:
    """Who has a ticket, or where it waits and why."""
    told = carried_out(ticket, "GET", "assignment", params={"explain": str(explain).lower()})
    print(f"{told['ticket_id']}: {_stand(told)}")
    if told["slack_seconds"] is not None:
        print(f"work on it has to begin within {told['slack_seconds'] / 60:.0f} min")
    if told["people"]:
        console().print(_people(told["people"]))


@app.command()
def claim(ticket: Ticket, agent: Agent) -> None:
    """An agent takes a waiting ticket; that counts as accepted."""
    told = carried_out(ticket, "POST", "claim", agent)
    print(f"{told['agent_id']} has {told['ticket_id']}")


@app.command()
def accept(ticket: Ticket, agent: Agent) -> None:
    """The agent who was given a ticket works on it."""
    told = carried_out(ticket, "POST", "accept", agent)
    print(f"{told['agent_id']} works on {told['ticket_id']}")


@app.command()
def decline(ticket: Ticket, agent: Agent) -> None:
    """The agent gives a ticket back, and is not asked again before somebody has accepted it."""
    told = carried_out(ticket, "POST", "decline", agent)
    print(f"{told['ticket_id']}: {_stand(told)}")


@app.command()
def release(ticket: Ticket) -> None:
    """Take a ticket from its agent and queue it."""
    told = carried_out(ticket, "DELETE", "assignment")
    print(f"{told['ticket_id']}: {_stand(told)}")


def carried_out(
    ticket: str, method: str, what: str, agent: str | None = None, **more: Any
) -> dict[str, Any]:
    """Do it with the ticket that is meant; ends the command with the router's sentence if it refuses."""
    where = installation()
    if agent is not None:
        more["json"] = {"agent_id": agent}

    async def asked() -> dict[str, Any]:
        found = _id(ticket) or await find_ticket(where.database_url, ticket)
        return await ask_json(where, method, path_of("tickets", str(found), what), **more)

    try:
        return carry_out(asked())
    except RouterError as error:
        stop(str(error))


def _id(ticket: str) -> UUID | None:
    """The id, if it is written out; whether there is such a ticket the router knows best."""
    try:
        return UUID(ticket)
    except ValueError:
        return None


def _stand(told: dict[str, Any]) -> str:
    """Where the ticket stands, in a sentence."""
    if told["agent_id"]:
        by = told["accept_by"]
        state = "has accepted it" if told["accepted"] else f"is to accept it by {by[11:19]} UTC"
        return f"{told['agent_id']} has it from {told['queue']} and {state}"
    if told["status"] == "waiting":
        why = f": {told['wait']['reason'].replace('_', ' ')}" if told["wait"] else ""
        return f"waits in {told['queue']}{why}"
    return "nobody has to act on it"


def _people(people: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("place", "agent", "team", "fit", "load", "why"):
        table.add_column(column, no_wrap=True)
    for one in people["candidates"]:
        marks = [mark for mark in ("owner", "former", "knows") if one[mark]]
        load = f"{one['load']:g}/{one['limit']:g}"
        fit = f"{one['skill_fit']:.2f}"
        table.add_row(
            str(one["place"]), escape(one["agent_id"]), one["team"], fit, load, ", ".join(marks)
        )
    for one in people["refused"]:
        missing = f" ({', '.join(one['missing_skills'])})" if one["missing_skills"] else ""
        why = f"{one['reason'].replace('_', ' ')}{missing}"
        table.add_row("–", escape(one["agent_id"]), one["team"], "", "", escape(why))
    return table

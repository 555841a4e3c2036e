"""`tierline agents`: who is there, what they can do and have, and the roster as a file."""

from __future__ import annotations

from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from services import roster_file
from services.ask_router import RouterError, ask_json, path_of
from services.people import PeopleError
from shared.contracts.vocabulary import Presence

from .bars import bar
from .where import carry_out, console, installation, stop

T = TypeVar("T")

_EXAMPLES = """
For instance:

  tierline agents show sofia

  tierline agents presence sofia away

  tierline agents export > roster.csv

  tierline agents import roster.csv --check
"""

app = typer.Typer(
    invoke_without_command=True,
    help=f"Who works tickets, and how much they hold; without a command, everybody.\n{_EXAMPLES}",
)

AgentId = Annotated[str, typer.Argument(metavar="ID", help="The agent's id.")]


class Format(StrEnum):
    """How the roster is written."""

    CSV = "csv"
    YAML = "yaml"


@app.callback()
def everybody(context: typer.Context) -> None:
    """Who is there, at which level, and how much of what they can hold they have."""
    if context.invoked_subcommand is not None:
        return
    agents = _done(ask_json(installation(), "GET", "/v1/agents"))["agents"]
    if not agents:
        print("Nobody is in the roster. Bring agents in with `tierline agents import FILE`.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("agent", "name", "team", "level", "presence", "load", "tickets to act on"):
        table.add_column(column, no_wrap=column != "tickets to act on")
    for agent in agents:
        table.add_row(
            escape(agent["agent_id"]),
            escape(agent["name"]),
            agent["team"],
            agent["level"],
            _presence(agent),
            _load(agent),
            _counts(agent["held"]),
        )
    console().print(table)


@app.command()
def show(agent_id: AgentId) -> None:
    """Everything about one agent, and the tickets they have."""
    agent, desk = _done(_look_at(agent_id))
    told = console()
    told.print(f"[bold]{escape(agent['name'])}[/bold] ({agent['agent_id']})")
    caps = _counts(agent["channel_caps"]) or "the workflow's"
    for name, value in (
        ("team", f"{agent['team']}, {agent['level']}"),
        ("presence", _presence(agent)),
        ("shift", agent["shift"] or "always"),
        ("load", _load(agent)),
        ("skills", _counts(agent["skills"]) or "none"),
        ("channels", ", ".join(agent["channels"]) or "all"),
        ("caps", caps),
        ("accepts", "whatever they are given" if agent["auto_accept"] else "by hand"),
    ):
        told.print(f"  {name:<9} {value}")
    told.print(_tickets(desk["tickets"]) if desk["tickets"] else "  has no tickets")


@app.command()
def presence(
    agent_id: AgentId, state: Annotated[Presence, typer.Argument(help="Where they are.")]
) -> None:
    """Say that an agent is online, busy, away or offline; who goes offline lets go of their tickets."""
    path = path_of("agents", agent_id, "presence")
    agent = _done(ask_json(installation(), "PUT", path, json={"presence": state.value}))
    print(f"{agent['agent_id']} is {agent['presence']}")


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="CSV, or YAML as deploy/people.yaml."),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Say what would change, and change nothing.")
    ] = False,
) -> None:
    """Add or change the agents of a file: all of them, or none if there is a fault. Nobody is removed.

    In CSV the header names the columns, skills are written as incident:4;billing:3, caps of channels as
    phone:1. A column that is not there stays as it is.
    """
    told = _done(roster_file.import_file(installation(), file, dry_run=check))
    for change in told["changes"]:
        print(_change(change))
    unchanged = len(told["agents"]) - len(told["changes"])
    said = "would change; nothing was changed" if check else "changed"
    print(f"{len(told['changes'])} agents {said}, {unchanged} are as they were")


@app.command()
def export(
    format: Annotated[  # noqa: A002  # the option's name
        Format, typer.Option("--format", help="What is written.")
    ] = Format.CSV,
) -> None:
    """Write the roster to the standard output, so that `import` reads it again. Presences are left out."""
    where = installation()
    csv = format is Format.CSV
    print(_done(roster_file.export_csv(where) if csv else roster_file.export_yaml(where)), end="")


async def _look_at(agent_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    where = installation()
    agent = await ask_json(where, "GET", path_of("agents", agent_id))
    return agent, await ask_json(where, "GET", path_of("agents", agent_id, "tickets"))


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return carry_out(work)
    except (RouterError, PeopleError) as error:
        stop(str(error))


def _presence(agent: dict[str, Any]) -> str:
    """Where they are, and what keeps them from new tickets though they are there."""
    notes = [] if agent["on_shift"] else ["off shift"]
    notes += ["silent"] if agent["suspect"] else []
    return ", ".join([agent["presence"], *notes])


def _load(agent: dict[str, Any]) -> str:
    target = agent["capacity_target"]
    limit = agent["capacity"] if target is None else target
    return f"{bar(agent['load'], limit)} {agent['load']:g}/{limit:g}"


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counted.items()))


def _tickets(tickets: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("ticket", "queue", "priority", "category", "channel", "weight", "state"):
        table.add_column(column, no_wrap=True)
    for ticket in tickets:
        state = "paused" if ticket["paused"] else "accepted"
        if ticket["accept_by"]:
            state = f"to accept by {ticket['accept_by'][11:19]} UTC"
        plain = [ticket[name] for name in ("ticket_id", "queue", "priority", "category", "channel")]
        table.add_row(*map(escape, plain), str(ticket["weight"]), state)
    return table


def _change(change: dict[str, Any]) -> str:
    if change["added"]:
        return f"{change['agent_id']}: new"
    fields = [
        f"{name} {_plain(field['before'])} → {_plain(field['after'])}"
        for name, field in change["fields"].items()
    ]
    return f"{change['agent_id']}: {'; '.join(fields)}"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return _counts(value) or "none"
    if isinstance(value, list):
        return ", ".join(value) or "all"
    return "none" if value is None else str(value)

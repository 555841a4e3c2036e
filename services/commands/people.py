"""`tierline people`: who can be told, whether they are there, and everybody as a file."""

from __future__ import annotations

from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from services import people_file
from services.ask import ServiceError, ask, path_of
from services.people import EXAMPLE, PeopleError

from .moment import FORM, moment, shown
from .where import carry_out, console, installation, stop

T = TypeVar("T")

_EXAMPLES = """
For instance:

  tierline people import people.yaml

  tierline people away ana --until 2026-06-05 --delegate ben

  tierline people watch ana --customer acme

  tierline people export --format csv > people.csv
"""

app = typer.Typer(
    no_args_is_help=True,
    help=f"Who can be told, over which channels, and whether they are there.\n{_EXAMPLES}",
)

RecipientId = Annotated[str, typer.Argument(metavar="ID", help="The recipient's id.")]


class Format(StrEnum):
    """How people are written."""

    YAML = "yaml"
    CSV = "csv"


@app.callback()
def _group() -> None:
    """Agents who work tickets and recipients who are told."""


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="YAML as deploy/people.yaml, or CSV."),
    ] = EXAMPLE,
) -> None:
    """Add or change everybody a file names; nobody is removed. A CSV table has recipients only.

    Who is away or muted stays so unless the file says something else.
    """
    try:
        work = people_file.import_people(installation(), file)
    except PeopleError as error:
        stop(str(error))
    told = _done(work)
    print(f"{told['agents']} agents and {told['recipients']} recipients are known")
    if told["rotations"]:
        print(f"{told['rotations']} teams take turns being on call")


@app.command()
def export(
    format: Annotated[  # noqa: A002  # the option's name
        Format, typer.Option("--format", help="CSV has recipients only.")
    ] = Format.YAML,
) -> None:
    """Write everybody to the standard output, so that `import` reads it again. Addresses may be secrets."""
    where = installation()
    if format is Format.CSV:
        recipients = _done(ask(where, "notifier", "GET", "/v1/recipients")).json()
        print(people_file.as_csv(recipients), end="")
        return
    print(people_file.as_yaml(_done(people_file.everybody(where))), end="")


@app.command("list")
def list_() -> None:
    """Everybody who can be told, with their roles and channels, and who is away."""
    people = _done(ask(installation(), "notifier", "GET", "/v1/recipients")).json()
    if not people:
        print("Nobody can be told yet. Bring people in with `tierline people import FILE`.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("recipient", "name", "team", "roles", "channels", ""):
        table.add_column(column, no_wrap=column in {"recipient", "name", "team"})
    for one in people:
        plain = (one["recipient_id"], one["name"], one["team"] or "")
        lists = (", ".join(one["roles"]), ", ".join(one["channels"]), "; ".join(_notes(one)))
        table.add_row(*map(escape, (*plain, *lists)))
    console().print(table)


@app.command()
def show(recipient_id: RecipientId) -> None:
    """Everything about one recipient."""
    one = _done(ask(installation(), "notifier", "GET", path_of("recipients", recipient_id))).json()
    told = console()
    told.print(f"[bold]{escape(one['name'])}[/bold] ({escape(one['recipient_id'])})")
    quiet = one["quiet"]
    rows = {
        "team": one["team"] or "none",
        "roles": ", ".join(one["roles"]) or "none",
        "language": one["language"] or "the workflow's",
        "zone": one["zone"] or "the workflow's",
        "quiet": f"{quiet['since']} to {quiet['until']}" if quiet else "never",
        **{channel: "yes" if to is True else to for channel, to in one["channels"].items()},
        **{f"{urgency} first": ", ".join(to) for urgency, to in one["prefer"].items()},
        "now": "; ".join(_notes(one)) or "there",
    }
    for name, value in rows.items():
        told.print(f"  {name:<12} {escape(value)}")


@app.command()
def away(
    recipient_id: RecipientId,
    until: Annotated[str, typer.Option(help=f"When they are back: {FORM}.")],
    since: Annotated[
        str | None, typer.Option("--from", help="When they leave; now if it is not said.")
    ] = None,
    delegate: Annotated[str | None, typer.Option(help="Who is told instead.")] = None,
) -> None:
    """Somebody is out of office; without a delegate, what they would be told reaches nobody."""
    body = {"until": moment(until, "--until"), "delegate": delegate}
    if since is not None:
        body["since"] = moment(since, "--from")
    path = path_of("recipients", recipient_id, "absence")
    one = _done(ask(installation(), "notifier", "PUT", path, json=body)).json()
    print(f"{one['recipient_id']} is {_absence(one['away'])}")


@app.command()
def back(recipient_id: RecipientId) -> None:
    """Somebody is back, and is told again: neither away nor muted."""
    where = installation()
    for what in ("absence", "mute"):
        _done(ask(where, "notifier", "DELETE", path_of("recipients", recipient_id, what)))
    print(f"{recipient_id} is there")


@app.command()
def mute(
    recipient_id: RecipientId, until: Annotated[str, typer.Option(help=f"Until when: {FORM}.")]
) -> None:
    """Somebody is told nothing for a while, and nobody instead of them. `back` ends it."""
    path = path_of("recipients", recipient_id, "mute")
    body = {"until": moment(until, "--until")}
    one = _done(ask(installation(), "notifier", "PUT", path, json=body)).json()
    print(f"{one['recipient_id']} is muted until {shown(one['muted_until'])}")


@app.command()
def summaries(
    recipient_id: RecipientId,
    on: Annotated[bool, typer.Option("--on/--off", help="Send them, or stop them.")],
) -> None:
    """Bundles and digests by mail: stop them for somebody, as the link in each does, or send them again."""
    path = path_of("recipients", recipient_id, "no-digests")
    _done(ask(installation(), "notifier", "DELETE" if on else "PUT", path))
    print(f"{recipient_id} gets {'' if on else 'no '}summaries by mail")


@app.command()
def watch(
    recipient_id: RecipientId,
    ticket: Annotated[str | None, typer.Option(help="A ticket's id.")] = None,
    customer: Annotated[
        str | None, typer.Option(help="A customer's id: all their tickets.")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Watch it no longer.")] = False,
) -> None:
    """Somebody watches a ticket, or everything of a customer: rules tell them as `watchers`."""
    if (ticket is None) == (customer is None):
        raise typer.BadParameter("name either a ticket or a customer", param_hint="--ticket")
    kind, subject = ("tickets", ticket) if ticket is not None else ("customers", customer)
    path = path_of(kind, subject or "", "watchers", recipient_id)
    _done(ask(installation(), "notifier", "DELETE" if off else "PUT", path))
    print(f"{recipient_id} {'no longer watches' if off else 'watches'} {kind[:-1]} {subject}")


def _notes(one: dict[str, Any]) -> list[str]:
    """What keeps somebody from being told."""
    notes = [_absence(one["away"])] if one["away"] else []
    notes += [f"muted until {shown(one['muted_until'])}"] if one["muted_until"] else []
    return notes + (["no summaries by mail"] if one["no_digests"] else [])


def _absence(absence: dict[str, Any]) -> str:
    instead = f", {absence['delegate']} is told instead" if absence["delegate"] else ""
    return f"away from {shown(absence['since'])} until {shown(absence['until'])}{instead}"


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return carry_out(work)
    except (ServiceError, PeopleError) as error:
        stop(str(error))

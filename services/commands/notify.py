"""`tierline notify`: see a message before it leaves (`preview`), or whether somebody is reached (`test`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import typer
from rich.table import Table

from services.notifier.domain.message import Message
from services.notifier.domain.templates import TemplateRefusedError, Templates
from services.notifier.domain.ticket import Ticket
from services.notifier.domain.wording import fields_of_ticket
from services.notifier.previewing import FORMS, example, is_for_customers
from services.notifier.senders.mail_html import html_of
from services.operator import look_into, operator
from shared.clock import SystemClock
from shared.db.engine import fetch
from shared.policy import WorkflowError, WorkflowPolicy, load_workflow

from .notify_trial import send_test
from .ticket import find_ticket
from .where import carry_out, console, installation, stop

_EXAMPLES: Final = """
For instance:

  tierline notify preview

  tierline notify preview received --language de

  tierline notify preview handoff --channel slack

  tierline notify preview breach --ticket 4711 --html breach.html

  tierline notify test ana --channel slack
"""

#: The newest message of a template about a ticket, as it was planned.
_PLANNED: Final = """
SELECT plan::text FROM notification WHERE ticket_id = $1 AND template = $2
ORDER BY planned_at DESC LIMIT 1
"""
_TICKET: Final = "SELECT view::text, subject_line FROM ticket WHERE ticket_id = $1"

app = typer.Typer(
    no_args_is_help=True, help=f"Messages to people: see them before they leave.\n{_EXAMPLES}"
)
app.command("test")(send_test)


@app.callback()
def _group() -> None:
    """Messages to people."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a real ticket."""

    fields: Mapping[str, Any]
    subject_line: str | None


@app.command()
def preview(
    template: Annotated[
        str | None, typer.Argument(help="Its name in the workflow; without it, all are listed.")
    ] = None,
    *,
    ticket: Annotated[
        str | None,
        typer.Option(help="About this ticket, by its id, the end of it, or its source's id."),
    ] = None,
    example_: Annotated[
        bool, typer.Option("--example", help="About an invented ticket, which is the default.")
    ] = False,
    language: Annotated[str | None, typer.Option(help="For a reader of it, like de.")] = None,
    zone: Annotated[
        str | None, typer.Option(help="For a reader in it, like Europe/Berlin.")
    ] = None,
    channel: Annotated[str, typer.Option(help=f"One of {', '.join(FORMS)}.")] = "email",
    html: Annotated[
        Path | None, typer.Option(help="Write the mail's HTML there; look at it in a browser.")
    ] = None,
    workflow: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Default: the packaged one.")
    ] = None,
) -> None:
    """A message as it would leave. Nothing is sent and nothing is written down."""
    policy, templates = _words(workflow)
    if template is None:
        _list(policy, templates)
        return
    _one_of(template, templates.names, "template")
    _one_of(channel, tuple(FORMS), "channel")
    if ticket is not None and example_:
        stop("Either --ticket or --example.")
    known = _known(ticket, template, policy) if ticket else _Known({}, "Export stops half way")
    made = example(
        template,
        policy,
        templates,
        now=SystemClock().now(),
        language=language,
        zone=_zone(zone),
        fields=known.fields,
        subject_line=known.subject_line,
        channel=channel,
    )
    _show(made, channel, html, wanted=language)


def _show(made: Message, channel: str, html: Path | None, *, wanted: str | None) -> None:
    if wanted is not None and made.language != wanted:
        print(f"# the template has no words in {wanted}; these are {made.language}")
    if html is not None:
        html.write_text(html_of(made), encoding="utf-8")
        print(f"{html}: {html.stat().st_size} bytes")
    else:
        print(FORMS[channel](made))


def _words(path: Path | None) -> tuple[WorkflowPolicy, Templates]:
    try:
        policy = load_workflow(path, now=SystemClock().now())
        return policy, Templates(policy.notification.templates)
    except (WorkflowError, TemplateRefusedError) as error:
        stop(str(error))


def _list(policy: WorkflowPolicy, templates: Templates) -> None:
    table = Table("template", "for", "languages", "sent on", box=None, pad_edge=False)
    for name in templates.names:
        events = {rule.on for rule in policy.notification.rules if rule.template == name}
        reader = "customer" if is_for_customers(name, policy) else "staff"
        languages = ", ".join(templates.languages(name))
        table.add_row(name, reader, languages, ", ".join(sorted(events)) or "-")
    console().print(table)


def _one_of(name: str, names: Sequence[str], kind: str) -> None:
    """End the command for a name that is not known, with the nearest one that is."""
    if name not in names:
        near = get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        stop(f"No {kind} {name!r}.{hint} There are: {', '.join(names)}.")


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        stop(f"No time zone {name!r}; one looks like Europe/Berlin.")


def _known(wanted: str, template: str, policy: WorkflowPolicy) -> _Known:
    """What the notifier knows of a ticket, over which the example's values stand where nothing is known."""
    url = installation().database_url

    async def look() -> _Known | None:
        ticket_id = await find_ticket(url, wanted)
        async with operator(url) as tx:
            await look_into(tx, "notifier")
            about = await fetch(tx, _TICKET, (ticket_id,))
            planned = await fetch(tx, _PLANNED, (ticket_id, template))
        return _read(ticket_id, about, planned, policy) if about else None

    found = carry_out(look())
    if found is None:
        stop(f"The notifier has heard nothing of {wanted!r} yet.")
    return found


def _read(ticket_id: UUID, about: Any, planned: Any, policy: WorkflowPolicy) -> _Known:
    view, subject_line = about[0]
    known = msgspec.json.decode(view, type=Ticket) if view else Ticket(ticket_id=ticket_id)
    fields = fields_of_ticket(known, policy)
    if planned:
        fields |= msgspec.json.decode(planned[0][0]).get("fields", {})
    return _Known(
        {name: value for name, value in fields.items() if value is not None}, subject_line
    )

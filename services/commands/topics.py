"""`tierline topics`: create what is missing, report drift, send kept events again."""

from __future__ import annotations

from typing import Annotated

import typer

from services.operator import look_into, operator
from shared.db import outbox
from shared.kafka import topics as catalogue
from shared.kafka.aio import AioKafka

from .where import broker, carry_out, installation, stop

app = typer.Typer(
    no_args_is_help=True, help="Topics: create what is missing, report drift, rebuild."
)


def _kafka() -> AioKafka:
    return AioKafka(broker(), client_id="tierline-topics")


@app.command()
def apply() -> None:
    """Create the topics that are missing. Never alters one that exists."""
    created = carry_out(catalogue.apply(_kafka()))
    print(f"created {', '.join(created)}" if created else "every topic is already there")


@app.command()
def check() -> None:
    """Report topics that are missing or differ from the catalogue; exit 1 if any does."""
    drift = carry_out(catalogue.drift(_kafka()))
    for line in drift:
        print(line)
    if drift:
        raise typer.Exit(1)
    print("every topic is as the catalogue says")


@app.command()
def rebuild(
    topic: Annotated[
        list[str] | None, typer.Option(help="Only these topics; default: all.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what the kept window covers, only.")] = False,
) -> None:
    """Have every service's relay send its kept events again, with the same ids and sequences.

    Consumers drop what they have had. For a broker that lost its topics.
    """
    carry_out(_rebuild(installation().database_url, topic or [], dry_run))


async def _rebuild(url: str, wanted: list[str], dry_run: bool) -> None:
    known = catalogue.load()
    if unknown := set(wanted) - set(known):
        stop(f"No topic {min(unknown)!r}; there are {', '.join(known)}.", 2)
    async with operator(url) as tx:
        for service in dict.fromkeys(spec.producer for spec in known.values()):
            await look_into(tx, service)
            for row in await outbox.coverage(tx):
                if not wanted or row.topic in wanted:
                    print(f"{row.topic}: {row.events} events from {row.first:%Y-%m-%d %H:%M} on")
            if not dry_run:
                await outbox.request_rebuild(tx, wanted or None)
    print("nothing was asked for: dry run" if dry_run else "asked for; the relays send them now")

"""`tierline support-day`: the demo's customers and agents on the Tierline that runs."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated

import typer

from services.demo.board import final
from services.demo.load import play_on, scenes_of
from services.installation import Installation
from services.people import EXAMPLE, PeopleError, import_file
from services.playback.sender import RefusedError
from shared.kafka.aio import AioKafka

from .where import carry_out, console, installation, kafka_settings, stop


def support_day(
    seed: Annotated[int, typer.Option(help="Another seed is another day.")] = 7,
    tickets: Annotated[int, typer.Option(min=1, help="How many customers write.")] = 150,
    seconds: Annotated[float, typer.Option(min=1, help="How long they go on writing.")] = 300.0,
) -> None:
    """Let the demo's customers write to the running Tierline and its agents answer, for looking at it.

    Brings in the example people first. Leaves its tickets behind: nothing for a desk in use.
    """
    where = installation()
    if where.webhook_secret is None:
        stop("No webhook secret: set TIERLINE_WEBHOOK_SECRET to that of the source `generic`.")
    try:
        figures = carry_out(_play(where, seed, tickets, seconds))
    except (PeopleError, RefusedError) as error:
        stop(str(error))
    console().print(final(figures, "The day is over"))


async def _play(where: Installation, seed: int, tickets: int, seconds: float) -> Mapping[str, int]:
    await import_file(where, EXAMPLE)
    scenes = scenes_of(secrets.token_hex(3), seed=seed, tickets=tickets, seconds=seconds)
    kafka = AioKafka(kafka_settings(where), client_id="tierline-support-day")
    return await play_on(where, kafka, scenes, console=console())

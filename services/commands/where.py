"""What most commands ask first: where is Tierline, and how to say plainly that something is wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import asyncpg
import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from services.installation import Installation, NotRunningError, find
from services.local import LocalSettings
from shared.kafka.client import BrokerError
from shared.settings import KafkaSettings, ServiceSettings, read

T = TypeVar("T")


def stop(message: str, status: int = 1) -> NoReturn:
    """End the command with a sentence on stderr."""
    print(message, file=sys.stderr)
    raise typer.Exit(status)


def console() -> Console:
    """The terminal; where there is none, wide enough that no line is cut."""
    return Console() if Console().is_terminal else Console(width=200)


def installation() -> Installation:
    """The Tierline that this command is about; ends the command when there is none."""
    try:
        return find(LocalSettings().folder, environment=os.environ)
    except NotRunningError as error:
        stop(str(error))


def kafka_settings(where: Installation) -> KafkaSettings:
    """The broker of `where`, with the rest of TIERLINE_KAFKA__… from the environment."""
    given = read(ServiceSettings).kafka
    changes = {"bootstrap_servers": where.bootstrap_servers, **where.kafka}
    return given.model_copy(update=changes)


def broker() -> KafkaSettings:
    """The broker, for a command that needs nothing else: the environment's, else the installation's."""
    given = read(ServiceSettings).kafka
    told = "bootstrap_servers" in given.model_fields_set
    return given if told else kafka_settings(installation())


def carry_out(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; a server that is away ends it with a sentence, not a traceback.

    SIGTERM ends it as Ctrl-C does: what it has started is stopped first.
    """
    try:
        return asyncio.run(_until_told_to_stop(work))
    except BrokerError as error:
        stop(f"The broker said: {error}")
    except BrokenPipeError:  # who reads has seen enough
        raise
    except (OSError, asyncpg.PostgresError, DBAPIError) as error:
        cause = getattr(error, "orig", None) or error
        stop(f"The database said: {cause or type(cause).__name__}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except asyncio.CancelledError:
        raise typer.Exit(143) from None


async def _until_told_to_stop(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work

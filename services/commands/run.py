"""`tierline run SERVICE`: one service in the foreground."""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import sys
import threading
from enum import StrEnum
from types import FrameType
from typing import Annotated

import typer

from shared.settings import read


class Service(StrEnum):
    """The four services."""

    INTAKE = "intake"
    ROUTER = "router"
    ESCALATOR = "escalator"
    NOTIFIER = "notifier"


def run(
    service: Service,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Show its settings, secrets redacted, and end.")
    ] = False,
    until_eof: Annotated[
        bool,
        typer.Option("--until-eof", help="Drain when stdin ends, so as not to outlive a parent."),
    ] = False,
) -> None:
    """Run one service in the foreground; SIGTERM drains it."""
    if print_config:
        config = importlib.import_module(f"services.{service}.config")
        settings = read(getattr(config, f"{service.title()}Settings"))
        print(settings.model_dump_json(indent=2))
        return
    # Until the service listens for it: as process 1 of a container, it would not even be killed by it.
    signal.signal(signal.SIGTERM, _leave)
    if until_eof:
        threading.Thread(target=_drain_at_eof, daemon=True).start()
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Told to stop before anything began."""
    raise SystemExit(0)


def _drain_at_eof() -> None:
    """Wait until whoever holds the other end of stdin is gone, then tell ourselves to stop.

    Unbuffered: a reader that holds the lock of a buffer would break the interpreter's own end.
    """
    while os.read(sys.stdin.fileno(), 1024):
        continue
    os.kill(os.getpid(), signal.SIGTERM)

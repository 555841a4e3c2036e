"""An escalator whose wall clock can be stepped: `python -m tests.load.escalator_proof.stepped FILE`.

The real service as `build` makes it, with a clock that is off by the seconds that stand in FILE. A process
of its own needs neither rights nor a library for that, and the machine's clock stays what it is. What
Kafka's client says of its last answer comes from the machine's clock, as if the broker's own told it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

from services.escalator.config import EscalatorSettings
from services.escalator.main import build
from shared.clock import Clock, SystemClock
from shared.kafka.client import Kafka
from shared.observability.spans import Tracer
from shared.runtime.process import main
from shared.runtime.service import Service


class SteppedClock(SystemClock):
    """The machine's clock and an offset that somebody else writes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """The machine's time, that many seconds away."""
        return super().now() + timedelta(seconds=float(self._file.read_text()))


def step(file: Path, offset: timedelta) -> None:
    """Let every clock of `file` jump there, at once."""
    new = file.with_suffix(".new")
    new.write_text(str(offset.total_seconds()))
    new.replace(file)


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    offset = Path(sys.argv[1])

    def stepped(
        settings: EscalatorSettings, *, clock: Clock, kafka: Kafka, tracer: Tracer
    ) -> Service:
        """The escalator, on another clock."""
        del clock
        return build(settings, clock=SteppedClock(offset), kafka=kafka, tracer=tracer)

    threading.Thread(target=_end_with_stdin, daemon=True).start()
    sys.exit(main("escalator", EscalatorSettings, stepped))

"""Taking the broker of a running Tierline away, and giving it back."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Final

import pytest

from shared.kafka.client import BrokerError

from .running import Running, until

#: `.ci/kafka/start` writes its broker's process id here, and starts a broker that died again.
PID_FILE: Final = "TIERLINE_TEST_KAFKA_PID_FILE"

#: Seconds the broker stays away.
OUTAGE_SECONDS: Final = float(os.environ.get("TIERLINE_TEST_OUTAGE_SECONDS", "15"))


async def take_the_broker_away(tierline: Running, seconds: float = OUTAGE_SECONDS) -> None:
    """The broker takes connections and answers nothing for so long; then it is back.

    One that keeps its logs on disk is killed at the end and comes back as a new process. What clients had
    sent meanwhile may still be read from their old connections. Skips where the broker is not ours.
    """
    embedded = tierline.installation.pair.broker
    pid_file = os.environ.get(PID_FILE)
    if embedded is not None and embedded.pid is not None:
        await _hung(embedded.pid, seconds)
    elif pid_file is not None:
        await _hung(_pid(pid_file), seconds, end=signal.SIGKILL)
    else:
        pytest.skip(f"the broker's process is not ours to stop: no {PID_FILE}")
    await until(lambda: _answers(tierline), "the broker is back", seconds=60)


async def _hung(pid: int, seconds: float, *, end: signal.Signals = signal.SIGCONT) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(pid, end)


async def _answers(tierline: Running) -> bool:
    try:
        await tierline.kafka.ping()
    except BrokerError:
        return False
    return True


def _pid(file: str) -> int:
    return int(Path(file).read_text(encoding="ascii"))

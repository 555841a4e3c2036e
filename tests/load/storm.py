"""`make prove-storm`: twenty times what intake can take, for a minute.

    python -m tests.load.storm --seconds 60 --times 20

All four services run on the embedded pair. Two senders, each a process, first find out how many webhooks are
accepted a second over 64 connections, then offer twenty times as many over 2,000; whoever is answered 429 or
503 tries again. Afterwards every accepted webhook must be a ticket in PostgreSQL, on the broker and with the
router, a customer must be answered as fast as before, and intake's memory must have stayed within bounds.
Senders, services, database and broker share this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
from pathlib import Path
from typing import Final

from services.fleet import free_ports
from services.installation import PORTS
from services.standalone import Standalone
from tests.support.figures import Figure, publish
from tests.support.storm import Force, Verdict, storm

#: What a process may take (reliability 10).
MOST_MEMORY: Final = 300.0

RECOVERY_SECONDS: Final = 120.0


def figures(found: Verdict, force: Force) -> list[Figure]:
    """The verdict as figures."""
    times = found.offered / found.capacity if found.capacity else 0.0
    refused = found.statuses[429] + found.statuses[503]
    lost = found.accepted - min(found.stored, found.published, found.routed)
    extra = found.stored - found.accepted
    recovered = found.recovery <= RECOVERY_SECONDS
    small = found.memory_most <= MOST_MEMORY
    return [
        Figure("capacity", found.capacity, "webhooks/s"),
        Figure("offered", found.offered, "webhooks/s"),
        Figure("offered ÷ capacity", times, "", f"≥ {force.times:g}", times >= force.times * 0.995),
        Figure("due while every connection waited", found.held_back, "webhooks/s"),
        Figure("accepted in the storm", found.goodput, "webhooks/s"),
        Figure("accepted p99", found.accepted_p99, "s"),
        Figure("turned away with 429 or 503", refused, "webhooks"),
        _none("turned away without Retry-After", found.unexplained),
        _none("answered otherwise", found.refused_otherwise),
        Figure("not answered", found.unanswered, "webhooks"),
        Figure("accepted", found.accepted, "webhooks"),
        _none("accepted, but not stored, published and routed", lost),
        Figure(
            "stored, but not answered as accepted",
            extra,
            "tickets",
            "≤ not answered",
            extra <= found.unanswered,
        ),
        Figure("a probe in the calm, slowest", found.calm_p99 * 1000, "ms"),
        Figure("recovery", found.recovery, "s", f"≤ {RECOVERY_SECONDS:g}", recovered),
        Figure("intake's memory before", found.memory_before, "MiB"),
        Figure("intake's memory at most", found.memory_most, "MiB", f"≤ {MOST_MEMORY:g}", small),
    ]


def _none(name: str, value: float) -> Figure:
    return Figure(name, value, "webhooks", "0", value == 0)


async def prove(folder: Path, force: Force) -> Verdict:
    """The whole of it, on ground of its own."""
    async with Standalone(folder, ports=free_ports(list(PORTS)), tell=_tell) as tierline:
        _tell("everything runs; measuring the capacity")
        return await storm(tierline, force, _tell)


def _tell(text: str) -> None:
    print(f"  {text}", flush=True)


def main() -> None:
    """Read the force, blow, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--times", type=float, default=20.0)
    options = parser.parse_args()
    force = Force(measured=10.0, seconds=options.seconds, times=options.times)
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(
        f"Storm: start everything, measure 10 s, blow {force.times:g} times that for "
        f"{force.seconds:g} s, wait until all is done; three to five minutes.",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="tierline-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL, started as another user by root, must be able to pass
        found = asyncio.run(prove(folder, force))
    publish("prove", "storm", figures(found, force))


if __name__ == "__main__":
    main()

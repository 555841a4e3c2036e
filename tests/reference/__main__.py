"""`make prove-clocks`: the clocks against a calculator that was written from the rules alone.

    python -m tests.reference --cases 1000000 --seed 2 --processes 2

Random tickets (pauses, new prices, reopenings, merges) under random calendars in every IANA zone, 1990 to
2037, are played by the product's fold and by `tests/reference/ticket.py`; every entry of every clock must be
the same. A difference is cut down and printed as a story to play by hand, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from shared.runtime.process import spare_the_collector
from tests.support.figures import Figure, publish

from .compare import Tally, compare
from .generator import TOGETHER
from .wording import told
from .zones import names

#: Cases that one process plays in a second of a core, on the machine this was written on.
_PACE: Final = 300
_BATCH: Final = 20 * TOGETHER
_MILLION: Final = 1_000_000


def prove(cases: int, seed: int, processes: int) -> Tally:
    """Play them all, in batches, with a bar; at the first difference what has not begun is dropped."""
    tally = Tally()
    columns = (
        TextColumn("cases"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    batches = [range(first, min(first + _BATCH, cases)) for first in range(0, cases, _BATCH)]
    random.Random(seed).shuffle(batches)
    console = Console()
    with (
        Progress(*columns, console=console) as bar,
        ProcessPoolExecutor(processes, initializer=spare_the_collector) as pool,
    ):
        task = bar.add_task("cases", total=cases)
        playing: list[Future[Tally]] = [pool.submit(compare, seed, batch) for batch in batches]
        for done in as_completed(playing):
            tally.add(done.result())
            bar.update(task, completed=tally.cases)
            if not console.is_terminal and tally.cases % (10 * _BATCH) == 0:
                print(f"{tally.cases:,} of {cases:,} cases", flush=True)
            if tally.difference:
                pool.shutdown(wait=False, cancel_futures=True)
                break
    return tally


def figures(tally: Tally, seconds: float) -> list[Figure]:
    """What was played and found."""
    differences = int(tally.difference is not None)
    all_zones = len(names())
    seen = {kind: tally.kinds[kind] for kind in sorted(tally.kinds)}
    return [
        Figure("cases", tally.cases, "", f"≥ {_MILLION}", tally.cases >= _MILLION),
        Figure("differences", differences, "", "0", not differences),
        Figure("entries of clocks that are equal", tally.entries, ""),
        Figure("zones", len(tally.zones), "", str(all_zones), len(tally.zones) == all_zones),
        Figure("cases over a change of the zone's clocks", tally.over_changes, ""),
        Figure("cases with a tie", tally.at_one_instant, ""),
        *(Figure(f"cases with: {kind}", count, "") for kind, count in seen.items()),
        Figure("minutes", seconds / 60, "min"),
        Figure("rate", tally.cases / max(seconds, 0.001), "cases/s"),
    ]


def main() -> int:
    """Read how much, say what follows, play, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    minutes = options.cases / _PACE / options.processes / 60
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n"
        f"{options.cases:,} random tickets (seed {options.seed}) by the product's clocks and by a second "
        f"calculator, in {options.processes} processes: about {minutes:.0f} minutes on two cores. "
        "It needs no server and leaves nothing behind. The whole million: ARGS='--cases 1000000'.",
        flush=True,
    )
    began = time.monotonic()
    tally = prove(options.cases, options.seed, options.processes)
    publish("prove", "clocks", figures(tally, time.monotonic() - began))
    if tally.difference:
        print(f"They differ (seed {options.seed}):\n{told(tally.difference)}", flush=True)
    return 1 if tally.difference else 0


if __name__ == "__main__":
    sys.exit(main())

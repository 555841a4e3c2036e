"""`make prove-router`: contended assignments by the hundred thousand while routers die and people meddle.

    python -m tests.load.router_proof --assignments 1000000 --agents 2000 --replicas 4 --kill-every 20

Real router processes on an embedded PostgreSQL with fsync and an embedded broker of their own. More tickets
are open than the desks hold, so that every freed place is fought over; whoever gets a ticket solves it at
once, a tenth come again, some are solved while they wait, people come and go, take tickets and give them
back, and a replica is killed now and then. Everything the routers say is read and judged, the tables are
compared while they change, and at the end of a round every desk is followed through the outbox.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tests.support.figures import Figure, publish

from .ground import own_ground
from .plan import Plan, Verdict
from .rounds import Proof

#: Assignments a second on two cores that the database, the broker and the feed share with four routers.
_PACE = 150


def figures(found: Verdict, plan: Plan) -> list[Figure]:
    """The verdict as figures."""
    calls = sum(found.commands.values())
    return [
        Figure(
            "assignments",
            found.assigned,
            "",
            f"≥ {plan.assignments}",
            found.assigned >= plan.assignments,
        ),
        Figure("agents", plan.agents, ""),
        Figure("replicas", plan.replicas, ""),
        Figure("replicas killed", found.kills, "", "≥ 1", found.kills >= 1),
        Figure("replicas that ended by themselves", found.own_ends, ""),
        Figure("tickets opened", found.opened, ""),
        Figure("tickets that came again", found.reopened, ""),
        Figure("calls of people", calls, ""),
        Figure("calls answered 409", found.commands["409"], ""),
        _none("calls answered 500", found.commands["500"]),
        Figure("waiting at a look, median", median(found.waiting), "tickets"),
        Figure("desks full at a look, median", 100 * median(found.fullness), "%"),
        _none("above capacity, in the tables", found.above),
        _none("above capacity, in the events", found.above_told),
        _none("doubles, in the tables", found.doubles),
        _none("doubles, in the events", found.doubles_told),
        _none("lost", found.lost),
        _none("loads that are not what is held", found.wrong_loads),
        _none("gaps in a story", found.gaps),
        _none("parked", found.parked),
        Figure("deadlocks broken by PostgreSQL", found.deadlocks, ""),
        Figure("events that came twice", found.repeats, ""),
        Figure("looks into the tables", found.snapshots, ""),
        Figure("minutes of assigning", found.seconds / 60, "min"),
        Figure("rate", found.assigned / max(found.seconds, 0.001), "assignments/s"),
    ]


def _none(name: str, value: int) -> Figure:
    return Figure(name, value, "", "0", value == 0)


async def prove(plan: Plan, folder: Path, console: Console) -> Verdict:
    """The whole of it, on ground of its own, with a bar."""
    columns = (
        TextColumn("assignments"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("assignments", total=plan.assignments)
        async with own_ground(folder) as ground:
            proof = Proof(
                plan, ground, folder, progress=lambda seen: bar.update(task, completed=seen)
            )
            return await proof.run()


def main() -> None:
    """Read the plan, prove, publish. Exit status 1 when something is not as it must be."""
    known = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignments", type=int, default=known.assignments)
    parser.add_argument("--agents", type=int, default=known.agents)
    parser.add_argument("--replicas", type=int, default=known.replicas)
    parser.add_argument("--kill-every", type=float, default=known.kill_every)
    plan = Plan(**vars(parser.parse_args()))
    minutes = 1 + plan.assignments / _PACE / 60
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(
        f"Proof: {plan.assignments:,} assignments over {plan.agents:,} agents by {plan.replicas} routers, "
        f"one killed about every {plan.kill_every:g} s; about {minutes:.0f} minutes on two cores, and "
        f"{1 + plan.assignments // 200_000} GB of disk until the end. The whole million, two hours: "
        "ARGS='--assignments 1000000'.",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="tierline-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL, started as another user by root, must be able to pass
        found = asyncio.run(prove(plan, folder, Console()))
    publish("prove", "router", figures(found, plan))
    sys.exit(0 if found.clean and found.assigned >= plan.assignments else 1)


if __name__ == "__main__":
    main()

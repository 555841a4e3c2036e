"""`make prove-escalator`: deadlines by the thousand while everything around the escalators fails.

    python -m tests.load.escalator_proof --deadlines 100000

Real escalator processes on an embedded PostgreSQL with fsync and an embedded broker of their own. Tickets
are opened, answered, paused, priced anew, solved and opened again under targets of seconds. Meanwhile an
escalator is killed every few seconds, the broker hangs, PostgreSQL is restarted and killed, all
escalators sleep and wake a minute behind, and their wall clock is stepped by two hours forth and back.
What they published is then judged by the auditor, which does its own arithmetic.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tests.load.router_proof.ground import own_ground
from tests.support.figures import Figure, publish

from .plan import Plan, Verdict
from .proof import Proof


def figures(found: Verdict, plan: Plan) -> list[Figure]:
    """The verdict as figures."""
    report = found.report
    assert report is not None
    late = report.lateness
    return [
        Figure(
            "deadlines that fell due",
            report.due,
            "",
            f"≥ {plan.deadlines}",
            report.due >= plan.deadlines,
        ),
        Figure("announced", report.fired, ""),
        _none("missing", len(report.missing)),
        _none("doubled", len(report.doubled)),
        _none("early", len(report.early)),
        _none("false", len(report.false)),
        _none("with a wrong instant or deadline", len(report.misdated)),
        _none("clocks ended without a beginning", len(report.unpaired)),
        _none("not judged", report.unjudged),
        _none("still pending", report.pending),
        Figure("taken back after a late fact", report.withdrawn, ""),
        Figure("overtaken by a late fact", report.overtaken, ""),
        Figure("lateness p50, as recorded", late.p50, "s"),
        Figure("lateness p99, as recorded", late.p99, "s"),
        Figure("lateness max, as recorded (by a stepped clock)", late.max, "s"),
        Figure("tickets", found.tickets, ""),
        Figure("facts", found.facts, ""),
        _none("facts never heard", found.unheard),
        _none("parked", found.parked),
        Figure("events that came twice", found.repeats, ""),
        Figure("escalators", plan.replicas, ""),
        Figure("escalators killed", found.kills, "", "≥ 1", found.kills >= 1),
        Figure("escalators that ended by themselves", found.own_ends, ""),
        *(Figure(name, times, "", "≥ 1", times >= 1) for name, times in found.faults.items()),
        Figure("times a clock guard closed", found.held, "", "≥ 1", found.held >= 1),
        Figure("lag of the escalators", plan.lag, "s"),
        Figure("minutes", found.seconds / 60, "min"),
    ]


def _none(name: str, value: int) -> Figure:
    return Figure(name, value, "", "0", value == 0)


async def prove(plan: Plan, folder: Path, console: Console) -> Verdict:
    """The whole of it, on ground of its own, with a sign of life."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("starting")
        async with own_ground(folder, "escalator") as ground:

            def tell(seen: int) -> None:
                bar.update(task, description=f"{seen:,} events seen")

            return await Proof(plan, ground, folder, progress=tell).run()


def main() -> None:
    """Read the plan, prove, publish. Exit status 1 when something is not as it must be."""
    known = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deadlines", type=int, default=known.deadlines)
    parser.add_argument("--replicas", type=int, default=known.replicas)
    parser.add_argument("--kill-every", type=float, default=known.kill_every)
    parser.add_argument("--lag", type=float, default=known.lag)
    parser.add_argument("--pace", type=float, default=known.pace, help="1: targets of 10 to 90 s")
    plan = Plan(**vars(parser.parse_args()))
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(
        f"Proof: about {plan.deadlines:,} deadlines of {plan.tickets:,} tickets, {plan.replicas} "
        f"escalators, one killed about every {plan.kill_every:g} s; about {plan.seconds / 60:.0f} "
        "minutes and 1 GB of disk until the end. The whole hundred thousand: "
        "ARGS='--deadlines 100000'.",
        flush=True,
    )
    logging.disable()  # the broker is stopped on purpose: what its clients say of it here is no finding
    with tempfile.TemporaryDirectory(prefix="tierline-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL, started as another user by root, must be able to pass
        found = asyncio.run(prove(plan, folder, Console()))
        _show(found)
    publish("prove", "escalator", figures(found, plan))
    sys.exit(0 if found.clean else 1)


def _show(found: Verdict) -> None:
    """The first of what is wrong, in words."""
    assert found.report is not None
    for finding in found.report.wrong[:20]:
        print(finding)
    for letter in found.letters[:20]:
        print("parked:", letter)


if __name__ == "__main__":
    main()

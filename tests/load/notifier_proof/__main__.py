"""`make prove-notifier`: notifications by the thousand while the notifier dies and every receiver fails.

    python -m tests.load.notifier_proof --notifications 10000

A real notifier process on an embedded PostgreSQL with fsync and an embedded broker of its own, killed with
`kill -9` after every five seconds of its life. Mails and webhooks go to real receivers with all their faults:
errors, 429 with Retry-After, redirects to loopback, hanging, endless and dripping answers, connections
reset before and after the request was read, no TLS; mails refused for now and for good, before and after
their text, with the connection dropped or hanging after it. What each accepted is kept by the message's id.
In the end tables, facts and captures are held against each other.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.load.router_proof.ground import own_ground
from tests.support.figures import Figure, publish

from .plan import Plan, Verdict
from .proof import Proof

#: Notifications a second on two cores that everything shares, with all the dying in between.
_PACE: Final = 15

#: Where no bar can be shown, a line is for every such share.
_TOLD_EVERY: Final = 0.05


def figures(found: Verdict, plan: Plan) -> list[Figure]:
    """The verdict as figures."""
    ended = found.sent + found.dead + found.suppressed
    return [
        Figure(
            "notifications that ended",
            ended,
            "",
            f"≥ {plan.notifications}",
            ended >= plan.notifications,
        ),
        Figure("sent", found.sent, ""),
        Figure("given up, each with a fact", found.dead, ""),
        Figure("suppressed", found.suppressed, ""),
        Figure("fallbacks over mail", found.fallbacks, ""),
        Figure("kill -9 of the notifier", found.kills, "", "≥ 1", found.kills >= 1),
        Figure("ends of its own", found.own_ends, "", "0", not found.own_ends),
        *(Figure(f"attempts: {name}", n, "") for name, n in sorted(found.attempts.items())),
        *(Figure(f"faults: {name}", n, "") for name, n in sorted(found.faults.items()) if n),
        Figure("messages captured", found.messages, ""),
        Figure("captures", found.captures, ""),
        Figure("repeats, all of them after an unknown outcome", found.repeats, ""),
        *(Figure(name, n, "", "0", n == 0) for name, n in found.wrong.items()),
        Figure("minutes of it", found.seconds / 60, "min"),
        Figure("rate under fire", ended / max(found.seconds, 0.001), "notifications/s"),
    ]


async def prove(plan: Plan, folder: Path, console: Console) -> Verdict:
    """The whole of it, on ground of its own, with a bar."""
    columns = (TextColumn("ended"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task, shown = bar.add_task("ended", total=plan.notifications), [0]

        def show(ended: int, planned: int) -> None:
            bar.update(task, completed=ended, total=planned)
            if not console.is_terminal and ended >= shown[0] + _TOLD_EVERY * planned:
                shown[0] = ended
                print(f"  {ended:,} of {planned:,} have ended", flush=True)

        async with own_ground(folder, "notifier") as ground:
            return await Proof(plan, ground, folder, progress=show).run()


def main() -> None:
    """Read the plan, prove, publish. Exit status 1 when something is not as it must be."""
    known = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notifications", type=int, default=known.notifications)
    parser.add_argument("--kill-every", type=float, default=known.kill_every)
    parser.add_argument("--faults", type=float, default=known.faults)
    parser.add_argument("--bundle", default=known.bundle)
    parser.add_argument("--seed", type=int, default=known.seed)
    plan = Plan(**vars(parser.parse_args()))
    minutes = 1.5 + plan.notifications / _PACE / 60
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(
        f"Proof: {plan.notifications:,} notifications by mail and webhook, {plan.faults:.0%} of all requests "
        f"answered with a fault, the notifier killed every {plan.kill_every:g} s; about {minutes:.0f} minutes "
        "on two cores.",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="tierline-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL, started as another user by root, must be able to pass
        found = asyncio.run(prove(plan, folder, Console()))
    publish("prove", "notifier", figures(found, plan))
    sys.exit(0 if not any(found.wrong.values()) and not found.own_ends else 1)


if __name__ == "__main__":
    main()

"""`make bench-notifier`: what one dead target costs the others, and what a storm is to one manager.

    python -m tests.load.notifier --parts ab --rounds 6 --seconds 15 --rate 40

(a) 100 endpoints get messages at a steady rate and in one heap, in rounds with all of them well and with
one that takes requests and never answers, in turns and in changing order: the time from a fact to its
message at the other 99. (b) 500 clocks of one manager's tickets run out within a minute, one in twenty
critical: how many messages that makes, how late the critical ones are, and whether the rest tells of all.
A real notifier with its default settings, an embedded PostgreSQL with fsync, an embedded broker; feed,
receivers, servers and notifier share this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from time import monotonic
from typing import Final
from uuid import UUID

import msgspec

from tests.support.figures import Figure, over_rounds, publish, published

from .notifier_ground import Told, told

#: How many endpoints there are.
_TARGETS: Final = 100

#: Messages that each of them gets in one heap: a full bucket.
_HEAP: Final = 20

#: Seconds between two writes of the steady rate.
_TICK: Final = 0.1

#: The storm: how many clocks run out in a minute, and every how many-th is critical.
_STORM: Final = 500
_CRITICAL_EVERY: Final = 20
_MINUTE: Final = 60.0

#: What may be waited for after the storm: a bundle, a digest, and a busy machine.
_AFTERWARDS: Final = 240.0

_MESSAGES: Final = """
SELECT notification_id, coalesce(bundle_id, notification_id) AS message, status
FROM notifier.notification
"""


def p99(values: Sequence[float]) -> float:
    """The 99th percentile."""
    return quantiles(values, n=100)[98]


class DeadTarget:
    """Part (a). `late` and `pace`: side → the others' latencies in seconds and messages/s, one a round."""

    def __init__(self, bench: Told, *, seconds: float, rate: float) -> None:
        self.late: dict[bool, list[list[float]]] = {False: [], True: []}
        self.pace: dict[bool, list[float]] = {False: [], True: []}
        self._bench = bench
        self._seconds = seconds
        self._rate = rate

    async def rounds(self, count: int) -> list[Figure]:
        """Both sides so many times, whoever begins changing."""
        await self._steady(seconds=3.0)
        for number in range(count):
            for dead in (False, True) if number % 2 == 0 else (True, False):
                await self._round(dead)
                late, pace = p99(self.late[dead][-1]) * 1000, self.pace[dead][-1]
                who = "one dead" if dead else "all well"
                print(f"  round {number + 1}, {who}: p99 {late:.0f} ms, {pace:.0f}/s", flush=True)
        return self._figures()

    async def _round(self, dead: bool) -> None:  # noqa: FBT001 -- the side of a comparison
        self._bench.endpoints[0].dead = dead
        self.late[dead].append(await self._steady(self._seconds))
        self.pace[dead].append(await self._heap())
        await self._bench.recover()

    async def _steady(self, seconds: float) -> list[float]:
        """Latencies of the others while every endpoint gets its share of the rate."""
        teams = [end.team for end in self._bench.endpoints]
        made: list[UUID] = []
        began, sent = monotonic(), 0
        while (now := monotonic()) < began + seconds:
            wanted = int((now - began) * self._rate) - sent
            chosen = [teams[(sent + n) % len(teams)] for n in range(wanted)]
            ids = await self._bench.breach(chosen)
            made += [i for i, team in zip(ids, chosen, strict=True) if team != teams[0]]
            sent += wanted
            await asyncio.sleep(_TICK)
        return await self._bench.arrived(made)

    async def _heap(self) -> float:
        """Messages a second to the others when all come at once."""
        others = [end.team for end in self._bench.endpoints]
        made: list[UUID] = []
        began = monotonic()
        for _ in range(_HEAP):
            made += (await self._bench.breach(others))[1:]
        await self._bench.arrived(made, seconds=180.0)
        return len(made) / (self._bench.last_arrival(made) - began)

    def _figures(self) -> list[Figure]:
        well, dead = ([1000 * p99(one) for one in self.late[side]] for side in (False, True))
        ratios = [d / w for d, w in zip(dead, well, strict=True)]
        paces = [d / w for d, w in zip(self.pace[True], self.pace[False], strict=True)]
        return [
            over_rounds("p99 of the other 99, all well", well, "ms"),
            over_rounds("p99 of the other 99, one dead", dead, "ms"),
            over_rounds("p99 of the other 99, one dead against all well", ratios, "", at_most=1.1),
            over_rounds("heap, all well", self.pace[False], "notifications/s"),
            over_rounds("heap, one dead", self.pace[True], "notifications/s"),
            over_rounds("heap, one dead against all well", paces, "", at_least=0.9),
        ]


async def storm(bench: Told) -> list[Figure]:
    """Part (b)."""
    [manager] = bench.endpoints
    pages: list[UUID] = []
    rest: list[UUID] = []
    began = monotonic()
    for number in range(_STORM):
        critical = number % _CRITICAL_EVERY == 0
        made = await bench.breach([manager.team], ticket=number, critical=critical)
        (pages if critical else rest).extend(made)
        await asyncio.sleep(max(0.0, began + (number + 1) * _MINUTE / _STORM - monotonic()))
    late = await bench.arrived(pages)
    print(f"  {len(pages)} pages are out; the rest follows within minutes", flush=True)
    await bench.recover(_AFTERWARDS)
    rows = await bench.rows(_MESSAGES)
    sent = {row["message"] for row in rows if row["status"] == "sent"}
    others = sent - set(pages)
    return [
        Figure("storm: breaches in a minute for one manager", _STORM, ""),
        Figure("storm: critical first pages", len(pages), ""),
        Figure("storm: latest critical first page", max(late), "s", "< 5", max(late) < 5),
        Figure("storm: messages about all others", len(others), "", "≤ 6", len(others) <= 6),
        _none("storm: notifications that no message tells of", len(set(rest) - _told_of(bench))),
        _none("storm: pages that came with others", len(set(pages) - sent)),
    ]


def _told_of(bench: Told) -> set[UUID]:
    """The notifications that captured messages name, alone or as a line."""
    found: set[UUID] = set()
    for body in bench.captures.bodies.values():
        data = msgspec.json.decode(body)["data"]
        found.add(UUID(data["notification_id"]))
        found |= {UUID(line["notification_id"]) for line in data.get("lines", [])}
    return found


def _none(name: str, value: int) -> Figure:
    return Figure(name, value, "", "0", value == 0)


async def run(options: argparse.Namespace, folder: Path) -> list[Figure]:
    """The parts asked for."""
    found: list[Figure] = []
    if "a" in options.parts:
        print(f"(a) {_TARGETS} targets, {options.rounds} rounds of each side", flush=True)
        async with told(
            _sub(folder, "a"), targets=_TARGETS, tickets=1, messages=1000, bundle="0s"
        ) as bench:
            part = DeadTarget(bench, seconds=options.seconds, rate=options.rate)
            found += await part.rounds(options.rounds)
    if "b" in options.parts:
        print(f"(b) {_STORM} breaches in a minute for one manager", flush=True)
        async with told(
            _sub(folder, "b"), targets=1, tickets=_STORM, messages=20, bundle="60s"
        ) as bench:
            found += await storm(bench)
    return found


def _sub(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(mode=0o755)
    return made


def main() -> None:
    """Say what is done, do it, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="ab")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rate", type=float, default=40.0)
    options = parser.parse_args()
    minutes = 1 + options.rounds * (options.seconds + 25) / 30 if "a" in options.parts else 0.0
    minutes += 4 if "b" in options.parts else 0
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(f"About {minutes:.0f} minutes; nothing of it is left behind.", flush=True)
    with tempfile.TemporaryDirectory(prefix="tierline-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL, started as another user by root, must be able to pass
        figures = asyncio.run(run(options, folder))
    kept = [f for f in published("bench", "notifier") if _part(f) not in options.parts]
    publish("bench", "notifier", sorted([*figures, *kept], key=_part))


def _part(figure: Figure) -> str:
    return "b" if figure.name.startswith("storm") else "a"


if __name__ == "__main__":
    main()

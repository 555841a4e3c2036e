"""`make sim-routing`: who is late when Tierline gives out the tickets, and when others do.

    python -m tests.simulation --quick

Plays the same days of a simulated desk with every way of giving out tickets: tickets arrive as in a real
incident log, the product's own `match` is one of the ways. See docs/quality.md for what is assumed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.support.figures import Figure, publish

from .arrivals import DATA, Profile, read_profile, staffed_share
from .desk import NIGHTS_COUNT, ONE_AT_A_TIME, SIDE_BY_SIDE, Model
from .measures import Quality
from .plot import Sweep, draw
from .report import figures, tables
from .rivals import COMPARED, IN_OUR_ORDER
from .rounds import Round, play

PICTURE: Final = Path(__file__).resolve().parents[2] / "docs" / "images" / "routing-quality.png"
PROCESSES: Final = 2
EVERYBODY: Final = (*COMPARED, IN_OUR_ORDER)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is simulated: `target` is the utilisation that is judged, one of `utilisations`."""

    utilisations: Sequence[float]
    seeds: Sequence[int]
    about: str
    target: float = 0.85


FULL: Final = Extent((0.7, 0.8, 0.85, 0.9, 0.95), range(1, 6), "four minutes on two free cores")
QUICK: Final = Extent((0.85,), range(1, 3), "half a minute on two free cores")


def simulate(extent: Extent, profile: Profile) -> Mapping[Model, Sweep]:
    """All rounds of `extent`, on two processes; tells how far it is."""
    rounds = [
        Round(seed, wished, model, among=EVERYBODY if wished == extent.target else COMPARED)
        for model in (SIDE_BY_SIDE, ONE_AT_A_TIME, NIGHTS_COUNT)
        for wished in ((extent.target,) if model is NIGHTS_COUNT else extent.utilisations)
        for seed in extent.seeds
    ]
    sweeps: dict[Model, dict[float, dict[str, list[Quality]]]] = {}
    with ProcessPoolExecutor(PROCESSES) as pool:
        results = pool.map(partial(play, profile=profile), rounds)
        for one, found in _told(rounds, results):
            by_name = sweeps.setdefault(one.model, {}).setdefault(one.utilisation, {})
            for name, quality in found.items():
                by_name.setdefault(name, []).append(quality)
    return sweeps


def _told(
    rounds: Sequence[Round], results: Iterator[Mapping[str, Quality]]
) -> Iterator[tuple[Round, Mapping[str, Quality]]]:
    for number, (one, found) in enumerate(zip(rounds, results, strict=True), 1):
        print(
            f"  {number} of {len(rounds)}: {one.model.name}, {one.utilisation:.0%}, seed {one.seed}",
            flush=True,
        )
        yield one, found


def main() -> int:
    """Simulate, print tables, write the figures and, of a whole run, the picture; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two seeds at 85 % only, no picture")
    quick: bool = parser.parse_args().quick
    if not DATA.is_dir():
        print(f"Nothing to simulate: the arrivals are read from {DATA}, which is not there.")
        return 2
    extent, profile = QUICK if quick else FULL, read_profile()
    print(
        f"Simulating a desk of 20 agents with four skills, {len(extent.seeds)} seeds at "
        f"{', '.join(f'{one:.0%}' for one in extent.utilisations)} utilisation, in two ways of working; "
        f"{staffed_share(profile):.0%} of the log's arrivals fall into its hours. About {extent.about}.",
        flush=True,
    )
    sweeps = simulate(extent, profile)
    tables(sweeps)
    found: list[Figure] = figures(sweeps, extent.target)
    name = "routing-quality-quick" if quick else "routing-quality"
    print(f"written: {publish('bench', name, found)}")
    if not quick:
        draw({model: sweep for model, sweep in sweeps.items() if len(sweep) > 1}, PICTURE)
        print(f"drawn: {PICTURE}")
    return 0 if all(figure.met is not False for figure in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""`make quality`: how well Tierline understands, measured on texts that nobody here wrote."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final

from tests.support.figures import Figure, publish

from . import categories, duplicates, language, routing, signals, sla
from .data import DATA

MEASURES: Final[Mapping[str, Callable[[], list[Figure]]]] = {
    "categories": categories.measure,
    "signals": signals.measure,
    "language": language.measure,
    "duplicates": duplicates.measure,
    "routing": routing.measure,
    "sla": sla.measure,
}

#: Whose figures have a file of another name when it is measured alone.
_FILES: Final = {"sla": "sla-verdict"}


def main() -> int:
    """Measure all, or what is named; print a table and write `build/bench/quality.json` (a part of it under
    a name of its own).
    """
    wanted = sys.argv[1:] or list(MEASURES)
    if unknown := set(wanted) - MEASURES.keys():
        print(f"No measure {', '.join(sorted(unknown))}; there is {', '.join(MEASURES)}.")
        return 2
    if not DATA.is_dir():
        print(f"Nothing to measure on: {DATA} is not there.")
        return 2
    print(f"Measuring {', '.join(wanted)} on real data: about four minutes for all.", flush=True)
    figures: list[Figure] = []
    for name in wanted:
        print(f"{name} …", flush=True)
        figures += MEASURES[name]()
    named = "-".join(wanted)
    part = "" if set(wanted) == MEASURES.keys() else f"-{named}"
    path = publish("bench", _FILES.get(named, f"quality{part}"), figures)
    print(f"written: {path}")
    return 0 if all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())

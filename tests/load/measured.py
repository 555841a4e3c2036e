"""`make evidence-figures`: what was measured and proved last, as docs/evidence/figures.md.

Every bench and every proof leaves its figures in `build/`; this puts them into one page, with the command that
makes them again. What has not been run here keeps what the page says of it.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.support.figures import BUILD, shown

PAGE: Final = BUILD.parent / "docs" / "evidence" / "figures.md"

#: What the commands are run with, where that is not the default, and what each is about.
_COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "prove/clocks": ("ARGS='--cases 1000000 --seed 7'", "every clock against a second calculator"),
    "prove/escalator": (
        "ARGS='--deadlines 100000'",
        "deadlines while everything around them fails",
    ),
    "prove/notifier": ("", "messages to receivers with every fault, the notifier killed every 5 s"),
    "prove/router": ("", "contended assignments while routers are killed"),
    "prove/storm": ("", "twenty times what intake can take"),
    "bench/intake": ("", "durable intake against a handler that stores nothing"),
    "bench/router": ("", "rules, matching and contention, against others"),
    "bench/escalator": ("ARGS='--armed 10000000'", "what a deadline costs, how late it is told"),
    "bench/notifier": ("", "100 targets, one of them dead; 500 breaches in a minute"),
}

_HEAD: Final = """# What was measured

Written by `make evidence-figures` from what the benches and proofs left behind. The machine: {machine}, a virtual one
whose host serves others, too; a range over rounds tells how calm it was. *Met* is empty where nothing was promised,
**no** where a promise was missed.
"""
_SECTION: Final = re.compile(r"^## (?P<name>\w+/\w+)\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def section(name: str, records: list[dict[str, Any]], day: str) -> str:
    """One bench or proof as Markdown."""
    arguments, about = _COMMANDS[name]
    command = f"make {name.replace('/', '-')} {arguments}".strip()
    rows = [_row(record) for record in records]
    head = (
        "| figure | value | unit | target | met | range | rounds |\n|---|--:|---|---|---|---|--:|"
    )
    return f"## {name}\n\n{about}; in full `{command}`. Run on {day}.\n\n{head}\n" + "\n".join(rows)


def _row(record: Mapping[str, Any]) -> str:
    low_high = " to ".join(shown(value) for value in record["range"] or ())
    met = {True: "yes", False: "**no**", None: ""}[record["met"]]
    cells = (record["name"], shown(record["value"]), record["unit"], record["target"] or "", met)
    return "| " + " | ".join([*cells, low_high, str(record["rounds"])]) + " |"


def page(before: str) -> str:
    """The page, with what it said `before` of everything that left nothing here."""
    told = {found["name"]: found[0].rstrip() for found in _SECTION.finditer(before)}
    for name in _COMMANDS:
        path = BUILD / f"{name}.json"
        if path.exists():
            day = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d")
            told[name] = section(name, json.loads(path.read_text()), day)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    found = (told[name] for name in _COMMANDS if name in told)
    return "\n\n".join([_HEAD.format(machine=machine).rstrip(), *found]) + "\n"


def main() -> None:
    """Write the page."""
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    PAGE.write_text(page(before), encoding="utf-8")
    print(f"{Path(*PAGE.parts[-3:])} written")


if __name__ == "__main__":
    main()

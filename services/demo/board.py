"""The demo's live table; a line every five seconds where there is no terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

Figures = Callable[[], Mapping[str, int]]


async def show(figures: Figures, *, title: str, console: Console) -> None:
    """Show the figures until cancelled."""
    if console.is_terminal:
        with Live(_table(figures(), title), console=console, transient=True) as live:
            while True:
                await asyncio.sleep(0.25)
                live.update(_table(figures(), title))
    while True:
        await asyncio.sleep(5)
        line = "  ".join(f"{name} {count}" for name, count in figures().items())
        console.print(line, soft_wrap=True)


def final(figures: Mapping[str, int], title: str) -> Table:
    """The table as it stands at the end."""
    return _table(figures, title)


def _table(figures: Mapping[str, int], title: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.HORIZONTALS, pad_edge=False)
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row(*(str(count) for count in figures.values()))
    return table

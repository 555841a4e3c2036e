"""How much processor time processes have used, from the process table."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of `pids`, and of their children that have ended, in seconds."""
    return sum(sum(_fields(pid)[11:15]) for pid in pids) / _TICKS


def family(pid: int) -> list[int]:
    """`pid` and its living children."""
    children = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and _parent(int(entry.name)) == pid
    ]
    return [pid, *children]


def _parent(pid: int) -> int:
    return _fields(pid)[1]


def _fields(pid: int) -> list[int]:
    """The numbers after a process's name and state; zeros for one that has ended."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [0] * 20
    return [0, *(int(field) for field in after_name[1:20])]

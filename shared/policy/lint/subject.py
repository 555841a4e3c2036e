"""What a check looks at, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.policy.document import Document
from shared.policy.durations import format_duration
from shared.policy.sla import Targets
from shared.policy.workflow import WorkflowPolicy

from .people import People

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A workflow as it is written and as it is used. `people` are None where nobody says who there is;
    `at` is the instant from which two weeks and a year are counted.
    """

    document: Document
    policy: WorkflowPolicy
    people: People | None
    at: datetime

    def cells(self) -> Iterator[Targets]:
        """The targets of the matrix, each combination once, in the order of the matrix."""
        yield from dict.fromkeys(self.policy.sla.matrix.values())


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding: `code` is of the catalogue, `group` what it is listed under (a cell, or an area),
    `path` where it stands (with `key`, its key), `hint` what to change.
    """

    code: str
    group: str
    path: Path
    message: str
    hint: str
    key: bool = False


Check = Callable[[Subject], Iterable[Remark]]
"""One check: it sees everything and yields what it finds."""


def brief(duration: timedelta) -> str:
    """A duration to the second: `7 min 30 s`."""
    return format_duration(timedelta(seconds=int(duration.total_seconds())) or duration)

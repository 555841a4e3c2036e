"""Find the bad ones in a batch that fails: halve it under savepoints until they stand alone."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from shared.db.engine import Transaction

from .errors import is_transient

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Culprit(Generic[Item]):
    """An item that fails alone, and how."""

    item: Item
    error: str


@dataclass(slots=True)
class Isolated(Generic[Item, Result]):
    """What came of a batch: results of the parts that worked, and who did not take part.

    `behind` are items that came after a culprit with the same key and were not tried.
    """

    results: list[Result] = field(default_factory=list)
    culprits: list[Culprit[Item]] = field(default_factory=list)
    behind: list[Item] = field(default_factory=list)


async def isolate(
    tx: Transaction,
    items: Sequence[Item],
    apply: Callable[[Sequence[Item]], Awaitable[Result]],
    *,
    key: Callable[[Item], Hashable],
) -> Isolated[Item, Result]:
    """Apply `items` in order, leaving out those that fail alone and what stands behind them.

    Every part runs under a savepoint, so a part that fails leaves nothing behind. Order within a key
    is never broken. A transient error is raised as it is: it is nobody's fault.
    """
    found: Isolated[Item, Result] = Isolated()
    blocked: set[Hashable] = set()

    async def attempt(part: Sequence[Item]) -> None:
        tried = [item for item in part if key(item) not in blocked]
        found.behind += [item for item in part if key(item) in blocked]
        if not tried:
            return
        try:
            async with tx.begin_nested():
                result = await apply(tried)
        except Exception as error:
            if is_transient(error):
                raise
            if len(tried) == 1:
                blocked.add(key(tried[0]))
                found.culprits.append(Culprit(tried[0], told(error)))
                return
        else:
            found.results.append(result)
            return
        half = len(tried) // 2
        await attempt(tried[:half])
        await attempt(tried[half:])

    await attempt(items)
    return found


def told(error: BaseException) -> str:
    """The error with its traceback, as an operator wants to read it beside the parked event."""
    return "".join(traceback.format_exception(error)).replace("\0", "\\0")

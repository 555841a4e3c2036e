"""What nobody recomputes is said to end once (semantics K7): level clocks, and the updates owed in between.

A late fact may end such a clock in another way than was announced, or a merge that ended it may be undone. What
was said of it stands: it promises nobody anything that could be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.contracts.vocabulary import Metric

from .steps import Step, StepKind

_ONCE: Final = (Metric.LEVEL_ACCEPT, Metric.LEVEL_WORK, Metric.PERIODIC_UPDATE)
_ENDS: Final = (StepKind.MET, StepKind.CLOSED_LATE, StepKind.CANCELLED)


def ending_once(known: Iterable[str], steps: Iterable[Step]) -> list[Step]:
    """`steps` without a further end of what has ended among the `known` keys, or among themselves."""
    over = {_clock(key) for key in known if key.startswith(_ENDS)}
    kept = []
    for step in steps:
        if step.kind in _ENDS and step.metric in _ONCE:
            if _clock(step.key) in over:
                continue
            over.add(_clock(step.key))
        kept.append(step)
    return kept


def _clock(key: str) -> tuple[str, str]:
    """Which clock a step's key is about."""
    _, metric, cycle, _ = key.split(":", 3)
    return metric, cycle

"""Entries of escalation_matrix that do nothing at the level where they stand (semantics X6)."""

from __future__ import annotations

from collections.abc import Iterator

from shared.policy.cases import Cases
from shared.policy.document import BlockSection
from shared.policy.kinds import NO_RESPONSE

from .assuming import assume
from .subject import Path, Remark, Subject


def idle_entries(subject: Subject) -> Iterator[Remark]:
    """L044: times and conditions at the top, triggers at the bottom, conditions that cannot hold there,
    and people nobody tells.
    """
    rules = subject.policy.escalation
    for level, block in subject.document.escalation_matrix.items():
        path = ("escalation_matrix", level)
        if rules.next_level(level) is None:
            yield from _at_the_top(block, path, level)
        if block.triggers and rules.rank(level) == 0:
            yield _idle((*path, "triggers"), f"nobody is below {level}: nothing is raised to it")
        if block.notify and not block.triggers:
            yield _idle((*path, "notify"), "only triggers of the block tell these, and it has none")
        for index, condition in enumerate(block.conditions):
            here = assume(condition.tree, {"level": level.lower()})
            if condition.text != NO_RESPONSE and not Cases([here]).possible(0, ()):
                message = f'"{condition.text}" never holds for a ticket at {level}'
                yield _idle((*path, "conditions", index), message, key=False)
        for index, trigger in enumerate(block.triggers):
            if not Cases([trigger.tree]).possible(0, ()):
                message = f'"{trigger.text}" never holds: it contradicts itself'
                yield _idle((*path, "triggers", index), message, key=False)


def _at_the_top(block: BlockSection, path: Path, level: str) -> Iterator[Remark]:
    """What ends a level does nothing where no level is above."""
    if block.timeout is not None:
        yield _idle(
            (*path, "timeout"), f"no level is above {level}: its pages are repeated instead"
        )
    if block.conditions:
        yield _idle((*path, "conditions"), f"no level is above {level} to raise to")


def _idle(path: Path, message: str, *, key: bool = True) -> Remark:
    return Remark(
        "L044", "levels", path, message, "take it out, or move it to the level it is meant for", key
    )

"""Runs every check at once, none longer than its limit, and leaves nobody without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from .finding import Finding, fail

#: A check by its name in the table.
Check = Callable[[], Awaitable[list[Finding]]]


async def examine(checks: Mapping[str, Check], *, seconds: float) -> list[Finding]:
    """What all `checks` found, in their order; one that takes longer than `seconds` has failed."""
    if not checks:
        return []
    tasks = {name: asyncio.create_task(_one(name, check)) for name, check in checks.items()}
    _, late = await asyncio.wait(tasks.values(), timeout=seconds)
    for task in late:
        task.cancel()
    findings: list[Finding] = []
    for name, task in tasks.items():
        if task in late:
            todo = "Look why it does not answer, or give it longer: --seconds N."
            findings.append(fail(name, f"no answer within {seconds:g} s", todo))
        else:
            findings += task.result()
    return findings


async def _one(name: str, check: Check) -> list[Finding]:
    try:
        return await check()
    except Exception as error:
        said = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        return [fail(name, said, "This check itself failed; what it says is all there is.")]

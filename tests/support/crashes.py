"""Make a process die at a named place, once, and be the same to whoever watches."""

from __future__ import annotations

from shared import failpoints


class CrashError(BaseException):
    """The process is gone. Nothing in the product catches it."""


def crash_at(point: str, *, after: int = 0) -> None:
    """Die when `point` is reached for the `after + 1`-th time, once."""
    left = after

    def die(name: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            failpoints.clear()
            raise CrashError(name)

    failpoints.install(point, die)

"""The one place that joins the two functions of a core, `evolve` and `decide`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

State = TypeVar("State")
Fact = TypeVar("Fact")


def advance(
    state: State,
    fact: Fact,
    *,
    evolve: Callable[[State, Fact], State],
    decide: Callable[[State, Fact], Sequence[Fact]],
) -> tuple[State, Sequence[Fact]]:
    """Hear `fact`, decide what follows, and hear that too.

    Returns the new state and what was said. State is therefore a fold over everything heard and
    said, and replaying both rebuilds it (semantics T2, H8).
    """
    state = evolve(state, fact)
    said = decide(state, fact)
    for follow_up in said:
        state = evolve(state, follow_up)
    return state, said

"""Named places where a test may make a process die or an edge fail; no effect in production.

Only test code installs an action, by calling `install` in the process it starts itself. There is
deliberately no environment variable for it.
"""

from __future__ import annotations

from collections.abc import Callable

Action = Callable[[str], None]

_actions: dict[str, Action] = {}


def failpoint(name: str) -> None:
    """Run the action a test has installed for `name`; do nothing otherwise."""
    if _actions and (action := _actions.get(name)):
        action(name)


def install(name: str, action: Action) -> None:
    """Make `failpoint(name)` call `action` from now on. For tests."""
    _actions[name] = action


def clear() -> None:
    """Remove every installed action."""
    _actions.clear()

"""Rotations that are missing, or that name people who cannot be told (semantics X10)."""

from __future__ import annotations

from collections.abc import Iterator

from .mentions import mentions
from .subject import Remark, Subject


def missing_rotations(subject: Subject) -> Iterator[Remark]:
    """L052: a team above the first level whose on-call people are told, and that has no rotation."""
    policy = subject.policy
    telling = [
        mention
        for mention in mentions(subject)
        if any("on_call" in policy.notification.audience(name) for name in mention.names)
    ]
    stored = subject.people.rotations if subject.people else frozenset()
    known = stored | set(policy.notification.rotations)
    without = [level.team for level in policy.levels[1:] if level.team not in known]
    if telling and without:
        owners = ", ".join(dict.fromkeys(mention.owner for mention in telling))
        yield Remark(
            "L052",
            "people",
            ("on_call",),
            f"{owners} tell whoever is on call, and {', '.join(dict.fromkeys(without))} "
            f"{'has' if len(set(without)) == 1 else 'have'} no rotation: nobody is told there by it",
            "give the team a rotation under on_call",
            key=True,
        )


def unknown_members(subject: Subject) -> Iterator[Remark]:
    """L053: whoever takes a turn must be a recipient with a channel."""
    people = subject.people
    if people is None:
        return
    for team, rotation in subject.policy.notification.rotations.items():
        for index, member in enumerate(rotation.members):
            if not people.reach(member):
                yield Remark(
                    "L053",
                    "people",
                    ("on_call", team, "rotation", index),
                    f"{member} takes turns for {team} and cannot be told: no recipient of that name "
                    "has a channel",
                    "add them to the recipients of the people file with a channel",
                )

"""Everywhere a workflow names people, with what it names them for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .subject import Path, Subject


@dataclass(frozen=True, slots=True)
class Mention:
    """One list of names. `via` are the channels it is told over, empty for whichever somebody has."""

    owner: str
    path: Path
    names: tuple[str, ...]
    via: tuple[str, ...] = ()


def mentions(subject: Subject) -> Iterator[Mention]:
    """All of them, notification rules first."""
    document, policy = subject.document, subject.policy
    for index, rule in enumerate(policy.notification.rules):
        path: Path = ("notifications", "rules", index, "to")
        yield Mention(rule.name, path, rule.to, rule.via)
    for index, trigger in enumerate(policy.escalation.triggers):
        yield Mention(trigger.name, ("escalation", "triggers", index, "notify"), trigger.audience)
    for level, block in document.escalation_matrix.items():
        path = ("escalation_matrix", level, "notify")
        yield Mention(f"escalation_matrix.{level}", path, block.notify)
    for section, routes in (
        ("routing_rules", policy.routing.rules),
        ("routing_boosts", policy.routing.boosts),
    ):
        for index, route in enumerate(routes):
            yield Mention(route.name, (section, index, "notify"), route.notify)
            yield Mention(route.name, (section, index, "cc"), route.cc)

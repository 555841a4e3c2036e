"""What a colleague would point at in routing rules: those that can never act, and queues nobody is sent to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .cases import Cases
from .conditions import tree_of
from .document import Document
from .routing import GENERAL
from .routing_building import queue_of
from .trouble import Finding

#: How many earlier rules are looked through for those that hide a rule together.
_MOST = 60


def check_routing(document: Document, own: Mapping[str, object]) -> Iterator[Finding]:
    """Warnings; `own` are the sections of the file itself."""
    yield from _hidden_rules(document)
    yield from _idle_boosts(document)
    if "queues" in own:
        yield from _idle_queues(document)


def _hidden_rules(document: Document) -> Iterator[Finding]:
    """Rules that are never the first to match.

    A catch-all is spared when only several rules together leave nothing to it: it is there to be safe.
    """
    rules = document.routing_rules
    cases = Cases([tree_of(rule.condition) for rule in rules])
    for index, rule in enumerate(rules):
        if cases.possible(index, range(index)):
            continue
        path = ("routing_rules", index)
        if not cases.possible(index, ()):
            message = "never matches: it contradicts itself"
            yield Finding((*path, "condition"), message, code="L031")
            continue
        hiding = _hiding(cases, index)
        if len(hiding) == 1:
            message = f"never matches: routing_rules[{hiding[0]}] always does first"
            yield Finding(path, message, code="L030")
        elif rule.condition is not None:
            message = f"never matches: one of {_listed(hiding)} always does first"
            yield Finding(path, message, code="L030")


def _hiding(cases: Cases, index: int) -> list[int]:
    """The rules before that one which hide it: one if there is such a one, else as few as are needed."""
    for earlier in range(index):
        if not cases.possible(index, [earlier]):
            return [earlier]
    needed = list(range(index))
    for earlier in range(min(index, _MOST)):
        fewer = [one for one in needed if one != earlier]
        if not cases.possible(index, fewer):
            needed = fewer
    return needed


def _idle_boosts(document: Document) -> Iterator[Finding]:
    """Boosts whose condition contradicts itself."""
    cases = Cases([boost.condition.tree for boost in document.routing_boosts])
    for index in range(len(document.routing_boosts)):
        if not cases.possible(index, ()):
            path = ("routing_boosts", index, "condition")
            yield Finding(path, "never matches: it contradicts itself", code="L031")


def _idle_queues(document: Document) -> Iterator[Finding]:
    """Queues of the file that no rule and no escalation leads to."""
    actions = document.actions
    used = {queue_of(rule.action, actions) for rule in document.routing_rules}
    used |= {GENERAL, *document.escalated_to.values()}
    for name in document.queues:
        if name not in used:
            message = "no routing rule and no entry of escalated_to leads here"
            yield Finding(("queues", name), message, key=True, code="L036")


def _listed(rules: Sequence[int]) -> str:
    return ", ".join(f"routing_rules[{index}]" for index in rules)

"""Checks of the matrix: cells nobody opens in, promises the wrong way round, tiers without a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.contracts.vocabulary import Priority
from shared.policy.cases import Cases
from shared.policy.sla import Targets
from shared.policy.tree import Both, Compare, Name, Node, Not, Value
from shared.policy.workflow import WorkflowPolicy

from .subject import Remark, Subject, brief


def in_cell(policy: WorkflowPolicy, priority: Priority, tier: str) -> Node:
    """The tickets that open with this priority and customer tier; floors lift the others (P4)."""
    lifted = [rule for rule in policy.triage.floor_rules if rule.priority.rank < priority.rank]
    return Both(
        (
            Compare(Name("priority"), "==", Value(priority.value)),
            Compare(Name("customer_tier"), "==", Value(tier)),
            *(Not(rule.tree) for rule in lifted),
        )
    )


def unreached(subject: Subject) -> Iterator[Remark]:
    """L012: a floor lifts every such ticket out of the cell (semantics A15)."""
    policy = subject.policy
    for (priority, tier), targets in policy.sla.matrix.items():
        if Cases([in_cell(policy, priority, tier)]).possible(0, ()):
            continue
        floors = [
            f"[{n}]"
            for n, r in enumerate(policy.triage.floor_rules)
            if r.priority.rank < priority.rank
        ]
        yield Remark(
            "L012",
            targets.policy_id,
            ("triage", "at_least"),
            f"no ticket opens as {priority}/{tier}: triage.at_least{', '.join(floors)} lifts every one",
            "nothing to change: the cell counts again when an agent lowers a priority",
            key=True,
        )


def inverted(subject: Subject) -> Iterator[Remark]:
    """L013: a longer target than the same cell one priority or one customer tier lower."""
    matrix, tiers = subject.policy.sla.matrix, subject.policy.customers.tiers
    order, seen = list(Priority), set()
    for (priority, tier), targets in matrix.items():
        lower = [
            (order[min(priority.rank + 1, len(order) - 1)], tier),
            (priority, tiers[min(tiers.index(tier) + 1, len(tiers) - 1)]),
        ]
        for pair in lower:
            said = _longer(targets, matrix, pair)
            if said and (targets, matrix[pair]) not in seen:
                seen.add((targets, matrix[pair]))
                yield Remark(
                    "L013",
                    targets.policy_id,
                    ("SLA_MATRIX", targets.policy_id),
                    f"{priority}/{tier} promises less than {pair[0]}/{pair[1]}: {said}",
                    "give the more urgent or better cell the shorter target",
                    key=True,
                )


def _longer(
    targets: Targets, matrix: Mapping[tuple[Priority, str], Targets], pair: tuple[Priority, str]
) -> str:
    """Which targets are longer than those of the lower pair."""
    lower = matrix.get(pair, targets)
    compared = {
        "first response": (targets.first_response, lower.first_response),
        "next response": (targets.next_response, lower.next_response),
        "resolution": (targets.resolution, lower.resolution),
    }
    return ", ".join(
        f"{what} {brief(mine)} against {brief(theirs)}"
        for what, (mine, theirs) in compared.items()
        if mine > theirs
    )


def tiers_alike(subject: Subject) -> Iterator[Remark]:
    """L014: several tiers, and one promise for all of them at every priority (semantics A5)."""
    matrix, tiers = subject.policy.sla.matrix, subject.policy.customers.tiers
    promises = {
        priority: {_times(matrix[pair]) for pair in matrix if pair[0] is priority}
        for priority in Priority
    }
    whole = len(matrix) == len(tiers) * len(Priority)
    if whole and len(tiers) > 1 and all(len(found) == 1 for found in promises.values()):
        yield Remark(
            "L014",
            "customer tiers",
            ("SLA_MATRIX",),
            f"{', '.join(tiers)} have the same targets at every priority: the matrix tells no tiers apart",
            "give the tiers their own cells; nothing to change if they are meant to be equal",
            key=True,
        )


def _times(targets: Targets) -> tuple[object, ...]:
    return targets.first_response, targets.next_response, targets.resolution

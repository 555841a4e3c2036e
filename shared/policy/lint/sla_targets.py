"""`sla_target`s longer than the promise a ticket has anyway (semantics K10, A7)."""

from __future__ import annotations

from collections.abc import Iterator

from shared.policy.cases import Cases
from shared.policy.sla import Targets

from .cells import in_cell
from .subject import Remark, Subject, brief


def loose_targets(subject: Subject) -> Iterator[Remark]:
    """L032: per routing rule, the cells it can take tickets of that promise a shorter first response."""
    policy = subject.policy
    rules, cells = policy.routing.rules, policy.sla.matrix
    promising = [index for index, rule in enumerate(rules) if rule.sla_target is not None]
    met = [(n, pair) for n in promising for pair in cells]
    order = {pair: number for number, pair in enumerate(cells, start=len(rules))}
    trees = [*(rule.tree for rule in rules), *(in_cell(policy, *pair) for pair in cells)]
    cases = Cases(trees)
    taken_by: dict[int, list[Targets]] = {}
    for index, pair in met:
        if cases.possible(index, range(index), also=order[pair]):
            taken_by.setdefault(index, []).append(cells[pair])
    for index, taken in taken_by.items():
        rule = rules[index]
        assert rule.sla_target is not None
        looser = {
            t.policy_id: t.first_response for t in taken if t.first_response < rule.sla_target
        }
        if not looser:
            continue
        named = ", ".join(f"{cell} ({brief(promised)})" for cell, promised in looser.items())
        idle = all(targets.first_response <= rule.sla_target for targets in taken)
        yield Remark(
            "L032",
            "routing rules",
            ("routing_rules", index, "sla_target"),
            f"{rule.name} asks for {brief(rule.sla_target)}, longer than the first response of {named}: "
            f"the shorter counts{', so it tightens nothing' if idle else ''}",
            "a rule only tightens: write a shorter target, or leave it out",
        )

"""How well learned routing rules send tickets where they belong: the log of a company's IT department.

The product's learner knows what a ticket said when it was opened, and the group that had it in the end. It
learns from the first 70 % of the tickets by time (once more: of the tickets by a hash of their number) and
judges the rest, beside keeping the group that a ticket was given first, lookup tables, and a random forest.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer

from services.router.domain.learning import Example, judge, learn
from tests.support.figures import Figure

from .data import is_held_back, rows

#: What a first row says that was known at the opening. `closed_code`, `knowledge` and the like stand there, too,
#: and were not.
COLUMNS: Final = (
    "caller_id",
    "opened_by",
    "location",
    "category",
    "subcategory",
    "u_symptom",
    "impact",
    "urgency",
    "priority",
    "contact_type",
)

#: Tables that say for each combination of values where most tickets went.
TABLES: Final = (
    ("category",),
    ("category", "subcategory"),
    ("category", "subcategory", "u_symptom"),
    ("category", "subcategory", "location"),
)

GROUP: Final = "assignment_group"


@dataclass(frozen=True, slots=True)
class Incident:
    """A ticket: what was known, the first group it was given, and the one that had it in the end."""

    number: str
    opened_at: str
    facts: Mapping[str, str]
    at_opening: str
    first: str
    last: str

    def example(self, *, with_group: bool) -> Example:
        """For the learner, also with the group of the first row if wished."""
        group = {GROUP: self.at_opening} if with_group else {}
        return Example({**self.facts, **group}, self.last)


def measure() -> list[Figure]:
    """The figures; needs `../shared/data` beside the checkout and takes about a minute."""
    all_of_them = sorted(_incidents(), key=lambda one: (one.opened_at, one.number))
    cut = int(0.7 * len(all_of_them))
    by_hash: tuple[list[Incident], list[Incident]] = ([], [])
    for one in all_of_them:
        by_hash[is_held_back(one.number)].append(one)
    return [
        *_figures("routing, later tickets", all_of_them[:cut], all_of_them[cut:], forest=True),
        *_figures("routing, other tickets", *by_hash),
    ]


def _incidents() -> list[Incident]:
    """The tickets that some group had."""
    lives: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows("incident_event_log"):
        lives[row["number"]].append(row)
    found = []
    for number, life in lives.items():
        groups = [row[GROUP] for row in life if row[GROUP]]
        if groups:
            facts = {name: life[0][name] for name in COLUMNS}
            opened, given = life[0]["opened_at"], life[0][GROUP]
            found.append(Incident(number, opened, facts, given, groups[0], groups[-1]))
    return found


def _figures(
    name: str, known: Sequence[Incident], unseen: Sequence[Incident], *, forest: bool = False
) -> list[Figure]:
    """Everything that is measured on one split."""
    kept = _share(unseen, lambda one: one.first)
    usual = Counter(one.last for one in known).most_common(1)[0][0]
    tables = {keys: _share(unseen, _table(known, keys, usual)) for keys in TABLES}
    best = max(tables.values())
    figures = [
        *_learned(f"{name}: rules", known, unseen, "best lookup table", best, with_group=False),
        *_learned(
            f"{name}: rules that see the first group",
            known,
            unseen,
            "keeping it",
            kept,
            with_group=True,
        ),
        Figure(f"{name}: keep the first group", kept, "share right"),
        *(Figure(f"{name}: table of {' × '.join(k)}", v, "share right") for k, v in tables.items()),
        Figure(f"{name}: always the same group", _share(unseen, lambda _: usual), "share right"),
        Figure(f"{name}: learned from", len(known), "tickets"),
        Figure(f"{name}: judged", len(unseen), "tickets"),
    ]
    if forest:
        for with_group in (False, True):
            seen = " that sees the first group" if with_group else ""
            right = _by_forest(known, unseen, with_group=with_group)
            figures.append(Figure(f"{name}: random forest{seen}", right, "share right"))
    return figures


def _learned(
    name: str,
    known: Sequence[Incident],
    unseen: Sequence[Incident],
    other: str,
    bar: float,
    *,
    with_group: bool,
) -> list[Figure]:
    """The product's rules, with the defaults of `tierline workflow suggest-routing`."""
    began = time.process_time()
    rules = learn([one.example(with_group=with_group) for one in known])
    took = time.process_time() - began
    found = judge(rules, [one.example(with_group=with_group) for one in unseen])
    met = found.accuracy > bar
    return [
        Figure(name, found.accuracy, "share right", f"> {other} ({bar:.3f})", met),
        Figure(f"{name}, taken by a rule", found.coverage, "share of tickets"),
        Figure(f"{name}, of those", found.precision, "share right"),
        Figure(f"{name}, how many", len(rules.rules), "rules"),
        Figure(f"{name}, learning", took, "s CPU"),
    ]


def _share(unseen: Sequence[Incident], said: Callable[[Incident], str]) -> float:
    """How many are sent to the group that had them in the end."""
    return sum(said(one) == one.last for one in unseen) / len(unseen)


def _table(known: Sequence[Incident], keys: Sequence[str], usual: str) -> Callable[[Incident], str]:
    """Where most tickets with the same values went; for values not seen, where most went at all."""
    counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for one in known:
        counts[tuple(one.facts[key] for key in keys)][one.last] += 1
    best = {values: count.most_common(1)[0][0] for values, count in counts.items()}
    return lambda one: best.get(tuple(one.facts[key] for key in keys), usual)


def _by_forest(known: Sequence[Incident], unseen: Sequence[Incident], *, with_group: bool) -> float:
    """50 trees over the same columns (scikit-learn): nothing a person could read."""
    columns = DictVectorizer()
    learned = columns.fit_transform([one.example(with_group=with_group).facts for one in known])
    forest = RandomForestClassifier(50, random_state=0).fit(learned, [one.last for one in known])
    judged = columns.transform([one.example(with_group=with_group).facts for one in unseen])
    return float(forest.score(judged, [one.last for one in unseen]))

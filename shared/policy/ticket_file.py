"""A ticket's facts from a JSON or YAML text, for `tierline workflow explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from shared.contracts.vocabulary import Complexity, Grade, Priority

from .facts import ALIASES, BUSINESS_HOURS, FACTS, Kind, fact_of
from .problems import Problem, WorkflowError, nearest
from .source import Source, read_source
from .workflow import WorkflowPolicy

TEXTS = ("subject", "body")
"""What the customer wrote: no facts themselves, but facts can be read in them."""

OPENED_AT = "opened_at"
"""An instant, from which `business_hours` and what other calendars say follow."""


def read_ticket(
    text: str, name: str, policy: WorkflowPolicy, *, at: datetime | None = None
) -> dict[str, object]:
    """The facts that a ticket's text states, `customer: {tier: …}` included, and the `TEXTS` and
    `OPENED_AT` beside them. What calendars say is stated, or follows from `OPENED_AT`; `at` counts
    instead of both.

    Raises WorkflowError listing every unknown name, value of the wrong kind and unknown word.
    """
    source = read_source(text, name)
    words = _words(policy)
    facts: dict[str, object] = {}
    problems: list[Problem] = []
    for path, value in _leaves(source.data):
        spelt = ".".join(path).removeprefix("ticket.")
        fact = ALIASES.get(spelt, spelt)
        if fact == OPENED_AT:
            problems += _opened_at(source, path, value, facts)
        elif fact in TEXTS and isinstance(value, str):
            facts[fact] = value
        elif fact not in FACTS and _calendar(fact) not in policy.calendars:
            calendars = (f"{BUSINESS_HOURS}.{name}" for name in policy.calendars)
            known = [*FACTS, *ALIASES, *TEXTS, OPENED_AT, *calendars]
            problems.append(
                _problem(source, path, f'no fact "{spelt}"', nearest(spelt, known), key=True)
            )
        elif complaint := _unfit(fact, value, words):
            problems.append(_problem(source, path, *complaint))
        else:
            facts[fact] = value
    if problems:
        raise WorkflowError(problems)
    if at is not None:
        return facts | {OPENED_AT: at, **policy.hours(at)}
    opened = facts.get(OPENED_AT)
    return {**policy.hours(opened), **facts} if isinstance(opened, datetime) else facts


def _leaves(
    data: Mapping[str, object], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every value that is no mapping, with the keys that lead to it."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _unfit(
    fact: str, value: object, words: Mapping[str, tuple[str, ...]]
) -> tuple[str, str | None] | None:
    """Why `value` cannot be that fact, with a suggestion; None if it can."""
    if value is None:
        return None
    kind = fact_of(fact).kind
    fits = {
        Kind.WORD: isinstance(value, str),
        Kind.NUMBER: isinstance(value, int | float) and not isinstance(value, bool),
        Kind.FLAG: isinstance(value, bool),
        Kind.WORDS: isinstance(value, list) and all(isinstance(item, str) for item in value),
    }
    if not fits[kind]:
        return f"a {kind.value} is expected, not {value!r}", None
    known = words.get(fact)
    for word in map(str, value if isinstance(value, list) else [value]):
        if known is not None and word.lower() not in known:
            return f'"{fact}" is never "{word}"', nearest(word, known)
    return None


def _opened_at(
    source: Source,
    path: tuple[str, ...],
    value: object,
    facts: dict[str, object],
) -> Iterator[Problem]:
    """Put the instant into `facts`, or complain."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        yield _problem(source, path, f'"{value}" is no instant like 2026-06-01T10:00:00Z')
        return
    facts[OPENED_AT] = at if at.tzinfo else at.replace(tzinfo=UTC)


def _calendar(fact: str) -> str | None:
    """The calendar that a fact asks by name."""
    asks = fact.startswith(f"{BUSINESS_HOURS}.")
    return fact.removeprefix(f"{BUSINESS_HOURS}.") if asks else None


def _words(policy: WorkflowPolicy) -> dict[str, tuple[str, ...]]:
    """The words that facts can have under this workflow."""
    aliases = tuple(policy.triage.category_aliases)
    return {
        "priority": tuple(Priority),
        "impact": tuple(Grade),
        "urgency": tuple(Grade),
        "complexity": tuple(Complexity),
        "category": (*policy.triage.categories, *aliases),
        "customer_tier": policy.customers.tiers,
        "signals": tuple(policy.triage.word_groups),
    }


def _problem(
    source: Source,
    path: tuple[str, ...],
    message: str,
    suggestion: str | None = None,
    *,
    key: bool = False,
) -> Problem:
    """A complaint with its place in the ticket's text."""
    line, column = source.place(path, key=key)
    return Problem(source.name, line, column, ".".join(path), message, suggestion)

"""`tierline workflow suggest-routing`: routing rules learned from tickets of the past."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.router.domain.learning import DecisionList, Example, Judgement, judge, learn
from shared.policy.facts import FACTS
from shared.policy.problems import nearest

from .suggested_rules import faults, rules_text, unknown_names, word_of
from .ticket_history import MOST_TICKETS, History, HistoryError, read_history
from .where import stop

#: The first part of the file is learned from, the rest judges; then all of it is learned from.
_KNOWN: Final = 0.7

#: So many tickets have to be judged for a share of them to mean something.
_FEWEST_JUDGED: Final = 20


def suggest_routing(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV or JSONL, plain or .gz.")
    ],
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Where tickets belonged; default: a column named so."),
    ] = None,
    ticket: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Names the tickets of an event log: the first row is what was known, the last target counts.",
        ),
    ] = None,
    use: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A column that is known at the opening; repeat it."),
    ] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=FACT", help="What a column is called in rules; repeat it."),
    ] = None,
    min_support: Annotated[int, typer.Option(min=1, help="Tickets a rule takes, at least.")] = 10,
    min_precision: Annotated[
        float, typer.Option(min=0, max=1, help="The share it is right for, at least.")
    ] = 0.5,
    max_terms: Annotated[int, typer.Option(min=1, max=3, help="Comparisons in a rule.")] = 2,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The file to write; default: the terminal.")
    ] = None,
) -> None:
    """Learn routing rules from tickets that people have routed, and say how well they do.

    The rules are readable YAML, each with its support and precision: check them, change them, and copy
    what convinces you into your workflow.
    """
    try:
        history = read_history(file, target=target, ticket=ticket, use=use or ())
    except HistoryError as error:
        stop(str(error))
    names = _names(history.columns, fact or [])
    options = {"min_support": min_support, "max_terms": max_terms}
    cut = int(_KNOWN * len(history.examples))
    known, unseen = history.examples[:cut], history.examples[cut:]
    tried: Judgement | None = None
    with _Bar() as bar:
        if known and len(unseen) >= _FEWEST_JUDGED:
            on_part = bar.learned("try", known, min_precision, options)
            tried = judge(on_part, unseen)
        learned = bar.learned("learn", history.examples, min_precision, options)
    text = rules_text(learned, names, list(_comments(file, history, learned, tried)))
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
    _tell(history, learned, tried, output, use=bool(use))
    _tell_faults(text, unknown_names(names, learned))


class _Bar:
    """The progress of learning, on stderr."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:.0f} %"),
        )
        self._progress = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def learned(
        self, what: str, examples: Sequence[Example], precision: float, options: dict[str, int]
    ) -> DecisionList:
        """Learn, and show how many tickets are decided; what no rule takes is decided at the end."""
        bar = self._progress.add_task(what, total=len(examples))
        learned = learn(
            examples,
            min_precision=precision,
            progress=lambda taken: self._progress.advance(bar, taken),
            **options,
        )
        self._progress.update(bar, completed=len(examples))
        return learned


def _names(columns: Iterable[str], renamed: Sequence[str]) -> dict[str, str]:
    """What columns are called in conditions. Ends the command for a name that leads nowhere."""
    names = {column: word_of(column) for column in columns}
    for one in renamed:
        column, _, name = one.partition("=")
        if column not in names:
            stop(f"--fact {one}: column {column!r} is not looked at; there are {', '.join(names)}.")
        if name not in FACTS:
            near = nearest(name, FACTS)
            hint = f", did you mean {near!r}?" if near else f"; there are {', '.join(FACTS)}."
            stop(f"--fact {one}: no fact {name!r}{hint}")
        names[column] = name
    if len(set(names.values())) < len(names):
        stop("Two columns have the same name in rules: choose some with --use.")
    return names


def _comments(
    file: Path, history: History, learned: DecisionList, tried: Judgement | None
) -> Iterable[str]:
    """What stands above the rules."""
    yield f"{len(learned.rules)} rules learned from {len(history.examples)} tickets of {file.name}: {history.target} by {', '.join(history.columns)}."
    if tried:
        yield f"Learned from the first {_KNOWN:.0%}, rules are right for {tried.accuracy:.1%} of the other {tried.tickets} tickets; {tried.coverage:.1%} are"
        yield f"taken by a rule, which is right for {tried.precision:.1%} of them."
    yield "The first rule that matches counts. support: how many tickets came as far as the rule and were taken by it;"
    yield "precision: the share of those that belonged there."


def _tell(
    history: History,
    learned: DecisionList,
    tried: Judgement | None,
    output: Path | None,
    *,
    use: bool,
) -> None:
    """How it went, on stderr: the rules themselves may be on stdout."""
    say = _say
    if history.without_target:
        say(f"{history.without_target} tickets without a value in {history.target!r} were left out")
    if len(history.examples) == MOST_TICKETS:
        say(f"only the last {MOST_TICKETS} tickets were looked at")
    if not use:
        say(
            f"looked at: {', '.join(history.columns) or 'nothing'}. Was each of them known when a ticket was opened? "
            "Name those that were with --use."
        )
    taken = sum(rule.support for rule in learned.rules)
    say(
        f"{len(learned.rules)} rules take {taken} of {len(history.examples)} tickets and are right for "
        f"{sum(rule.right for rule in learned.rules)}; the catch-all takes the rest"
    )
    if not learned.rules:
        say(
            "no rule is sure enough: try a lower --min-support or --min-precision, or other columns"
        )
    if tried:
        say(
            f"learned from the first {_KNOWN:.0%} only: right for {tried.accuracy:.1%} of the other "
            f"{tried.tickets}, {tried.coverage:.1%} taken by a rule"
        )
    if output:
        say(f"written: {output}")


def _tell_faults(text: str, unknown: Sequence[str]) -> None:
    """What has to be done before the file is a workflow."""
    if unknown:
        _say(
            f"{', '.join(unknown)}: no facts of a ticket, so the file does not load as it is. Give columns their "
            "facts (--fact contact_type=channel), or leave them out with --use"
        )
    elif found := faults(text):
        _say(f"the file does not load as it is: {found[0]}")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)

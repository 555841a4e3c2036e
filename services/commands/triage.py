"""`tierline triage learn`: a category model from tickets that people have labelled."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from services.intake.domain.learning import Labelled, Learned, Quality, cross_validated, learn
from services.playback import table
from shared.policy.category_file import model_text

from .where import stop

app = typer.Typer(no_args_is_help=True, help="Triage: learn what tickets are about.")

#: Texts with fewer examples than this of a category say nothing about it.
FEWEST: Final = 5

#: How many of the strongest words are printed for a category.
_SHOWN: Final = 8


@app.callback()
def _group() -> None:
    """Makes a group with one command still take that command's name."""


@app.command("learn")
def learn_model(
    file: Annotated[Path, typer.Argument(help="Labelled tickets: CSV or JSONL, plain or .gz.")],
    text: Annotated[list[str], typer.Option(help="A column with text; give it several times.")],
    label: Annotated[str, typer.Option(help="The column with the category.")],
    out: Annotated[Path, typer.Option(help="The model to write.")],
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Below this likelihood a category is unsure.")
    ] = 0.5,
) -> None:
    """Learn a category model from labelled tickets, and say how well it does on unseen ones.

    The model is a file to read and to change; the workflow names it in `triage.category_models`.
    """
    examples = _read(file, text, label)
    try:
        found = cross_validated(examples)
        learned = learn(examples, threshold=threshold)
    except ValueError as error:
        stop(f"{file}: {error}.")
    out.write_text(model_text(learned.model, learned.support, _comment(file, examples, found)))
    _tell(learned, examples, found, out)


def _read(file: Path, columns: Sequence[str], label: str) -> list[Labelled]:
    """The rows with a text and a label."""
    examples = []
    try:
        for row in table.rows(file):
            missing = [one for one in (*columns, label) if one not in row]
            if missing:
                stop(f"{file}: no column {missing[0]!r}. Its columns: {', '.join(row)}.")
            text = "\n".join(row[one] for one in columns)
            if text.strip() and row[label].strip():
                examples.append(Labelled(text, row[label].strip()))
    except (table.TableError, csv.Error) as error:
        stop(f"Cannot be read: {error}")
    return examples


def _comment(file: Path, examples: Sequence[Labelled], found: Quality) -> str:
    return (
        f"Learned from {len(examples)} texts of {file.name}. On texts it had not seen: "
        f"accuracy {found.accuracy:.3f}, macro-F1 {found.macro_f1:.3f}.\n"
        "By category and weight, the words; after # in how many texts each was found."
    )


def _tell(learned: Learned, examples: Sequence[Labelled], found: Quality, out: Path) -> None:
    counts = Counter(one.category for one in examples)
    print(f"{len(examples)} texts, {len(counts)} categories")
    print(
        f"on texts not seen (5 parts, each judged by a model of the other four): "
        f"accuracy {found.accuracy:.3f}, macro-F1 {found.macro_f1:.3f}; "
        f"always saying {counts.most_common(1)[0][0]!r} would be right in "
        f"{counts.most_common(1)[0][1] / len(examples):.3f}"
    )
    for category, count in counts.most_common():
        strongest = list(learned.model.weights[category])[:_SHOWN]
        few = f" (fewer than {FEWEST}: not to be relied on)" if count < FEWEST else ""
        print(f"  {category}: {count} texts{few}: {', '.join(strongest)}")
    print(f"written: {out}. Name it in your workflow: triage.category_models")

"""`tierline articles`: the knowledge base that tickets are answered from before a person can."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from services.articles import ArticlesError, listed, read_folder, searched, tell

from .where import carry_out, console, installation, stop

app = typer.Typer(no_args_is_help=True, help="The knowledge base: import, list, search.")

Language = Annotated[str | None, typer.Option(help="ISO 639 code, as `en`.")]


@app.command("import")
def import_(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Markdown files, one an article.")
    ],
    language: Language = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove the articles that have no file here.")
    ] = False,
) -> None:
    """Add or change an article for every *.md of a folder; doing it again changes nothing.

    --language is that of files which do not say theirs; without it, it is read off the text.
    """
    try:
        articles = read_folder(folder, language=language)
        told = carry_out(tell(installation(), articles, prune=prune))
    except ArticlesError as error:
        stop(str(error))
    print(f"{told.found} articles, {told.changed} of them new or changed; {told.removed} removed")


@app.command("list")
def list_() -> None:
    """Every article."""
    try:
        _show(carry_out(listed(installation())))
    except ArticlesError as error:
        stop(str(error))


@app.command()
def search(
    words: Annotated[str, typer.Argument(help='`words "exact words" or other -without`')],
    language: Language = None,
) -> None:
    """The articles that fit some words, the best first."""
    try:
        _show(carry_out(searched(installation(), words, language=language)))
    except ArticlesError as error:
        stop(str(error))


def _show(found: Sequence[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("id", "language", "title", "url"):
        table.add_column(column, no_wrap=column in {"id", "language"})
    for one in found:
        row = (one["article_id"], one["language"], one["title"], one["url"] or "")
        table.add_row(*map(escape, row))
    console().print(table)

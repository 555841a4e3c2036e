"""`tierline triage learn`: from a CSV file to a model that a workflow takes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.commands.triage import app
from shared.policy import load_workflow

ROWS = "subject,text,kind\n" + "".join(
    f"Invoice {n},it is wrong,billing\nCrash {n},the server,technical\n,,billing\n"
    for n in range(10)
)


def learned(file: Path, *more: str) -> tuple[int, str]:
    """Exit status and output of `tierline triage learn` with the columns of `ROWS`."""
    out = file.with_name("mine.yaml")
    arguments = ["learn", str(file), "--text", "subject", "--text", "text", "--out", str(out)]
    done = CliRunner().invoke(app, [*arguments, "--label", "kind", *more])
    return done.exit_code, done.output


@pytest.mark.parametrize("name", ["tickets.csv", "tickets.csv.gz"])
def test_what_is_learned_is_a_model_for_the_workflow(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(ROWS.encode()) if name.endswith("gz") else ROWS.encode())
    workflow = tmp_path / "workflow.yaml"
    workflow.write_text("triage: {category_models: {en: mine.yaml}}")

    code, output = learned(file, "--threshold", "0.6")

    assert 0 == code
    assert "20 texts, 2 categories" in output
    assert "accuracy 1.000, macro-F1 1.000" in output
    assert "always saying 'billing' would be right in 0.500" in output
    model = load_workflow(workflow).triage.category_models["en"]
    assert (0.6, {"billing", "technical"}) == (model.threshold, set(model.weights))
    assert model.weights["billing"]["invoice"] > 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "no column 'subject'. Its columns: a, b."),
        ("", "texts of at least two categories are needed"),
        ("subject,text,kind\nx\n", "tickets.csv:2: not as many values as there are columns"),
        ("subject,text,kind\nx,y,billing\n", "texts of at least two categories are needed"),
    ],
)
def test_a_file_that_teaches_nothing_is_refused_with_a_sentence(
    text: str, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "tickets.csv"
    file.write_text(text)

    code, output = learned(file)

    assert 1 == code
    assert sentence in output
    assert not file.with_name("mine.yaml").exists()


def test_a_file_that_is_not_there_is_refused_with_a_sentence(tmp_path: Path) -> None:
    code, output = learned(tmp_path / "none.csv")

    assert (1, True) == (code, "Cannot be read" in output)

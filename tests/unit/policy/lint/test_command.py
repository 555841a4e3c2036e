"""`tierline workflow lint`, and that its codes are described."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.commands.workflow import app
from shared.policy.lint import CATALOGUE
from tests.support.linted import HERE, tidied

ROOT = Path(__file__).parents[4]
TIDY_FILE = HERE / "tidy_workflow.yaml"


#: A percent that no rule waits for.
SILENT = "sla: {overdue: [], thresholds: [50, 60, 75, 80, 90, 100]}"


def run(*arguments: object) -> tuple[int, list[str]]:
    """Exit code and lines of `tierline workflow lint …`."""
    result = CliRunner().invoke(app, ["lint", *map(str, arguments)])
    return result.exit_code, result.output.splitlines()


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    """A workflow with one warning."""
    file = tmp_path / "mine.yaml"
    file.write_text(tidied(("sla: {overdue: []}", SILENT)), encoding="utf-8")
    return file


def test_a_tidy_workflow_is_told_so() -> None:
    code, lines = run(TIDY_FILE)

    assert code == 0
    assert lines[0] == "nothing to point at: every promise can be kept, every rule can act"
    assert lines[-1].startswith("0 errors, 0 warnings, 0 info; digest ")


def test_without_people_it_says_that_nobody_was_looked_for() -> None:
    assert run(TIDY_FILE)[1][1].startswith("people were not looked at: give --people FILE")


def test_a_warning_fails_only_when_asked_to_be_strict(loose: Path) -> None:
    assert run(loose)[0] == 0
    assert run(loose, "--strict")[0] == 1


def test_a_finding_stands_under_its_group_with_place_and_hint(loose: Path) -> None:
    _, lines = run(loose)

    assert lines[:3] == [
        "thresholds",
        (
            "  warning  L045  mine.yaml:23:20  sla.thresholds: nothing happens at 60 %: no trigger and no "
            "notification rule names them"
        ),
        f"{'':32}→ give them a rule on sla.warning with that threshold, or take them out",
    ]
    assert lines[-1].startswith("0 errors, 1 warning, 0 info; digest ")


def test_a_cell_is_headed_by_what_it_promises_and_a_hint_is_given_once() -> None:
    _, lines = run()

    assert "critical/enterprise: first response 15 min, resolution 4 h" in lines
    hints = [line.strip() for line in lines if line.strip().startswith("→")]
    assert sum("no level has more than its share" in hint for hint in hints) == 2


def test_the_packaged_workflow_with_the_example_people_has_no_error() -> None:
    code, lines = run()

    assert code == 0
    assert lines[-1].startswith("0 errors, ")


def test_an_error_fails_and_the_file_is_said_not_to_load() -> None:
    code, lines = run(HERE / "ticket_workflow.yaml")

    assert code == 1
    assert lines[-1].endswith("the file does not load")


def test_a_file_that_is_no_workflow_is_one_finding_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("compny: X\n", encoding="utf-8")
    code, lines = run(file)

    assert code == 1
    assert lines[1] == '  error    L001  mine.yaml:1:1  compny: no section "compny"'
    assert lines[2].strip() == '→ did you mean "company"?'


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    code, lines = run(tmp_path / "none.yaml")

    assert code == 1
    assert "there is no such file" in lines[0]


def test_json_holds_every_finding_with_its_place(loose: Path) -> None:
    code, lines = run(loose, "--json")
    document = json.loads("\n".join(lines))

    assert code == 0
    assert document["counts"] == {"error": 0, "warning": 1, "info": 0}
    (finding,) = document["findings"]
    assert (finding["code"], finding["severity"], finding["line"]) == ("L045", "warning", 23)


def test_people_given_are_looked_at(tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text("agents: []\nrecipients: []\n", encoding="utf-8")
    code, lines = run(TIDY_FILE, "--people", people)

    assert code == 1
    assert any("L055" in line and "no agent works there" in line for line in lines)


def test_every_code_is_described_with_its_severity() -> None:
    text = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (L\d{3}) \| (\w+) \|", text, re.MULTILINE))

    assert rows == {code: str(kind.severity) for code, kind in CATALOGUE.items()}


def test_every_code_is_given_somewhere_and_none_is_given_that_is_unknown() -> None:
    sources = [*(ROOT / "shared" / "policy").rglob("*.py")]
    used = {
        code
        for source in sources
        if source.name != "catalogue.py"
        for code in re.findall(r'"(L\d{3})"', source.read_text(encoding="utf-8"))
    }

    assert used | {"L001", "L002"} == set(CATALOGUE)

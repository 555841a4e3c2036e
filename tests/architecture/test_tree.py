"""The tree keeps what CONTRIBUTING.md promises about it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")])

#: The two modules that measure the real clock itself, and the one that is it.
CLOCKS = {"shared/clock.py", "shared/runtime/clock_guard.py", "shared/runtime/watchdogs.py"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_module_says_in_one_sentence_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_only_the_clock_reads_the_wall_clock_in_what_is_shared_and_in_every_core() -> None:
    reads = re.compile(r"datetime\.(now|utcnow)\(|time\.time\(\)")
    watched = [
        path
        for path in SOURCES
        if relative(path) not in CLOCKS
        and (relative(path).startswith("shared/") or "/domain/" in relative(path))
    ]

    assert [relative(path) for path in watched if reads.search(path.read_text())] == []


def test_nothing_is_left_unfinished() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b|except[^:\n]*:\s*pass\b")

    assert [relative(path) for path in SOURCES if unfinished.search(path.read_text())] == []


def test_file_and_function_lengths_are_printed_and_none_is_out_of_hand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = sorted((len(path.read_text().splitlines()), relative(path)) for path in SOURCES)
    functions = sorted(length for path in SOURCES for length in function_lengths(path))
    with capsys.disabled():
        print(
            f"\n{len(files)} files, median {files[len(files) // 2][0]} lines, longest {files[-1]}; "
            f"{len(functions)} functions, median {functions[len(functions) // 2]}, "
            f"longest {functions[-1]}"
        )

    assert [file for file in files if file[0] > 300] == []


def function_lengths(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def test_the_readme_shows_both_commands_first() -> None:
    shown = [
        line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("make ")
    ]

    assert shown[:2] == ["make demo", "make test"]


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()

    assert [p.name for p in sorted(folder.glob("0*.md")) if f"({p.name})" not in listed] == []


def test_a_lock_names_no_place_to_fetch_from() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))

    assert locks
    assert [
        lock.name for lock in locks if re.search(r"https?://|--.*index", lock.read_text())
    ] == []


def test_the_walls_stand() -> None:
    """import-linter's contracts in pyproject.toml."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout

"""`tierline workflow suggest-routing`: tables in, readable rules out."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.commands.suggested_rules import word_of
from services.commands.workflow import app
from shared.policy import parse_workflow

HEADER = "id,category,channel,note,group\n"


def row(number: int, category: str, channel: str, group: str) -> str:
    return f"t{number},{category},{channel},n{number},{group}\n"


TABLE = HEADER + "".join(
    row(
        n,
        *[
            ("billing", "email", "billing"),
            ("technical", "chat", "Field team"),
            ("account", "email", "Field team"),
        ][n % 3],
    )
    for n in range(300)
)


def written(folder: Path, text: str = TABLE, name: str = "past.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def suggest(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["suggest-routing", *map(str, arguments)])


def test_the_rules_are_a_workflow_that_routes_like_the_past(tmp_path: Path) -> None:
    out = tmp_path / "rules.yaml"
    result = suggest(written(tmp_path), "--output", out)
    policy = parse_workflow(out.read_text(encoding="utf-8"))

    assert 0 == result.exit_code
    assert "written: " in result.stderr
    assert "billing" == policy.routing.route({"category": "billing"}).queue
    assert ("general", ("field_team",)) == (
        policy.routing.route({"category": "technical", "channel": "chat"}).queue,
        policy.routing.route({"category": "technical", "channel": "chat"}).teams,
    )


def test_every_rule_tells_its_support_and_precision(tmp_path: Path) -> None:
    result = suggest(written(tmp_path), "--use", "category")

    assert [
        "# 3 rules learned from 300 tickets of past.csv: group by category.",
        "# Learned from the first 70%, rules are right for 100.0% of the other 90 tickets; 100.0% are",
        "# taken by a rule, which is right for 100.0% of them.",
    ] == result.stdout.splitlines()[:3]
    assert (
        """\
routing_rules:
  - condition: "category == 'account'"
    action: {queue: general, team: field_team}    # support 100, precision 1.00
  - condition: "category == 'technical'"
    action: {queue: general, team: field_team}    # support 100, precision 1.00
  - condition: "category == 'billing'"
    action: billing                               # support 100, precision 1.00
  - action: {queue: general, team: field_team}    # support 0, precision 0.00
"""
        in result.stdout
    )


def test_columns_that_name_tickets_or_are_always_the_same_are_not_looked_at(tmp_path: Path) -> None:
    result = suggest(written(tmp_path))

    assert "looked at: category, channel. Was each of them known" in result.stderr


def test_of_an_event_log_the_first_row_is_what_was_known_and_the_last_group_counts(
    tmp_path: Path,
) -> None:
    lines = ["ticket,category,group\n"]
    for number in range(60):
        lines += [
            f"{number},billing,\n",
            f"{number},account,desk\n",
            f"{number},account,billing\n",
            f"{number},account,\n",
        ]
    with gzip.open(tmp_path / "log.csv.gz", "wt") as file:
        file.writelines(lines)

    result = suggest(tmp_path / "log.csv.gz", "--ticket", "ticket", "--use", "category")

    assert "1 rules take 60 of 60 tickets and are right for 60" in result.stderr
    assert "\"category == 'billing'\"\n    action: billing" in result.stdout


def test_a_column_may_have_another_name_in_rules(tmp_path: Path) -> None:
    table = TABLE.replace("channel", "contact type").replace("id,category", "id,topic")
    result = suggest(
        written(tmp_path, table), "--fact", "contact type=channel", "--fact", "topic=category"
    )

    assert "channel == 'chat'" in result.stdout
    assert "category == 'billing'" in result.stdout
    assert "does not load" not in result.stderr


def test_what_keeps_the_file_from_loading_is_said(tmp_path: Path) -> None:
    table = TABLE.replace("id,category", "id,topic")

    assert (
        "topic: no facts of a ticket, so the file does not load as it is"
        in suggest(written(tmp_path, table), "--use", "topic").stderr
    )
    assert (
        'rules[0].condition: "category" is never "plumbing"'
        in suggest(
            written(tmp_path, TABLE.replace("account", "plumbing")),
            "--use",
            "category",
            "--min-precision",
            "1",
        ).stderr
    )


@pytest.mark.parametrize(
    ("table", "arguments", "sentence"),
    [
        (HEADER, [], "has no rows: give it at least a header and a ticket."),
        (
            TABLE.replace("group", "done_by"),
            [],
            "Name the column with --target. Its columns: id, category",
        ),
        (
            TABLE,
            ["--target", "grp"],
            "has no column 'grp'. Its columns: id, category, channel, note, group.",
        ),
        (TABLE, ["--use", "colour"], "has no column 'colour'."),
        (TABLE, ["--ticket", "number"], "has no column 'number'."),
        (HEADER + "t1,billing,email,n,\n", [], "has a value in 'group': nothing to learn from."),
        (HEADER + "t1,billing\n", [], "past.csv:2: not as many values as there are columns"),
        (
            TABLE,
            ["--fact", "categry=category"],
            "column 'categry' is not looked at; there are category, channel.",
        ),
        (TABLE, ["--fact", "category=prioritty"], "no fact 'prioritty', did you mean 'priority'?"),
        (TABLE, ["--fact", "category=channel"], "Two columns have the same name in rules"),
    ],
    ids=[
        "empty",
        "no target",
        "target",
        "use",
        "ticket",
        "no values",
        "broken",
        "column",
        "fact",
        "twice",
    ],
)
def test_what_is_wrong_is_a_sentence(
    tmp_path: Path, table: str, arguments: list[str], sentence: str
) -> None:
    result = suggest(written(tmp_path, table), *arguments)

    assert 1 == result.exit_code
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_without_a_sure_rule_there_is_the_catch_all_and_advice(tmp_path: Path) -> None:
    result = suggest(written(tmp_path), "--min-support", "200", "--use", "category")

    assert 0 == result.exit_code
    assert "no rule is sure enough: try a lower --min-support" in result.stderr
    assert [
        "routing_rules:",
        "  - action: {queue: general, team: field_team}    # support 300, precision 0.67",
    ] == (result.stdout.splitlines()[-2:])


def test_words_in_quotes_stay_words(tmp_path: Path) -> None:
    table = HEADER + "".join(row(n, "", 'it\'s "new" \\', "billing") for n in range(20))
    table = table.replace('it\'s "new" \\', '"it\'s ""new"" \\"')
    out = tmp_path / "rules.yaml"
    suggest(
        written(tmp_path, table), "--use", "channel", "--fact", "channel=language", "--output", out
    )

    routing = parse_workflow(out.read_text(encoding="utf-8")).routing
    assert "billing" == routing.route({"language": 'it\'s "new" \\'}).rule


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Group 70", "group_70"),
        ("2nd level", "_2nd_level"),
        ("Äpfel & Co.", "pfel_co"),
        ("---", "_"),
    ],
)
def test_names_become_words_that_the_workflow_file_knows(text: str, word: str) -> None:
    assert word == word_of(text)

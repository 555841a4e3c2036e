"""Historical tables become commands, by a mapping a person can write."""

import gzip
import json
from pathlib import Path

import pytest

from services.playback import mapping as mappings
from services.playback import table
from services.playback.mapping import Mapped, MappingError
from services.playback.table import TableError

LOG = [
    {"number": "INC1", "incident_state": "New", "impact": "1 - High", "urgency": "2 - Medium", "sys_updated_by": "ana"},
    {"number": "INC2", "incident_state": "New", "impact": "", "urgency": "2 - Medium", "sys_updated_by": "ana"},
    {"number": "INC1", "incident_state": "Awaiting User Info", "impact": "1 - High", "urgency": "2 - Medium", "sys_updated_by": "ben"},
    {"number": "INC1", "incident_state": "Awaiting User Info", "impact": "1 - High", "urgency": "1 - High", "sys_updated_by": "ben"},
    {"number": "INC1", "incident_state": "-100", "impact": "1 - High", "urgency": "1 - High", "sys_updated_by": "ben"},
]  # fmt: skip


def incident_log() -> mappings.TableMapping:
    return mappings.load(mappings.FOLDER / "incident-event-log.yaml")


def commands(mapped: list[Mapped]) -> list[tuple[str, list[str]]]:
    return [(row.ticket, [command["type"] for command in row.commands]) for row in mapped]


def test_the_first_row_opens_a_ticket_and_later_rows_tell_what_changed() -> None:
    mapped = list(incident_log().commands(LOG))

    assert commands(mapped) == [
        ("INC1", ["ticket.open"]),
        ("INC2", ["ticket.open"]),
        ("INC1", ["ticket.message", "ticket.status"]),
        ("INC1", ["ticket.priority"]),
    ]


def test_a_field_whose_column_is_empty_is_left_out() -> None:
    _, second, *_ = incident_log().commands(LOG)

    assert "impact" not in second.commands[0]
    assert second.commands[0]["urgency"] == "medium"


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        (["number", "incident_state", "reassignment_count", "reopen_count"], "incident-event-log"),
        (["id", "title", "body", "ticket_type", "business_service", "urgency"], "it-tickets"),
    ],
)
def test_a_packaged_mapping_is_found_by_the_columns(columns: list[str], name: str) -> None:
    assert mappings.detect(columns).name == name


def test_a_table_no_mapping_fits_is_said_with_its_columns() -> None:
    with pytest.raises(MappingError, match="colour, shape"):
        mappings.detect(["shape", "colour"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ticket: x", "at least `ticket` and `open`"),
        ("{ticket: x, open: {}, opne: {}}", "unknown key 'opne'"),
        ("{ticket: '{x|grade}', open: {}}", "no lookup 'grade'"),
        ("{", "while parsing"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)

    with pytest.raises(MappingError, match=says):
        mappings.load(path)


def test_rows_are_read_from_csv_and_jsonl_plain_and_packed(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": 'a, "b"'}, {"id": "2", "text": ""}]
    csv = 'id,text\r\n1,"a, ""b"""\r\n2,\r\n'
    jsonl = "\n".join(json.dumps(row | {"text": row["text"] or None}) for row in rows)
    for name, text in (("t.csv", csv), ("t.jsonl", jsonl)):
        (tmp_path / name).write_text(text)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))

        assert list(table.rows(tmp_path / name)) == rows
        assert list(table.rows(tmp_path / f"{name}.gz")) == rows


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", b"id,text\n1,2,3\n", "t.csv:2: not as many values"),
        ("t.jsonl", b'{"id": 1}\nnonsense\n', "t.jsonl:2: Expecting value"),
        ("t.jsonl", b"[1]\n", "t.jsonl:1: not an object"),
        ("t.csv.gz", b"no gzip", "Not a gzipped file"),
        ("t.csv", b"id\n\xff\xfe\n", "codec can't decode"),
    ],
)
def test_a_table_that_cannot_be_read_is_said_with_its_line(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(TableError, match=says):
        list(table.rows(tmp_path / name))


@pytest.mark.parametrize(
    ("folder", "rows"), [("incident_event_log", 2000), ("it_tickets_endava", 2000)]
)
def test_real_tables_become_commands_for_one_ticket_each(folder: str, rows: int) -> None:
    file = Path(__file__).parents[4] / "shared" / "data" / folder / "dev.csv.gz"
    if not file.exists():
        pytest.skip(f"the data set {folder} is not here")
    found = [row for row, _ in zip(table.rows(file), range(rows), strict=False)]

    mapped = list(mappings.detect(found[0]).commands(found))

    opened = [row.ticket for row in mapped if row.commands[0]["type"] == "ticket.open"]
    assert len(opened) == len(set(opened)) > 0
    assert {command["external_id"] for row in mapped for command in row.commands} == set(opened)

"""People as a file: what is exported is imported again as it was."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from services.people import EXAMPLE, PeopleError, read
from services.people_file import as_csv, as_yaml, read_csv

ANA: dict[str, Any] = {
    "recipient_id": "ana",
    "name": 'Ana "the" Búho, Dr.',
    "roles": ["team_lead", "account_manager:acme"],
    "team": "specialists",
    "channels": {"email": "ana@desk.example", "sms": "+4915112345678", "feed": True},
    "prefer": {"page": ["sms", "email"]},
    "language": "es",
    "zone": "Europe/Madrid",
    "quiet": {"since": "22:00", "until": "07:00"},
    "away": {"since": "2026-06-01T06:00:00Z", "until": "2026-06-05T06:00:00Z", "delegate": "ben"},
    "muted_until": "2026-07-01T00:00:00Z",
    "no_digests": True,
}
BEN: dict[str, Any] = {
    "recipient_id": "ben",
    "name": "Ben",
    "roles": [],
    "team": None,
    "channels": {"log": True},
    "prefer": {},
    "language": None,
    "zone": None,
    "quiet": None,
    "away": None,
    "muted_until": None,
    "no_digests": False,
}


def said(recipient: dict[str, Any]) -> dict[str, Any]:
    """What is not empty of a recipient."""
    return {name: value for name, value in recipient.items() if value not in (None, [], {}, False)}


def test_a_table_is_read_as_it_was_written() -> None:
    read_again = read_csv(as_csv([ANA, BEN]), "people.csv")

    assert [said(ANA), said(BEN)] == [said(one) for one in read_again]


def test_yaml_is_read_as_it_was_written(tmp_path: Path) -> None:
    weekly = {"members": ["ana", "ben"], "handover": "mon 09:00", "zone": "Europe/Madrid"}
    people = {"agents": [], "on_call": {"specialists": weekly}, "recipients": [ANA, BEN]}
    file = tmp_path / "people.yaml"
    file.write_text(as_yaml(people), encoding="utf-8")

    assert {"on_call": {"specialists": weekly}, "recipients": [said(ANA), said(BEN)]} == read(file)


def test_an_instant_without_quotes_is_one_in_utc(tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("recipients: [{muted_until: 2026-06-01 06:00:00}]", encoding="utf-8")

    assert {"recipients": [{"muted_until": "2026-06-01T06:00:00+00:00"}]} == read(file)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name\nAna\n", "no recipient_id"),
        ("recipient_id,nme\nana,Ana\n", "no column 'nme'"),
        ("", "no recipient_id"),
    ],
)
def test_a_table_with_other_columns_is_refused(text: str, fault: str) -> None:
    with pytest.raises(PeopleError, match=fault):
        read_csv(text, "people.csv")


def test_the_example_has_turns_of_people_who_can_be_told() -> None:
    people = YAML(typ="safe").load(StringIO(EXAMPLE.read_text(encoding="utf-8")))
    known = {one["recipient_id"] for one in people["recipients"]}

    assert {"specialists", "engineering", "managers"} == set(people["on_call"])
    assert all(set(turns["members"]) <= known for turns in people["on_call"].values())

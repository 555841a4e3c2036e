"""The roster as CSV: what is written is read again, and no spreadsheet runs any of it."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.api import roster_table
from services.router.api.agent_models import RosterMember

NAMES = st.from_regex(r"\A[A-Za-z0-9_.@-]{1,12}\Z")
TITLES = (
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
    .map(str.strip)
    .filter(bool)
)
PREFIXES = st.sampled_from(["", "=", "+", "-", "@", "'", "'=", "''@", "＝"])


@st.composite
def members(draw: st.DrawFn) -> list[RosterMember]:
    """Agents with all that can be said of them, names that spreadsheets would run included."""
    ids = draw(st.lists(NAMES, max_size=4, unique=True))
    skills = st.dictionaries(NAMES, st.integers(1, 5), max_size=3)
    return [
        RosterMember(
            agent_id=agent_id,
            name=draw(PREFIXES) + draw(TITLES),
            team=draw(NAMES),
            level=draw(NAMES),
            skills=draw(skills),
            channels=tuple(draw(st.lists(NAMES, max_size=3))),
            capacity=draw(st.integers(0, 1000)),
            shift=draw(st.none() | NAMES),
            channel_caps=draw(st.dictionaries(NAMES, st.integers(0, 1000), max_size=2)),
            auto_accept=draw(st.booleans()),
        )
        for agent_id in ids
    ]


@given(members())
def test_what_is_written_is_read_again(agents: list[RosterMember]) -> None:
    assert agents == roster_table.read(roster_table.write(agents), {})


@given(members())
def test_no_cell_begins_a_formula(agents: list[RosterMember]) -> None:
    cells = [cell for row in csv.reader(StringIO(roster_table.write(agents))) for cell in row]

    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ('=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'),
        ("-Ana", "'-Ana"),
        ("'=Ana", "''=Ana"),
        ("O'Hara", "O'Hara"),
        ("'t Hooft", "'t Hooft"),
    ],
)
def test_only_what_would_run_gets_an_apostrophe(name: str, cell: str) -> None:
    ana = RosterMember(agent_id="ana", name=name, team="frontline", level="tier_1")

    line = roster_table.write([ana]).splitlines()[1]

    assert line.startswith(f"ana,{cell},frontline")

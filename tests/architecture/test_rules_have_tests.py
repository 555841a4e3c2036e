"""Every rule of the semantics has a test that carries its name, and so has every worked example.

`test_K4_second_message_does_not_restart` carries K4, `test_T_b_…` the example T-b, `test_example_K…` the table
of section K. Faults of the reliability page are named with two digits (F02), so they are none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

TESTS = Path(__file__).parents[1]

#: How many rules each section of the core has: T1 to T10, and so on.
SECTIONS: Final = {
    "T": 10,
    "C": 8,
    "K": 13,
    "P": 7,
    "Z": 6,
    "R": 5,
    "M": 6,
    "X": 10,
    "L": 11,
    "F": 6,
    "V": 20,
}

#: Rules that are for later, and why nothing proves them yet.
LATER: Final = {
    "F2": "open tickets are not re-priced by a new workflow yet: it would need a plan to agree to",
    "M6": "tickets of one incident are not kept together yet",
    "V19": "nobody is called before they call: no usage figures come in yet",
}

#: Rules and examples of the core whose behaviour is not there so far. An entry goes when its test comes.
ABSENT: Final[dict[str, str]] = {}

#: Worked examples by section, one letter each.
EXAMPLES: Final = {
    "T": "abcdefg",
    "C": "abcdefgh",
    "P": "abcd",
    "Z": "abcde",
    "R": "abcde",
    "M": "abcd",
}

#: Sections whose example is a table.
TABLES: Final = ("K", "X", "L", "F", "V")


def names() -> Iterator[str]:
    """The names of all test functions."""
    for path in TESTS.rglob("test_*.py"):
        yield from re.findall(r"^(?:async )?def test_(\w+)", path.read_text(), re.MULTILINE)


def rules() -> list[str]:
    return [f"{section}{n}" for section, last in SECTIONS.items() for n in range(1, last + 1)]


@pytest.fixture(scope="module")
def carried() -> str:
    """All names, each between two underscores."""
    return " ".join(f"_{name}_" for name in names())


def test_every_rule_has_a_test_that_carries_its_name(carried: str) -> None:
    without = [rule for rule in rules() if f"_{rule}_" not in carried]

    assert [rule for rule in without if rule not in LATER | ABSENT] == []


def test_what_is_left_out_is_left_out_for_want_of_a_test(carried: str) -> None:
    assert [rule for rule in LATER | ABSENT if f"_{rule}_" in carried] == []


def test_every_worked_example_has_a_test_that_carries_its_name(carried: str) -> None:
    wanted = [f"{section}_{letter}" for section, letters in EXAMPLES.items() for letter in letters]

    without = [example for example in wanted if f"_{example}_" not in carried]

    assert [example for example in without if example not in ABSENT] == []


def test_every_table_of_examples_has_a_test(carried: str) -> None:
    found = set(re.findall(r"_(?:example_)([A-Z])_|_([A-Z])_(?:the_)?example", carried))

    assert [table for table in TABLES if not any(table in pair for pair in found)] == []

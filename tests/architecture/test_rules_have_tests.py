"""Every rule of the semantics has a test that carries its name, and so has every worked example.

`test_K4_second_message_does_not_restart` carries K4, `test_T_b_…` the example T-b, `test_example_K…` the table
of section K. Faults of the reliability page are named with two digits (F02), so they are none of these. The names
stand in `rules.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parents[1]

#: Rules that are for later, and why nothing proves them yet.
LATER: Final = {
    "F2": "open tickets are not re-priced by a new workflow yet: it would need a plan to agree to",
    "M6": "tickets of one incident are not kept together yet",
    "V19": "nobody is called before they call: no usage figures come in yet",
}

#: Rules and examples of the core whose behaviour is not there so far. An entry goes when its test comes.
ABSENT: Final[dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the rules: its letter, how many rules it has, its examples by letter (none: a table)."""

    letter: str
    rules: int
    examples: str

    @property
    def names(self) -> list[str]:
        """The names of its rules."""
        return [f"{self.letter}{number}" for number in range(1, self.rules + 1)]

    @property
    def worked(self) -> list[str]:
        """What a test of each of its examples carries."""
        if not self.examples:
            return [f"example_{self.letter}"]
        return [f"{self.letter}_{letter}" for letter in self.examples]


def sections() -> list[Section]:
    """The sections as `rules.txt` lists them."""
    text = (Path(__file__).parent / "rules.txt").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return [
        Section(letter, int(rules.removeprefix("1-")), examples.replace("table", ""))
        for letter, rules, examples in lines
    ]


def names(folder: Path) -> Iterator[str]:
    """The names of all test functions in a folder."""
    for path in folder.rglob("test_*.py"):
        yield from re.findall(r"^(?:async )?def test_(\w+)", path.read_text(), re.MULTILINE)


def joined(folder: Path) -> str:
    """All names of a folder, each between two underscores."""
    return " ".join(f"_{name}_" for name in names(folder))


@pytest.fixture(scope="module")
def carried() -> str:
    return joined(TESTS)


@pytest.fixture(scope="module")
def played() -> str:
    """The names of the tests that play a story through all services."""
    return joined(TESTS / "world")


def rules() -> list[str]:
    return [rule for section in sections() for rule in section.names]


def examples() -> list[str]:
    return [example for section in sections() for example in section.worked]


def test_every_rule_has_a_test_that_carries_its_name(carried: str) -> None:
    without = [rule for rule in rules() if f"_{rule}_" not in carried]

    assert [rule for rule in without if rule not in LATER | ABSENT] == []


def test_what_is_left_out_is_left_out_for_want_of_a_test(carried: str) -> None:
    assert [rule for rule in LATER | ABSENT if f"_{rule}_" in carried] == []


def test_what_is_left_out_is_a_rule_or_an_example() -> None:
    assert LATER.keys() | ABSENT.keys() <= {*rules(), *examples()}


def test_every_worked_example_is_played_through_all_services(played: str) -> None:
    without = [example for example in examples() if f"_{example}_" not in played]

    assert [example for example in without if example not in ABSENT] == []


def test_every_worked_example_is_proved_by_the_rules_alone_as_well(
    carried: str, played: str
) -> None:
    """So that a mistake is found where it is made, and at once."""
    without = [
        example
        for example in examples()
        if carried.count(f"_{example}_") <= played.count(f"_{example}_")
    ]

    assert [example for example in without if example not in ABSENT] == []

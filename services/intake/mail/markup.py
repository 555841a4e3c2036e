"""HTML of strangers: made harmless, and read as text."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

import nh3

from .cleaning import TEXT_CHARACTERS, clean

#: How much of a mail's HTML is read (characters); its text is a fraction of that.
HTML_CHARACTERS: Final = 2 * TEXT_CHARACTERS

#: No mail is nested deeper than this; the sanitiser's time grows with the square of it.
DEEPEST: Final = 200

_TABLES: Final = {
    "caption",
    "col",
    "colgroup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
}
_BLOCKS: Final = {
    *("blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol"),
    *("p", "pre", "ul"),
}
_INLINE: Final = {
    *("a", "abbr", "b", "br", "code", "del", "em", "i", "ins", "q", "s", "small", "span"),
    *("strong", "sub", "sup", "u"),
}

#: Elements that need no end, and so never nest by being forgotten.
_ENDLESS: Final = frozenset(
    {
        *("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"),
        *("dd", "dt", "li", "option", "p", "tbody", "td", "th", "thead", "tr"),
    }
)

#: Ampersands that begin no character's name: long rows of them take the sanitiser a long time.
_BARE: Final = re.compile(r"&(?![a-zA-Z#])")

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_ANY_TAG: Final = re.compile(r"<[^<>]*>")
_BLANKS: Final = re.compile(r"[ \t\r\n\f\u00a0]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")

#: Nothing that loads, runs, frames, asks for input or hides: no images either, they tell that we read.
_cleaner = nh3.Cleaner(
    tags=_TABLES | _BLOCKS | _INLINE,
    clean_content_tags={"script", "style", "title"},
    attributes={
        "*": {"dir", "lang"},
        "a": {"href"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
    },
    url_schemes={"http", "https", "mailto", "tel"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML of a mail, read: `harmless` is without scripts, images and styles; None if it is no mail's.

    `text` is what a person would read: paragraphs as lines, quotes behind `>`.
    """

    harmless: str | None
    text: str


def read_markup(markup: str) -> Markup:
    """What `markup` says, and what may be shown of it."""
    short = _BARE.sub("&amp;", clean(markup[:HTML_CHARACTERS], most=HTML_CHARACTERS))
    if _depth(short) > DEEPEST:
        return Markup(None, clean(html.unescape(_ANY_TAG.sub(" ", short))))
    harmless = _cleaner.clean(short)
    reader = _Reader()
    reader.feed(harmless)
    reader.close()
    return Markup(harmless, clean(reader.text()))


def marked_up(text: str) -> str:
    """`text` as HTML, as it is."""
    return f"<pre>{html.escape(text)}</pre>"


def _depth(markup: str) -> int:
    """At least how deep elements lie in each other, by their beginnings and ends."""
    open_now: Counter[str] = Counter()
    depth = deepest = 0
    for end, name in _TAG.findall(markup):
        tag = name.lower()
        if tag in _ENDLESS:
            continue
        if not end:
            open_now[tag] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_now[tag]:
            open_now[tag] -= 1
            depth -= 1
    return deepest


class _Reader(HTMLParser):
    """Collects the text of sanitised HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quoted = 0
        self._preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _BLOCKS or tag in {"br", "tr", "caption"}:
            self._break(empty=tag in {"p", "blockquote"} or (tag == "br" and not self._line))
        if tag == "li":
            self._line.append("- ")
        self._quoted += tag == "blockquote"
        self._preformatted += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS or tag in {"tr", "caption"}:
            self._break(empty=tag == "p")
        elif tag in {"td", "th"}:
            self._line.append(" ")
        self._quoted -= tag == "blockquote"
        self._preformatted -= tag == "pre"

    def handle_data(self, data: str) -> None:
        if not self._preformatted:
            self._line.append(_BLANKS.sub(" ", data))
            return
        first, *others = data.split("\n")
        self._line.append(first)
        for line in others:
            self._break(empty=True)
            self._line.append(line)

    def text(self) -> str:
        """All of it."""
        self._break()
        return _EMPTY_LINES.sub("\n\n", "\n".join(self._lines)).strip("\n")

    def _break(self, *, empty: bool = False) -> None:
        """End the line; with nothing on it, it stays only where it separates."""
        line = "".join(self._line)
        self._line.clear()
        if not self._preformatted:
            line = _BLANKS.sub(" ", line).strip()
        if line.strip() or empty:
            self._lines.append("> " * min(self._quoted, 5) + line)

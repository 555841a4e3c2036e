"""HTML from providers: what is shown of it, and the text that is read."""

from __future__ import annotations

import html
import re
from typing import Final

import nh3

_BLOCKS: Final = {"br", "div", "h1", "h2", "h3", "h4", "li", "p", "pre", "tr"}

#: What nh3 leaves when only blocks may stay: it writes them in lower case, without attributes.
_LINE_END: Final = re.compile(r"<br>|</(?:div|h[1-4]|li|p|pre|tr)>")
_TAG: Final = re.compile(r"</?[a-z0-9]+>")
_EMPTY_LINES: Final = re.compile(r"\n\s*\n\s*")


def clean(markup: str) -> str:
    """`markup` without scripts, styles, forms and whatever else acts (security S23)."""
    return nh3.clean(markup)


def plain(markup: str) -> str:
    """The text of `markup`, a line a block. Text that is no markup stays as it is."""
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    blocks = nh3.clean(markup, tags=_BLOCKS, attributes={})
    lined = _TAG.sub("", _LINE_END.sub("\n", blocks))
    return _EMPTY_LINES.sub("\n", html.unescape(lined)).strip()

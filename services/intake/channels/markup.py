"""What people wrote, as providers hand it on: in text, or in HTML."""

from __future__ import annotations

import re
from typing import Final

from services.intake.mail.cleaning import clean
from services.intake.mail.markup import Markup, read_markup

_TAG: Final = re.compile(r"<[a-zA-Z/!]")


def read_html(written: str) -> Markup:
    """`written` as text and as harmless HTML; without a tag it is text, and nothing else."""
    if not _TAG.search(written):
        return Markup(None, read_text(written))
    return read_markup(written)


def read_text(written: str) -> str:
    """`written` without control characters, at most 64 Ki characters of it."""
    return clean(written).strip()

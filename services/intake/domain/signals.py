"""What the writer of a text really wrote: no quotes, no signature, no code (semantics V1).

Linear in the text, line by line. Which words mean something in what is left, `phrases` knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_INLINE_CODE: Final = re.compile(r"`[^`\n]*`")
_FENCE: Final = ("```", "~~~")

#: Lines after which everything is somebody else's text.
_REPLY_MARK: Final = re.compile(
    r"-{2,} ?(original message|ursprüngliche nachricht|message d'origine|mensaje original)",
    re.IGNORECASE,
)
_FORWARD_MARK: Final = re.compile(
    r"-{2,} ?(forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado)",
    re.IGNORECASE,
)

#: How a quoted mail is introduced: begin and end of a sentence that may run over two lines.
_INTRODUCTIONS: Final = (
    ("on ", "wrote:"),
    ("am ", "schrieb:"),
    ("le ", "écrit :"),
    ("le ", "écrit\u00a0:"),
    ("el ", "escribió:"),
    ("il ", "scritto:"),
    ("op ", "schreef:"),
    ("em ", "escreveu:"),
)

#: Where the writer's name comes last: `Am 6.4.2021 um 9:09 schrieb Ana Roe <ana@example.org>:`.
_NAMED_LAST: Final = (("am ", " schrieb "), ("op ", " schreef "))
_DIGIT: Final = re.compile(r"\d")

_ENDS: Final = tuple(end for _, end in _INTRODUCTIONS)

#: The first two lines of a header that some programs put over a quoted mail instead.
_HEADERS: Final = (
    ("from:", "sent:"),
    ("from:", "date:"),
    ("von:", "gesendet:"),
    ("von:", "datum:"),
    ("de :", "envoyé"),
    ("de:", "enviado"),
)


#: How a line begins that is anything but text: the first three letters tell most lines apart at once.
_SPECIAL: Final = frozenset(
    begin[:3]
    for begin in (*_FENCE, "--", "---", *(a for a, _ in _INTRODUCTIONS), *(a for a, _ in _HEADERS))
)


def written_by_sender(text: str) -> str:
    """`text` without quotes, signature, code and forwarded headers.

    A signature begins at a line `--`, a quoted mail at its introduction; both end the text. A header with
    nothing of the sender's above it is a forwarded mail's: what it brings is what the sender came to say.
    """
    kept: list[str] = []
    in_code = in_header = said = False
    lines = text.splitlines()
    for number, line in enumerate(lines):
        bare = line.strip()
        if in_header:
            in_header = bool(bare)
        elif bare[:3].casefold() in _SPECIAL:
            if bare.startswith(_FENCE):
                in_code = not in_code
            elif _FORWARD_MARK.match(bare) or (not said and _is_header(bare, lines, number)):
                in_header = True
            elif _ends_text(bare, lines, number):
                break
            elif not in_code:
                said = True
                kept.append(_without_code(line))
        elif not in_code and not bare.startswith(">"):
            said = said or bool(bare)
            kept.append(_without_code(line))
    return "\n".join(kept)


def _without_code(line: str) -> str:
    return _INLINE_CODE.sub(" ", line) if "`" in line else line


def _ends_text(bare: str, lines: Sequence[str], number: int) -> bool:
    return bool(
        bare == "--"
        or _REPLY_MARK.match(bare)
        or _introduces_quote(bare, lines, number)
        or _is_header(bare, lines, number)
    )


def _introduces_quote(bare: str, lines: Sequence[str], number: int) -> bool:
    """`On Monday Ana wrote:`, also where a mail program broke it in two."""
    begin = bare[:3].casefold()
    if all(begin != start for start, _ in _INTRODUCTIONS):
        return False
    for sentence in (bare, _after(lines, number)):
        folded = sentence.casefold()
        if folded.endswith(_ENDS):
            return any(begin == start and folded.endswith(end) for start, end in _INTRODUCTIONS)
    return _names_writer_last(bare) or _names_writer_last(f"{bare} {_after(lines, number)}")


def _names_writer_last(sentence: str) -> bool:
    """With a date in it: people begin sentences of their own like this, too."""
    folded = sentence.casefold()
    return (
        folded.endswith(":")
        and any(folded.startswith(begin) and verb in folded for begin, verb in _NAMED_LAST)
        and _DIGIT.search(folded) is not None
    )


def _is_header(bare: str, lines: Sequence[str], number: int) -> bool:
    folded = bare[:6].casefold()
    return any(
        folded.startswith(first) and _after(lines, number).casefold().startswith(second)
        for first, second in _HEADERS
    )


def _after(lines: Sequence[str], number: int) -> str:
    return lines[number + 1].strip() if number + 1 < len(lines) else ""

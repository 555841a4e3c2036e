"""How much structure foreign JSON may have (security S10), checked before anything is built from it.

The decoder refuses the rest by itself: NaN, Infinity, numbers beyond a double, lone surrogates, bad UTF-8.
"""

from __future__ import annotations

import re
from typing import Final

#: Arrays and objects within each other.
MOST_DEPTH: Final = 32

#: Members of all objects together.
MOST_KEYS: Final = 2000

#: What an integer may be: signed or unsigned 64 bits.
INTEGERS: Final = range(-(2**63), 2**64)

#: The digits of the smallest integer that might not fit.
_LONG: Final = b"0" * 19

_TO_ZEROS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_INTEGER: Final = re.compile(rb"(?<![0-9.eE+-])-?[0-9]{19,}+(?![.eE])")
_NOT_BRACKETS: Final = bytes(sorted(set(range(256)) - set(b"[]{}")))
_AS_ARRAYS: Final = bytes.maketrans(b"{}", b"[]")


class BoundsError(ValueError):
    """JSON of a shape that no honest sender has; the message says which bound it breaks."""


def check(raw: bytes) -> None:
    """Raise BoundsError when `raw`, as JSON, is too deep, has too many keys or too large integers.

    What is no JSON at all passes or not: the decoder comes next. Linear, and without a loop over the
    bytes: about a microsecond for a small body.
    """
    deep = raw.count(b"[") + raw.count(b"{") > MOST_DEPTH
    wide = raw.count(b":") > MOST_KEYS
    long = _LONG in raw.translate(_TO_ZEROS)
    if not (deep or wide or long):
        return
    bare = _without_strings(raw)
    if bare.count(b":") > MOST_KEYS:
        raise BoundsError(f"more than {MOST_KEYS} keys")
    if _is_too_deep(bare):
        raise BoundsError(f"more than {MOST_DEPTH} levels deep")
    if long and not all(_fits(digits) for digits in _INTEGER.findall(bare)):
        raise BoundsError("an integer of more than 64 bits")


def _without_strings(raw: bytes) -> bytes:
    """Escapes first, pairs of backslashes before all others: then every quote begins or ends a string."""
    plain = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    return b" ".join(plain.split(b'"')[::2])


def _is_too_deep(bare: bytes) -> bool:
    """Whether brackets are left after their innermost pairs were taken out MOST_DEPTH times."""
    brackets = bare.translate(_AS_ARRAYS, _NOT_BRACKETS)
    for _ in range(MOST_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _fits(digits: bytes) -> bool:
    return len(digits) <= len("-9223372036854775808") and int(digits) in INTEGERS

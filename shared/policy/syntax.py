"""rule-engine's parser behind a door that knows AND, OR, NOT, IN and NULL in any case, and `=` as `==`.

The text is put into the library's spelling before it is parsed: a parser of our own would build the same
grammar's tables again, 0.8 s a process. TRUE and FALSE in capitals are left as they are: unknown names,
for which `reader.py` says what to write.
"""

from __future__ import annotations

import re

import rule_engine
from rule_engine import errors

MAX_BYTES = 2048
"""A longer text is refused: the parser recurses."""

_PART = re.compile(
    r"""(?P<keep>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[=!<>]=|=~~?|!~~?)"""
    r"""|(?P<equals>=)|(?<![\w.$])(?P<keyword>and|or|not|in|null)(?!\w)""",
    re.DOTALL | re.IGNORECASE,
)


class ConditionSyntaxError(ValueError):
    """The text is no expression; `offset` is where reading stopped, None for its end."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        self.offset = offset
        super().__init__(message)


def spelt_for_library(text: str) -> str:
    """`text` with small keywords and every lone `=` doubled, outside quotes (semantics A27)."""
    return _PART.sub(lambda found: found["keep"] or (found["keyword"] or "==").lower(), text)


def parse_text(text: str) -> rule_engine.ast.ExpressionBase:
    """rule-engine's syntax tree of a condition. Raises ConditionSyntaxError."""
    if len(text.encode()) > MAX_BYTES:
        raise ConditionSyntaxError(f"a condition has at most {MAX_BYTES} bytes")
    try:
        statement = rule_engine.Rule.parser.parse(spelt_for_library(text), rule_engine.Context())
    except RecursionError:
        raise ConditionSyntaxError("the condition is nested too deeply") from None
    except errors.RuleSyntaxError as error:
        raise _explained(error, text) from None
    except errors.EngineError as error:
        raise ConditionSyntaxError(f"this cannot be compared: {error.message}") from None
    if statement.comment is not None:
        raise ConditionSyntaxError("a condition holds no comment", text.find("#"))
    return statement.expression


def _explained(error: errors.RuleSyntaxError, text: str) -> ConditionSyntaxError:
    """The library's error in our words, with the offset in the text as it was written."""
    if error.token is None:
        return ConditionSyntaxError(
            "the condition ends too early" if text.strip() else "the condition is empty"
        )
    doubled = [found.start() for found in _PART.finditer(text) if found["equals"]]
    offset = error.token.lexpos
    offset -= sum(1 for number, at in enumerate(doubled) if at + number < offset)
    word = str(error.token.value).split()[0] if str(error.token.value).strip() else ""
    if word[:1] in {"'", '"'} and word.count(word[0]) % 2:
        return ConditionSyntaxError("a quote is opened and not closed", offset)
    return ConditionSyntaxError(f"{word or 'this'} is not expected here", offset)

"""rule-engine's parser, made to read AND, OR, NOT, IN and NULL in any case and `=` as `==`.

TRUE and FALSE in capitals are not added: the grammar compares with lower-case `true`, so `TRUE` would
silently mean false. Unmapped it is an unknown name, and `conditions.py` says what to write.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

import rule_engine
from rule_engine import errors
from rule_engine.parser import Parser

MAX_BYTES = 2048
"""A longer text is refused: the parser recurses."""

_ANY_CASE = ("and", "or", "not", "in", "null")
_EQUALS = re.compile(
    r"""(?P<keep>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[=!<>]=|=~~?|!~~?)|(?P<single>=)""", re.DOTALL
)


class ConditionSyntaxError(ValueError):
    """The text is no expression; `offset` is where reading stopped, None for its end."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        self.offset = offset
        super().__init__(message)


def _any_case(table: Mapping[str, str]) -> dict[str, str]:
    """The table with every spelling of the keywords, their values copied from the lower-case ones."""
    return dict(table) | {
        "".join(letters): table[word]
        for word in _ANY_CASE
        if word in table
        for letters in itertools.product(*zip(word, word.upper(), strict=True))
    }


class _TicketParser(Parser):  # type: ignore[misc]  # the library ships no types
    reserved_words = _any_case(Parser.reserved_words)
    op_names = _any_case(Parser.op_names)


_PARSER = _TicketParser()


def double_equals(text: str) -> str:
    """`text` with every `=` that stands alone, outside quotes, doubled (semantics A27)."""
    return _EQUALS.sub(lambda found: found["keep"] or "==", text)


def parse_text(text: str) -> rule_engine.ast.ExpressionBase:
    """rule-engine's syntax tree of a condition. Raises ConditionSyntaxError."""
    if len(text.encode()) > MAX_BYTES:
        raise ConditionSyntaxError(f"a condition has at most {MAX_BYTES} bytes")
    try:
        statement = _PARSER.parse(double_equals(text), rule_engine.Context())
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
    doubled = [found.start() for found in _EQUALS.finditer(text) if found["single"]]
    offset = error.token.lexpos
    offset -= sum(1 for number, at in enumerate(doubled) if at + number < offset)
    word = str(error.token.value).split()[0] if str(error.token.value).strip() else ""
    if word[:1] in {"'", '"'} and word.count(word[0]) % 2:
        return ConditionSyntaxError("a quote is opened and not closed", offset)
    return ConditionSyntaxError(f"{word or 'this'} is not expected here", offset)

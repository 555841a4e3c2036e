"""A workflow text as plain data that remembers where each value stands."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLWarning
from ruamel.yaml.reader import ReaderError

from .problems import Problem, WorkflowError

MAX_BYTES = 1024 * 1024
"""A longer workflow is refused."""

_MAX_VALUES = 100_000
_MAX_DEPTH = 30
_PAIR = re.compile(r"[A-Za-z_]\w*:\s+\S")
_PYTHON = re.compile(r"\A(?:\s|#[^\n]*\n)*SLA_MATRIX\s*=", re.ASCII)

Steps = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Source:
    """A text, its plain value, and the tree that knows the positions."""

    name: str
    text: str
    data: Mapping[str, object]
    tree: object

    def holds(self, path: Steps) -> bool:
        """Whether the text itself says something at `path`."""
        return _walk(self.tree, path)[1] == len(path)

    def place(self, path: Steps, *, key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value at `path` (of its key with `key`), or of the nearest
        thing around it that the text holds.
        """
        parent, reached = _walk(self.tree, path[:-1])
        line, column = 0, 0
        for end in range(min(reached + 1, len(path)), 0, -1):
            parent, _ = _walk(self.tree, path[: end - 1])
            found = _position(parent, path[end - 1], key=key or end < len(path))
            if found:
                line, column = found
                break
        return line + 1, column + 1

    def column_in(self, line: int, column: int, value: str, offset: int) -> int:
        """The column of character `offset` of the scalar `value` that begins at that place: exact for
        a value written on one line, else the value's own.
        """
        lines = self.text.splitlines()
        written = lines[line - 1][column - 1 :] if line <= len(lines) else ""
        begin = 1 if written[:1] in {'"', "'"} else 0
        return column + begin + offset if written[begin:].startswith(value) else column


def read_source(text: str, name: str) -> Source:
    """Read `text`: YAML 1.2 (JSON is YAML), or a Python text that assigns SLA_MATRIX.

    Raises WorkflowError with the place for a text that is neither, or is empty.
    """
    if len(text.encode()) > MAX_BYTES:
        raise _refused(name, f"a workflow has at most {MAX_BYTES} bytes")
    if _PYTHON.match(text):
        return Source(name, text, {"SLA_MATRIX": text}, None)
    tree = _load_yaml_or_indented(text, name)
    if tree is None:
        raise _refused(name, "the file is empty: leave it out to use the packaged workflow")
    if not isinstance(tree, CommentedMap):
        raise _refused(name, "a workflow is a mapping of sections such as routing_rules:", 1, 1)
    return Source(name, text, _plain_mapping(tree, name), tree)


def read_text(path: Path) -> str:
    """The file's text. Raises WorkflowError for a file that is not there or holds no text."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise WorkflowError([Problem(str(path), 0, 0, "", "there is no such file")]) from None
    except UnicodeDecodeError:
        raise WorkflowError([Problem(str(path), 0, 0, "", "this is no UTF-8 text")]) from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise WorkflowError([Problem(str(path), 0, 0, "", f"cannot be read: {reason}")]) from None


def read_matrix_text(text: str) -> dict[str, object]:
    """The cells of a Python literal, `{('critical', 'any'): {...}}`, with or without `SLA_MATRIX =`.

    It is read as data, never run; other statements after it are left out. Keys come back as texts.
    Raises ValueError with a sentence.
    """
    try:
        first = ast.parse(text.strip()).body[0]
    except (SyntaxError, IndexError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno} of it" if isinstance(error, SyntaxError) else ""
        raise ValueError(f"this is no Python literal{line}") from None
    literal = first.value if isinstance(first, ast.Assign | ast.Expr) else None
    if not isinstance(literal, ast.Dict):
        raise ValueError("a dictionary {('critical', 'any'): {...}, ...} is expected")  # noqa: TRY004
    try:
        cells = ast.literal_eval(literal)
    except (ValueError, TypeError):
        raise ValueError("the dictionary may hold plain values only") from None
    if len(cells) < len(literal.keys):
        raise ValueError("a cell is given twice")
    return {str(key): value for key, value in cells.items()}


def _load_yaml_or_indented(text: str, name: str) -> object:
    """The tree of `text`. What a web page stripped of its indentation is read as it was meant: line
    numbers stay, and when that does not help either, the error is about the text as it is.
    """
    try:
        return _load_yaml(text, name)
    except WorkflowError as error:
        with suppress(WorkflowError):
            return _load_yaml(indented(text), name)
        raise error from None


def indented(text: str) -> str:
    """`text` with the keys of a list's items, where they stand below the dash, moved into the item.

    A key without a value on its line begins something new and ends the list.
    """
    lines, dash = [], None
    for line in text.splitlines():
        bare = line.lstrip(" ")
        column = len(line) - len(bare)
        if bare.startswith("- "):
            dash = column
        elif bare and (column != dash or not _PAIR.match(bare)):
            dash = dash if dash is not None and column > dash else None
        lines.append(f"  {line}" if dash == column and not bare.startswith("- ") else line)
    return "\n".join(lines) + "\n"


def _load_yaml(text: str, name: str) -> object:
    """Ruamel's tree: duplicate keys are errors, and every node knows its place."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", YAMLWarning)
            return yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = str(error.problem or error.context or "this is no YAML")
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _refused(name, _tidy(message), line, column) from None
    except ReaderError as error:
        line, begin = text.count("\n", 0, error.position), text.rfind("\n", 0, error.position)
        message = f"character U+{ord(text[error.position]):04X} is not allowed"
        raise _refused(name, message, line + 1, error.position - begin) from None
    except TypeError:
        raise _refused(name, "a key is a plain word, not a mapping or a list") from None
    except YAMLWarning:
        raise _refused(name, "an anchor (&name) is given twice") from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise _refused(name, f"this is no YAML: {_tidy(str(error))}") from None


def _plain_mapping(tree: CommentedMap, name: str) -> dict[str, object]:
    """The tree as plain values with text keys; a text that grows by its aliases is refused."""
    count = 0

    def plain(node: object, depth: int) -> object:
        nonlocal count
        count += 1
        if count > _MAX_VALUES or depth > _MAX_DEPTH:
            raise _refused(name, "the file nests too deeply or repeats itself without end")
        if isinstance(node, Mapping):
            return {_key(key): plain(value, depth + 1) for key, value in node.items()}
        if isinstance(node, list):
            return [plain(value, depth + 1) for value in node]
        return _scalar(node)

    return {_key(key): plain(value, 1) for key, value in tree.items()}


def _scalar(node: object) -> object:
    """A scalar without the type that remembers how it was written."""
    if isinstance(node, bool) or node is None:
        return node
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return str(node)


def _key(key: object) -> str:
    """Keys are texts; a date or a number is written as it stands."""
    return key.isoformat() if isinstance(key, date) else str(key)


def _walk(tree: object, path: Steps) -> tuple[object, int]:
    """The deepest node on the way along `path` that exists, and how many steps it is down."""
    for steps, part in enumerate(path):
        child = _child(tree, part)
        if child is None:
            return tree, steps
        tree = child[0]
    return tree, len(path)


def _child(node: object, part: str | int) -> tuple[object] | None:
    """The value under `part`, in a tuple since it may be None itself."""
    if isinstance(node, CommentedMap):
        return next(((value,) for key, value in node.items() if _key(key) == str(part)), None)
    if isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
        return (node[part],)
    return None


def _position(node: object, part: str | int, *, key: bool) -> tuple[int, int] | None:
    """Line and column, from 0, of the value under `part` or of the key itself."""
    if isinstance(node, CommentedMap):
        places = node.lc.data or {}
        found = next((places[k] for k in places if _key(k) == str(part)), None)
        return None if found is None else (found[0], found[1]) if key else (found[2], found[3])
    if isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
        line, column = node.lc.item(part)
        return line, column
    return None


def _refused(name: str, message: str, line: int = 0, column: int = 0) -> WorkflowError:
    """An error with one problem."""
    return WorkflowError([Problem(name, line, column, "", message)])


def _tidy(message: str) -> str:
    """The parser's message on one line, without its quotation of the text."""
    return " ".join(message.split())

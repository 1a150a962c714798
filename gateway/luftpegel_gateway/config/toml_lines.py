"""Where a key of a TOML file stands: `tomllib` gives values without line numbers, and an error needs one.

A small scanner over the text of a file that `tomllib` has accepted already; it follows headers, keys, strings
and brackets, and nothing else. Keys of inline tables have the line of the key they belong to.
"""

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str | int, ...]  # ("station", 0, "dev_eui"): arrays of tables count from 0

_KEY_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_TOKEN = re.compile(
    r'''
    """(?:\\.|[^\\])*?"{3,5}  |  \'{3}.*?\'{3,5}  |  "(?:\\.|[^"\\])*"  |  \'[^\']*\'
    | \#[^\n]*  |  [\[{]  |  [\]}]  |  \n  |  [^"\'\#\[\]{}\n]+
    ''',
    re.DOTALL | re.VERBOSE,
)
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of every table header and key. `text` is valid TOML."""
    lines: dict[Path, int] = {}
    arrays: dict[Path, int] = {}
    table: Path = ()
    line, counted = 1, 0
    for position, statement in _statements(text):
        line += text.count("\n", counted, position)
        counted = position
        if statement.startswith("["):
            table = _header(statement, arrays)
            lines.setdefault(table, line)
            lines.setdefault(table[:-1] if isinstance(table[-1], int) else table, line)
        else:
            parts = _key(statement)
            for depth in range(1, len(parts) + 1):
                lines.setdefault((*table, *parts[:depth]), line)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest table around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def error_line(error: tomllib.TOMLDecodeError, text: str) -> int:
    """The line that a syntax error names; the last one when it says 'at end of document'."""
    found = _AT_LINE.search(str(error))
    return int(found[1]) if found else max(1, len(text.splitlines()))


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Start and text of each statement: a header, or a key with its value over one or more lines."""
    position = 0
    while position < len(text):
        start, depth = position, 0
        for token in _TOKEN.finditer(text, position):
            position = token.end()
            word = token[0]
            depth += (word in "[{") - (word in "]}") if len(word) == 1 else 0
            if word == "\n" and depth == 0:
                break
        else:
            position = len(text)
        statement = text[start:position]
        blank = len(statement) - len(statement.lstrip())
        if statement.strip() and not statement.lstrip().startswith("#"):
            yield start + blank, statement.strip()


def _header(statement: str, arrays: dict[Path, int]) -> Path:
    """The path of a [table] or [[array]] header; `arrays` counts the elements of each array so far."""
    is_array = statement.startswith("[[")
    path: Path = ()
    parts = _key(statement.lstrip("["))
    for depth, part in enumerate(parts, 1):
        path = (*path, part)
        if is_array and depth == len(parts):
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, arrays[path])
    return path


def _key(text: str) -> tuple[str, ...]:
    """The parts of a dotted key at the start of `text`."""
    parts = []
    while found := _KEY_PART.match(text):
        parts.append(next(group for group in found.groups() if group is not None))
        if text[found.end() : found.end() + 1] != ".":
            break
        text = text[found.end() + 1 :]
    return tuple(parts)

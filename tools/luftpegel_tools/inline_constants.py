"""Writes the integer constants of a firmware module into its code, before mpy-cross sees it.

On a board each name that a module defines costs some 30 bytes of heap: its entry in the module, its text and
hash among the interpreter's strings, which are never given back. MicroPython has `const()` against that, which
CPython does not know. So the sources stay plain (`POLL_US = 1000`), and the image holds the number at each
place of use; the name goes when no file of the image asks a module for it. Lines stay where they are, so
tracebacks point to the right ones.
"""

import ast
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping

_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*$")
_ARITHMETIC = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.operator,
    ast.unaryop,
    ast.Constant,
    ast.Name,
    ast.expr_context,
)
_Edit = tuple[int, int, bytes]  # first byte, byte behind the last, what stands there instead


def asked_for(sources: Iterable[bytes]) -> frozenset[str]:
    """Names that these files ask of modules or objects: imported, behind a dot, or as a string."""
    return frozenset(name for source in sources for name in _asked_for(ast.parse(source)))


def inlined(source: bytes, asked: frozenset[str]) -> bytes:
    """The source with its constants written out; `asked` as from asked_for(), of the rest of the image.

    A source that is no Python is given back as it is: its errors are the compiler's to tell.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    known = _constants(tree)
    kept = asked | set(_asked_for(tree))
    starts = _line_starts(source)
    for first, end, text in sorted(_edits(tree, known, kept, starts), reverse=True):
        source = source[:first] + text + source[end:]
    return source


def _asked_for(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _constants(tree: ast.Module) -> dict[str, int]:
    """Name -> value of what is set once, at the module's top level, to a number that can be reckoned here."""
    bound = Counter(_bound(tree))
    known: dict[str, int] = {}
    for statement in tree.body:
        for name, value in _assigned(statement):
            number = _number(value, known)
            if number is not None and bound[name] == 1:
                known[name] = number
    return known


def _bound(tree: ast.Module) -> Iterator[str]:
    """Each name as often as something gives it a meaning."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


def _assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    """(name, value) of `NAME = value`, and of `ONE, TWO = value, value`; empty for any other statement."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return []
    target, value = statement.targets[0], statement.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(target.elts, value.elts, strict=False))
    else:
        pairs = [(target, value)]
    if not all(isinstance(name, ast.Name) and _CONSTANT.match(name.id) for name, _ in pairs):
        return []
    return [(name.id, value) for name, value in pairs if isinstance(name, ast.Name)]


def _number(value: ast.expr, known: Mapping[str, int]) -> int | None:
    expression = ast.Expression(value)
    for node in ast.walk(expression):
        if not isinstance(node, _ARITHMETIC) or (isinstance(node, ast.Name) and node.id not in known):
            return None
        if isinstance(node, ast.Constant) and type(node.value) is not int:
            return None
    number = eval(compile(expression, "constant", "eval"), {"__builtins__": {}}, dict(known))
    return number if type(number) is int else None


def _edits(
    tree: ast.Module, known: Mapping[str, int], kept: Container[str], starts: list[int]
) -> Iterator[_Edit]:
    """Definitions that nobody else asks for become empty lines; elsewhere each use becomes its number."""
    for statement in tree.body:
        names = [name for name, _ in _assigned(statement)]
        if names and all(name in known and name not in kept for name in names):
            assert statement.end_lineno is not None
            yield *_span(statement, starts), b"\n" * (statement.end_lineno - statement.lineno)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in known:
                number = known[node.id]
                yield *_span(node, starts), (b"%d" if number >= 0 else b"(%d)") % number


def _span(node: ast.expr | ast.stmt, starts: list[int]) -> tuple[int, int]:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset


def _line_starts(source: bytes) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts

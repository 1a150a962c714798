"""Writes the constants of a firmware module into its code, before mpy-cross sees it.

On a board each name that a module defines costs some 30 bytes of heap: its entry in the module, its text and
hash among the interpreter's strings, which are never given back. MicroPython has `const()` against that,
which CPython does not know. So the sources stay plain (`POLL_US = 1000`), and the image holds the value at
each place of use; the name goes when no file of the image asks for it. (mpy-cross keeps equal strings and
tuples of a module once.) Lines stay where they are, so tracebacks point to the right ones.
"""

import ast
import operator
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*$")
_ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
}
_Value = int | str | bytes | tuple[object, ...]
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


def _constants(tree: ast.Module) -> dict[str, _Value]:
    """Name -> value of what is set once, at the module's top level, to something that can be told here."""
    bound = Counter(_bound(tree))
    known: dict[str, _Value] = {}
    for statement in tree.body:
        for name, expression in _assigned(statement):
            value = _value(expression, known)
            if value is not None and bound[name] == 1:
                known[name] = value
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


def _value(expression: ast.expr, known: Mapping[str, _Value]) -> _Value | None:
    """What an expression comes to, None for whatever is not told here."""
    match expression:
        case ast.Constant(value=int() | str() | bytes() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id=name):
            return known.get(name)
        case ast.Tuple(elts=members):
            values = [_value(member, known) for member in members]
            return None if None in values else tuple(values)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = _value(operand, known)
            return -number if isinstance(number, int) else None
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _ARITHMETIC:
            one, other = _value(left, known), _value(right, known)
            if isinstance(one, int) and isinstance(other, int):
                return _ARITHMETIC[type(sign)](one, other)
    return None


def _edits(
    tree: ast.Module, known: Mapping[str, _Value], kept: Container[str], starts: list[int]
) -> Iterator[_Edit]:
    """Definitions that nobody else asks for become empty lines; elsewhere each use becomes its value."""
    for statement in tree.body:
        names = [name for name, _ in _assigned(statement)]
        if names and all(name in known and name not in kept for name in names):
            assert statement.end_lineno is not None
            yield *_span(statement, starts), b"\n" * (statement.end_lineno - statement.lineno)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in known:
                yield *_span(node, starts), b"(%a)" % (known[node.id],)


def _span(node: ast.expr | ast.stmt, starts: list[int]) -> tuple[int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset


def _line_starts(source: bytes) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts

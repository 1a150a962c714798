"""Writes the constants of the firmware's modules into its code, before mpy-cross sees it.

On a board each name that a module defines costs some 30 bytes of heap: its entry in the module, its text and
hash among the interpreter's strings, which are never given back. Each import of it costs again. MicroPython
has `const()` against that, within one module, and CPython does not know it. So the sources stay plain
(`POLL_US = 1000`), and the image holds the value at each place of use; an import of it goes, and where nobody
else asks for the name, its definition. (mpy-cross keeps equal strings and tuples of a module once.) Packages'
own modules (`__init__.py`) stay whole: they are what others see. Lines stay where they are, so tracebacks
point to the right ones.
"""

import ast
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

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


class Image:
    """All modules that lie on a board together: what each defines, and what it asks of the others.

    `sources`: dotted name -> source. A package's own module has its name with `.__init__` behind it.
    """

    def __init__(self, sources: Mapping[str, bytes]):
        self._modules: dict[str, _Module] = {}
        for name, source in sources.items():
            self._modules[name] = _Module(name, ast.parse(source))
        self._constants: dict[str, dict[str, _Value]] = {}
        self._asked = {name for module in self._modules.values() for name in module.asks(self)}

    def inlined(self, name: str, source: bytes) -> bytes:
        """The source of a module, of the image or beside it, with its constants written out.

        What is no Python is given back as it is: its errors are the compiler's to tell.
        """
        try:
            module = _Module(name, ast.parse(source))
        except SyntaxError:
            return source
        if module.is_face:
            return source
        starts = _line_starts(source)
        for first, end, text in sorted(self._edits(module, starts), reverse=True):
            source = source[:first] + text + source[end:]
        return source

    def constants(self, name: str) -> Mapping[str, _Value]:
        """What can be told now of a module's names: empty for a module that is not of the image."""
        if name not in self._modules:
            name += ".__init__"
        if name not in self._constants:
            self._constants[name] = {}
            if name in self._modules:
                self._constants[name] = self._modules[name].constants(self)
        return self._constants[name]

    def _edits(self, module: "_Module", starts: list[int]) -> Iterator[_Edit]:
        known = module.constants(self)
        kept = self._asked | set(module.asks(self))
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom):
                left = [alias for alias in node.names if alias.asname or alias.name not in known]
                if len(left) < len(node.names):
                    yield _replaced(node, _import(node, left), starts)
        for statement in module.tree.body:
            pairs = _assigned(statement)
            stay = [(name, value) for name, value in pairs if name in kept or name not in known]
            if len(stay) < len(pairs):
                yield _replaced(statement, _assignment(stay), starts)
                continue
            for node in ast.walk(statement):
                if isinstance(node, ast.Name | ast.Attribute) and _dotted(node) in known:
                    yield _replaced(node, b"(%a)" % (known[_dotted(node)],), starts)


@dataclass(frozen=True)
class _Module:
    name: str
    tree: ast.Module

    @property
    def is_face(self) -> bool:
        return self.name.endswith("__init__")

    def constants(self, image: Image) -> dict[str, _Value]:
        """Name, "LIMIT" or "clock.LIMIT" -> value of what is set once, here or where it is imported from."""
        bound = Counter(_bound(self.tree))
        known: dict[str, _Value] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                theirs = image.constants(self._meant(node))
                names = [alias.name for alias in node.names if alias.asname is None]
                for name in [name for name in names if bound[name] == 1]:
                    if name in theirs:
                        known[name] = theirs[name]
                    module = image.constants(f"{self._meant(node)}.{name}")
                    known |= {f"{name}.{inner}": value for inner, value in module.items()}
        for statement in self.tree.body:
            for name, expression in _assigned(statement):
                value = _value(expression, known)
                if value is not None and bound[name] == 1:
                    known[name] = value
        return known

    def asks(self, image: Image) -> Iterator[str]:
        """Names asked of other modules or of objects: imported, behind a dot, or as a string."""
        known = {} if self.is_face else self.constants(image)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                yield from (alias.name for alias in node.names if alias.asname or alias.name not in known)
            elif isinstance(node, ast.Attribute) and _dotted(node) not in known:
                yield node.attr
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value

    def _meant(self, node: ast.ImportFrom) -> str:
        """The dotted name of the module that a from-import means."""
        package = self.name.split(".")[: -node.level] if node.level else []
        return ".".join([*package, *filter(None, [node.module])])


def _dotted(node: ast.expr) -> str:
    """What a name or `module.name` that is read here is called; empty for anything else."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return name
        case ast.Attribute(value=ast.Name(id=module), attr=name, ctx=ast.Load()):
            return f"{module}.{name}"
    return ""


def _bound(tree: ast.Module) -> Iterator[str]:
    """Each name as often as something gives it a meaning."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler) and node.name:
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
        case ast.Name() | ast.Attribute():
            return known.get(_dotted(expression))
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


def _import(node: ast.ImportFrom, left: list[ast.alias]) -> bytes:
    """The statement with these names only."""
    return ast.unparse(ast.ImportFrom(node.module, left, node.level)).encode() if left else b"pass"


def _assignment(pairs: list[tuple[str, ast.expr]]) -> bytes:
    """What is left of a statement: the assignment of these names only."""
    return "; ".join(f"{name} = {ast.unparse(value)}" for name, value in pairs).encode() or b"pass"


def _replaced(node: ast.expr | ast.stmt, text: bytes, starts: list[int]) -> _Edit:
    """The edit that puts one line in place of a node, and behind it as many empty ones as it is shorter."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    first = starts[node.lineno - 1] + node.col_offset
    end = starts[node.end_lineno - 1] + node.end_col_offset
    return first, end, text + b"\n" * (node.end_lineno - node.lineno)


def _line_starts(source: bytes) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts

"""Constants are written out where they are used, and nothing else of a module changes."""

import ast

import pytest

from luftpegel_tools.image import firmware_image
from luftpegel_tools.image.inline_constants import Image

TABLES = b"""# What others use.
LIMIT = 8
HALF = LIMIT // 2
NAMES = ("a",
    "b")
"""
NOTHING = ("[LIMIT]", "{1: LIMIT}", "call()", "1 / 2", "True", "other.LIMIT", "-NAME")


def inlined(source, **others):
    sources = {name.replace("__", "."): text for name, text in others.items()} | {"own": source}
    return Image(sources).inlined("own", source)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (b"A = 1\nf(A, A + 1)\n", b"pass\nf((1), (1) + 1)\n"),
        (b"_A = 1 << 4  # why\nB = -_A\nf(B)\n", b"pass  # why\npass\nf((-16))\n"),
        (b"A, B = 1, 2\nf(B)\n", b"pass\nf((2))\n"),
        (b"A, B = 1, 2\nf(B)\nx.A\n", b"A = 1\nf((2))\nx.A\n"),
        (b"A = (1, b'x',\n  'y')\nf(A)\n", b"pass\n\nf(((1, b'x', 'y')))\n"),
        (b"A = 1\nf('\xc3\xa4', A)\n", b"pass\nf('\xc3\xa4', (1))\n"),
        (b"A = 1\nf('A', A)\n", b"A = 1\nf('A', (1))\n"),
    ],
)
def test_a_constant_becomes_its_value_and_its_name_goes(given, wanted):
    assert inlined(given) == wanted


@pytest.mark.parametrize("value", NOTHING)
def test_what_cannot_be_told_stays(value):
    source = f"NAME = {value}\nf(NAME)\n".encode()
    assert inlined(source) == source


@pytest.mark.parametrize(
    "again",
    [
        "try: f()\nexcept E as A: pass",
        "A = 2",
        "def f(A): pass",
        "for A in (): pass",
        "import A",
        "class A: pass",
        "del A",
    ],
)
def test_a_name_with_two_meanings_stays(again):
    source = f"A = 1\nf(A)\n{again}\n".encode()
    assert inlined(source) == source


def test_imported_constants_are_written_out_and_no_longer_imported():
    own = b"from tables import (\n    HALF,\n    work,\n)\nf(HALF, work)\n"
    assert inlined(own, tables=TABLES) == b"from tables import work\n\n\n\nf((4), work)\n"
    behind_a_dot = b"from room import tables\nf(tables.NAMES, tables.work)\n"
    assert inlined(behind_a_dot, room__tables=TABLES) == (
        b"from room import tables\nf((('a', 'b')), tables.work)\n"
    )
    relative = b"from . import tables\nf(tables.LIMIT)\n"
    image = Image({"room.own": relative, "room.tables": TABLES})
    assert image.inlined("room.own", relative) == b"from . import tables\nf((8))\n"


def test_a_constant_imported_under_another_name_stays_imported():
    own = b"from tables import HALF as SHARE\nf(SHARE)\n"
    assert inlined(own, tables=TABLES) == own


def test_a_name_that_another_module_asks_for_stays():
    image = Image({"tables": TABLES, "own": b"import tables\nf(tables.HALF)\n"})
    assert image.inlined("tables", TABLES) == b"# What others use.\npass\nHALF = (8) // 2\npass\n\n"


def test_a_package_shows_all_that_it_has():
    face = b"LIMIT = 8\nf(LIMIT)\n"
    image = Image({"room.__init__": face, "own": b"from room import LIMIT\nf(LIMIT)\n"})
    assert image.inlined("room.__init__", face) == face
    assert image.inlined("own", b"from room import LIMIT\nf(LIMIT)\n") == b"pass\nf((8))\n"


def test_what_is_no_python_is_left_to_the_compiler():
    assert Image({}).inlined("own", b"def (:\n") == b"def (:\n"


def test_every_line_of_the_firmware_stays_where_it_was():
    files = list(firmware_image.sources())
    sources = {firmware_image.module_name(path): path.read_bytes() for path in files}
    image = Image(sources)
    for name, source in sources.items():
        result = image.inlined(name, source)
        compile(result, name, "exec")  # a warning fails, too: `is` with a number or a text
        assert lines_of_functions(result) == lines_of_functions(source), name


def lines_of_functions(source):
    tree = ast.parse(source)
    return [(node.name, node.lineno) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]

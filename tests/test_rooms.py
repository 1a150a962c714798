"""The gateway's rooms: who may import whom, and that no files import each other in a circle."""

import ast
from pathlib import Path

import pytest

GATEWAY = Path(__file__).parents[1] / "gateway" / "luftpegel_gateway"
PACKAGE = "luftpegel_gateway"

# Room -> rooms that it may import; every room may import `model`. `journal` is the port beside its engines.
ARROWS = {
    "model": set(),
    "words": set(),
    "config": {"sinks", "sources", "words"},
    "directory": set(),
    "decode": set(),
    "checks": set(),
    "downlinks": set(),
    "ingest": {"decode", "checks", "downlinks", "journal"},
    "journal": set(),
    "journal/sqlite": {"journal"},
    "transport": {"config"},
    "sources": {"transport", "config", "network_server"},
    "network_server": {"transport", "config"},
    "sinks": {"transport", "config"},
    "delivery": {"journal", "sinks"},
    "conditions": set(),
    "views": {"journal"},
    "control": {"downlinks", "journal"},
    "page": {"views", "words", "journal", "transport"},
    "cli": None,  # all
    "app": None,
}


def room_of(module):
    """`luftpegel_gateway.journal.sqlite.backend` -> `journal/sqlite`; the package's root is "" ."""
    parts = module.split(".")[1:]
    if parts[:2] == ["journal", "sqlite"]:
        return "journal/sqlite"
    return parts[0] if parts else ""


def files():
    return {
        ".".join([PACKAGE, *path.relative_to(GATEWAY).with_suffix("").parts]).removesuffix(".__init__"): path
        for path in sorted(GATEWAY.rglob("*.py"))
    }


def imports(module, path, known):
    """The modules of this package that a file imports, also those inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGE):
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                yield whole if whole in known else node.module


@pytest.fixture(scope="module")
def graph():
    known = files()
    return {module: set(imports(module, path, known)) - {module} for module, path in known.items()}


def test_every_file_lives_in_a_room(graph):
    assert {room_of(module) for module in graph} == {"", *ARROWS}
    assert [module for module in graph if room_of(module) == ""] == [PACKAGE]


@pytest.mark.parametrize("room", [room for room, allowed in ARROWS.items() if allowed is not None])
def test_arrows_of(graph, room):
    allowed = ARROWS[room] | {room, "model", ""}
    wrong = [
        f"{module} imports {other}"
        for module, others in graph.items()
        if room_of(module) == room
        for other in sorted(others)
        if room_of(other) not in allowed
    ]
    assert wrong == []


def test_every_arrow_is_used(graph):
    used = {(room_of(module), room_of(other)) for module, others in graph.items() for other in others}
    drawn = {(room, other) for room, allowed in ARROWS.items() for other in allowed or ()}
    assert drawn - used == set()


def test_no_circle_of_files(graph):
    done, open_now = set(), []

    def visit(module):
        if module in open_now:
            raise AssertionError(" -> ".join([*open_now[open_now.index(module) :], module]))
        if module not in done:
            open_now.append(module)
            for other in sorted(graph[module]):
                visit(other)
            open_now.pop()
            done.add(module)

    for module in graph:
        visit(module)


def test_sql_stays_where_databases_are(graph):
    """Nobody but the SQLite journal and the stores knows that there is SQLite."""
    users = {
        module
        for module, path in files().items()
        if any(
            (isinstance(node, ast.Import) and any(name.name == "sqlite3" for name in node.names))
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }
    assert {room_of(module) for module in users} <= {"journal/sqlite", "sinks"}

"""The gateway's rooms: who may import whom, and that no files import each other in a circle."""

import ast
from pathlib import Path

import pytest
from tests.import_graph import a_circle, files_of, graph_of, unused_arrows, wrong_arrows

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
    return files_of(GATEWAY, PACKAGE)


@pytest.fixture(scope="module")
def graph():
    return graph_of(files())


def test_every_file_lives_in_a_room(graph):
    assert {room_of(module) for module in graph} == {"", *ARROWS}
    assert [module for module in graph if room_of(module) == ""] == [PACKAGE]


@pytest.mark.parametrize("room", [room for room, allowed in ARROWS.items() if allowed is not None])
def test_arrows_of(graph, room):
    assert wrong_arrows(graph, room_of, room, ARROWS[room] | {room, "model", ""}) == []


def test_every_arrow_is_used(graph):
    assert unused_arrows(graph, room_of, ARROWS) == set()


def test_no_circle_of_files(graph):
    assert a_circle(graph) == ""


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

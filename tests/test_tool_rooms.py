"""The tools' rooms: who may import whom; and no circle of files, in the firmware neither."""

from pathlib import Path

import pytest
from tests.import_graph import a_circle, files_of, graph_of, unused_arrows, wrong_arrows

REPOSITORY = Path(__file__).parents[1]
TOOLS = REPOSITORY / "tools" / "luftpegel_tools"
PACKAGE = "luftpegel_tools"

# Room -> rooms that it may import.
ARROWS = {
    # the ground
    "virtual_time": set(),
    "programs": {"virtual_time"},
    "image": set(),
    "decode": set(),
    "generate": set(),
    "packaging": {"fresh", "programs"},
    # the doubles; none of them knows the town
    "air": {"virtual_time"},
    "backhaul": {"air"},
    "virtual_board": {"air", "virtual_time", "programs"},
    "lora_gateways": {"air", "virtual_time", "backhaul"},
    "network_server": {"air", "virtual_time", "backhaul"},
    "wiring": {"virtual_board"},
    # what is put together of them
    "desk": {"air", "image", "network_server", "programs", "virtual_board", "virtual_time", "wiring"},
    "town": {
        "air", "backhaul", "image", "lora_gateways", "network_server", "programs", "virtual_board",
        "virtual_time", "wiring",
    },
    # what people run
    "station_files": {"image"},
    "rig": {"image"},
    "technician": {"decode", "image", "station_files"},
    "fresh": {"programs"},
    # measures the others, and the command as a whole; imported by none
    "figures": {
        "", "air", "desk", "generate", "image", "network_server", "programs", "virtual_board", "virtual_time",
        "wiring",
    },
}  # fmt: skip

# Circles of the firmware that stay, as (who imports, whom): inside a function, and late on purpose.
KNOWN = (("station.guard", "station.cycle"), ("luftpegel_wire.readings", "luftpegel_wire.resolution"))


def room_of(module):
    """`luftpegel_tools.town.station` -> `town`; the package's root is "" ."""
    return ".".join(module.split(".")[1:2]) if module != f"{PACKAGE}.cli" else ""


@pytest.fixture(scope="module")
def graph():
    return graph_of(files_of(TOOLS, PACKAGE))


def test_every_file_lives_in_a_room(graph):
    assert {room_of(module) for module in graph} == {"", *ARROWS}
    assert {module for module in graph if room_of(module) == ""} == {PACKAGE, f"{PACKAGE}.cli"}


def test_the_command_imports_no_room(graph):
    """It imports a verb when it is called, by name; all others stay unloaded."""
    assert graph[f"{PACKAGE}.cli"] == set()


@pytest.mark.parametrize("room", ARROWS)
def test_arrows_of(graph, room):
    assert wrong_arrows(graph, room_of, room, ARROWS[room] | {room}) == []


def test_nothing_imports_figures():
    assert [room for room, allowed in ARROWS.items() if "figures" in allowed] == []


def test_every_arrow_is_used(graph):
    assert unused_arrows(graph, room_of, ARROWS) == set()


def test_no_circle_of_rooms():
    assert a_circle(ARROWS) == ""


def test_no_circle_of_files(graph):
    assert a_circle(graph) == ""


def test_no_further_circle_in_the_firmware():
    firmware = REPOSITORY / "firmware"
    libraries = files_of(firmware / "lib", "")
    others = {name: path for name, path in files_of(firmware, "").items() if not name.startswith("lib.")}
    graph = graph_of(others | libraries)
    for module, other in KNOWN:
        graph[module].discard(other)
    assert a_circle(graph) == ""

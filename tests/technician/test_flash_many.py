"""Many boards, eight at a time, with faults, a cable pulled and the run killed: every station one board,
every board one key, whatever happened.

Sixteen by default; LUFTPEGEL_FLASH_BOARDS=50 for a technician's afternoon.
"""

import os
import signal
import time

from tests.technician.flash_town import FIRST_MAC, Town, hub, key_on, keys_anywhere

BOARDS = int(os.environ.get("LUFTPEGEL_FLASH_BOARDS", "16"))
AT_ONCE = 8
REFUSES, WEARS, PULLED = 3, 5, 7  # places
FAULTS = {REFUSES: ("fail", "LP-628"), WEARS: ("stuck", "LP-629"), PULLED: ("unplug", "LP-630")}
IN_PROGRAM = 0x11000
PATIENCE_S = 240


def killed_midway(town, desk):
    """Kill the run as soon as some keys have left the computer."""
    with town.start(desk, "--once") as process:
        deadline = time.monotonic() + PATIENCE_S
        while len([line for line in town.ledger() if line["step"] == "flashed"]) < 2:
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def mend(desk, place):
    """The board as it comes from the shelf again: whole, and in download mode."""
    desk.ask("mend", place=place)
    desk.ask("boot", place=place, low=True)
    desk.ask("plug", place=place)
    desk.ask("reset", place=place)
    desk.wait_for("download", place=place)
    desk.ask("boot", place=place, low=False)


def first_hub(town):
    """All that can go wrong, goes wrong here."""
    with hub(AT_ONCE) as desk:
        for place, (kind, _) in FAULTS.items():
            desk.ask("fault", place=place, kind=kind, at=IN_PROGRAM)
        killed_midway(town, desk)
        if not desk.ask("status", place=PULLED)["plugged"]:  # it was pulled before the kill
            mend(desk, PULLED)
            desk.ask("fault", place=PULLED, kind="unplug", at=IN_PROGRAM)
        for place in (REFUSES, WEARS):
            desk.ask("boot", place=place, low=True)
            desk.ask("reset", place=place)
            desk.wait_for("download", place=place)
        code, boards = town.flash(desk, "--resume")
        assert code == 4
        told = {place: boards[f"1.{place}"]["outcome"] for place in range(1, AT_ONCE + 1)}
        assert told == {
            place: FAULTS[place][1] if place in FAULTS else "ok" for place in range(1, AT_ONCE + 1)
        }
        for place in FAULTS:
            mend(desk, place)
        code, boards = town.flash(desk, "--resume")
        assert code == 0
        assert {board["outcome"] for board in boards.values()} == {"ok"}
        assert sum(board["skipped"] for board in boards.values()) == AT_ONCE - len(FAULTS)
        return found_on(town, desk, AT_ONCE)


def found_on(town, desk, count):
    """Station -> how many boards have its key. What the firmware finds is all that there is."""
    names = {bytes(town.keys.of(entry.dev_eui)): entry.station for entry in town.roster}
    found = []
    for place in range(1, count + 1):
        station = names[key_on(desk, place)]
        assert keys_anywhere(desk, place, town) == {station}
        found.append(station)
    return found


def test_every_station_one_board_and_every_board_one_key(tmp_path):
    town = Town(tmp_path, BOARDS)
    found = first_hub(town)
    for first in range(AT_ONCE, BOARDS, AT_ONCE):
        count = min(AT_ONCE, BOARDS - first)
        with hub(count, first=FIRST_MAC + first) as desk:
            code, boards = town.flash(desk, "--resume")
            assert code == 0
            assert len(boards) == count
            found += found_on(town, desk, count)
    assert sorted(found) == [entry.station for entry in town.roster]
    owners = town.owners()
    assert sorted(owners) == sorted(found)
    chips = [chip for chips in owners.values() for chip in chips]
    assert len(chips) == len(set(chips)) == BOARDS
    last = {(line["station"], line["step"]): line["outcome"] for line in town.ledger()}
    for station in found:
        for step in ("assigned", "flashed", "keys", "selftest"):
            assert last[station, step] == "ok", (station, step)

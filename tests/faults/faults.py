"""The faults: each happens to all parts of a town at once, under load, and ends; then its work is counted.

`FAULTS`: the rows of the table. A fault is a function of the town, its parts under fault, and luck.
"""

import itertools
import os
import time

from tests.faults.far_ends import FarEnd
from tests.faults.town import until

KILLS = int(os.environ.get("LUFTPEGEL_KILLS", "10"))
A_LIFE_S = 0.9  # at most, before the kill
EVERY_S = 0.015  # a reading, so that there is always something under way
DAY = 144  # readings: one each ten minutes
MUTE_S = 4.0
CUTS, CUTTING_S = 3, 15.0  # of each way at least, or so long
DAY_S = 86_400


def kill(town, parts, luck):
    """SIGKILL at random instants, while readings come and go."""
    town.ready()
    for _ in range(KILLS):
        ends = time.monotonic() + luck.uniform(0.02, A_LIFE_S)
        while time.monotonic() < ends:
            town.send(1)
            time.sleep(EVERY_S)
        town.kill()
        town.send(1)
        town.start()


def boot(town, parts, _luck):
    """Not there when the gateway starts; the gateway is killed before they come back."""
    town.ready()
    town.kill()
    _away(parts)
    town.start()
    town.send(16)
    _wait_for_others(town, parts)
    _wait_until_told(town, parts)
    town.kill()
    town.start()
    town.send(8)
    until(lambda: town.troubles() is not None, town.told)
    _back(parts)


def day(town, parts, _luck):
    """Away for a day of traffic, one half after the other: who is there lacks nothing meanwhile."""
    town.ready()
    for gone in (parts[::2], parts[1::2]):
        _away(gone)
        town.send(DAY // 2)
        there = [part for part in parts if part not in gone]
        until(lambda there=there: town.has_all(there), town.told)
        _wait_until_told(town, gone)
        _back(gone)


def slow(town, parts, _luck):
    """Each piece takes its time on the way, and then nothing is answered; others do not wait for that."""
    town.ready()
    town.send(8)
    for part in parts:
        part.slow()
    town.send(16)
    _wait_for_others(town, parts)
    for part in parts:
        part.mute()
    town.send(8)
    _wait_for_others(town, parts)
    time.sleep(MUTE_S)


def cut(town, parts, luck):
    """The way breaks: in the middle of bytes, half-closed, behind what was done and before its answer."""
    town.ready()
    for part in parts:
        part.cut(luck)
    ends = time.monotonic() + CUTTING_S
    while time.monotonic() < ends and not all(part.cuts() >= CUTS for part in parts):
        town.send(4)
        time.sleep(0.4)
    assert all(part.cuts() for part in parts), {part.kind: part.cuts() for part in parts}


def restart(town, parts, _luck):
    """Their programs end and start again, twice, under load; real ones by SIGKILL where they survive that."""
    town.ready()
    for _ in range(2):
        for part in parts:
            town.send(2)
            part.restart()
        town.send(4)
        until(lambda: town.troubles() is not None, town.told)


def disk(town, parts, _luck):
    """The gateway's disk takes nothing more, while items wait and while they come; then it has room again."""
    town.ready()
    _away(parts)
    town.send(12)
    _wait_for_others(town, parts)
    town.limit_files(full=True)
    _back(parts)
    town.send(8)
    until(lambda: "journal" in (town.troubles() or {}), town.told)
    time.sleep(3)  # they try, and try again
    town.limit_files(full=False)


def clock(town, parts, _luck):
    """The gateway's clock jumps: two days ahead, three back, and home."""
    town.stop()
    town.start_with_clock()
    town.ready()
    for days in (2, -1, -3, 0):
        town.set_clock(days * DAY_S)
        town.send(6)
        until(lambda: town.has_all(parts), town.told)


def expire(town, parts, _luck):
    """The secret holds no more; the operator writes the new one into its file and starts the gateway anew."""
    town.ready()
    town.send(8)
    until(lambda: town.has_all(parts), town.told)
    for part in parts:
        part.expire(town)
    town.send(8)
    _wait_for_others(town, parts)
    _wait_until_told(town, parts)
    for part in parts:
        part.renew(town)
    town.stop()
    town.send(4)
    town.start()


def refuse(town, parts, _luck):
    """401, 403, 409, 429, 500, 503, lost, torn and strangers' answers; a read-only database; rights that are
    taken away; of sources: messages that are none."""
    town.ready()
    steps = itertools.zip_longest(*(part.refusals(town) for part in parts))
    for _ in steps:
        town.send(8)
        _wait_for_others(town, parts)
        time.sleep(0.8)
        town.note_troubles()


def _away(parts):
    for part in parts:
        part.away()


def _back(parts):
    for part in parts:
        part.back()


def _wait_until_told(town, parts):
    """The trouble of each is told, or else it has been put into quarantine; now and then a reading comes."""
    ends = time.monotonic()

    def told():
        nonlocal ends
        if time.monotonic() > ends:
            town.send(2)
            ends = time.monotonic() + 2
        town.note_troubles()
        return all(town.codes_seen.get(part.told_as) or town.quarantined(part) for part in known)

    known = [part for part in parts if part.silence_is_told]
    until(told, town.told)


def _wait_for_others(town, parts):
    """A sink under fault holds up neither the intake nor another sink."""
    if isinstance(parts[0], FarEnd):
        town.wait_for_witness()


FAULTS = {one.__name__: one for one in (kill, boot, day, slow, cut, restart, disk, clock, expire, refuse)}

"""A program that delivers readings to the sink "files" in children that are killed, and counts what is there.

Usage: dying_files.py FOLDER FORMAT random KILLS | FOLDER FORMAT steps. `random`: at random instants. `steps`:
each child dies at the n-th of the places where it touches the disk, n = 1, 2, ... until one lives. After each
death every file under a final name must be whole. Prints JSON: kills, lost, doubled, wrong, halves.

It forks: so the imports are paid once. It has no threads when it does.
"""

import asyncio
import csv
import itertools
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.gateway.memory_log import observed

from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks import Context, files, files_state, format_parquet
from luftpegel_gateway.sinks.sqlite_file import open_file

COUNT = 160
BATCH = {"random": 20, "steps": 90}[sys.argv[3]]
STATIONS = ("LP-0001", "LP-0002")


def items():
    """Readings of two days and two stations, some late, some corrected, one of them into another day."""
    found = [observed(seq // 2, 2000 + seq, station=STATIONS[seq % 2]) for seq in range(COUNT)]
    found += [observed(seq, 2000 + 2 * seq, flags=4, revision=1, late=True) for seq in range(0, 100, 7)]
    found += [observed(5, 2010, revision=2, time=1_000_000 + 90_000, late=True)]
    return found


def expected():
    told = {}
    for item in items():
        key = (item.ref.station, item.reading.seq)
        if key not in told or told[key][1] < item.reading.revision:
            told[key] = (item.reading.cells[0].value, item.reading.revision, item.reading.time)
    return told


def options(folder, kind):
    return {"folder": folder / "out", "format": kind, "period": "day", "stations": "each",
            "timezone": ZoneInfo("UTC"), "decimal": ".", "write_every_s": 0.002,
            "keep_days": None}  # fmt: skip


async def deliver(folder, kind):
    """What a worker does: from the cursor on, which moves after each batch."""
    station = {name: Station(name, "00" * 8, "Mühlbach", "level") for name in STATIONS}
    sink = files.create(Context("files", options(folder, kind), folder, lambda name, _tenant: station[name]))
    await sink.start()
    cursor = folder / "cursor"
    place = int(cursor.read_text()) if cursor.exists() else 0
    told = items()
    while place < len(told):
        assert await sink.deliver(told[place : place + BATCH]) == []
        place += BATCH
        (folder / "cursor.new").write_text(str(place))
        (folder / "cursor.new").rename(cursor)
        await asyncio.sleep(0.003)
    await sink.stop()


def dying_at(last):
    """Have this process killed at the n-th touch of the disk."""
    steps = 0

    def step(*_details):
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def at(module, name):
        real = getattr(module, name)

        def call(*details, **known):
            step()
            answer = real(*details, **known)
            step()
            return answer

        setattr(module, name, call)

    def opened(path):
        database = open_file(path)
        database.set_trace_callback(lambda told: step() if told.startswith(("BEGIN", "COMMIT")) else None)
        return database

    at(os, "fsync")
    for name in ("replace", "unlink", "mkdir", "rename"):
        at(Path, name)
    files_state.open_file = opened


def child(folder, kind, step=0):
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        if step:
            dying_at(step)
        asyncio.run(deliver(folder, kind))
        status = 0
    finally:
        os._exit(status)


def content(file):
    """(station, seq, revision, value) of a whole file; anything else raises."""
    if file.suffix == ".parquet":
        _, parquet = format_parquet.need()
        rows = parquet.read_table(file).to_pylist()
        return [(row["station"], row["seq"], row["revision"], row["value"]) for row in rows]
    raw = file.read_bytes()
    assert raw.endswith(b"\r\n"), file
    if file.suffix == ".zrxp":
        lines = raw.decode("latin-1").split("\r\n")[:-1]
        assert lines[0].startswith("#ZRXPVERSION"), file
        return [line for line in lines if not line.startswith("#") and len(line.split(" ")) != 3]
    rows = list(csv.DictReader(raw.decode().splitlines()))
    assert all(None not in row.values() for row in rows), file
    return [(row["station"], int(row["seq"]), int(row["revision"]), row["value"]) for row in rows]


def halves(folder, suffix):
    """How many files under a final name cannot be read whole."""
    count = 0
    for file in (folder / "out").rglob(f"*{suffix}"):
        if file.name.startswith("."):
            continue
        try:
            content(file)
        except Exception as error:
            print(file, repr(error), file=sys.stderr)
            count += 1
    return count


def randomly(folder, kind, wanted):
    """A new folder after each ten deaths, or when all is delivered; each is finished and counted."""
    luck, kills, broken = random.Random(8), 0, 0
    total = {"lost": 0, "doubled": 0, "wrong": 0}
    (folder / "whole").mkdir()
    began = time.monotonic()
    os.waitpid(child(folder / "whole", kind), 0)
    took = time.monotonic() - began
    places = (folder / str(number) for number in itertools.count())
    while kills < wanted:
        place = next(places)
        place.mkdir()
        for _ in range(5):
            pid = child(place, kind)
            time.sleep(luck.uniform(0.1, 0.9) * took)
            os.kill(pid, signal.SIGKILL)
            if not os.WIFSIGNALED(os.waitpid(pid, 0)[1]):
                break
            kills += 1
            broken += halves(place, f".{kind}")
        total = add(total, counts(place, kind))
    return {"kills": kills, "halves": broken, **total}


def everywhere(folder, kind):
    kills, broken, total = 0, 0, {"lost": 0, "doubled": 0, "wrong": 0}
    for step in range(1, 10_000):
        place = folder / str(step)
        place.mkdir()
        _, status = os.waitpid(child(place, kind, step), 0)
        kills += os.WIFSIGNALED(status)
        broken += halves(place, f".{kind}")
        total = add(total, counts(place, kind))
        if not os.WIFSIGNALED(status):
            break
    return {"kills": kills, "halves": broken, **total}


def add(one, other):
    return {key: one[key] + other[key] for key in one}


def main():
    folder, kind, way, *wanted = sys.argv[1:]
    done = everywhere(Path(folder), kind) if way == "steps" else randomly(Path(folder), kind, int(wanted[0]))
    print(json.dumps(done))


def counts(folder, kind):
    """Let one child finish what is left, then compare all files with what was delivered."""
    _, status = os.waitpid(child(folder, kind), 0)
    assert status == 0, status
    assert not list((folder / "out").rglob(".*.part"))
    with_them = [row for file in sorted((folder / "out").rglob(f"*.{kind}")) for row in content(file)]
    told = expected()
    names = [row[:2] for row in with_them]
    return {
        "lost": len(set(told) - set(names)),
        "doubled": len(names) - len(set(names)),
        "wrong": sum(1 for row in with_them if (round(float(row[3]) * 100), row[2]) != told[row[:2]][:2]),
    }


main()

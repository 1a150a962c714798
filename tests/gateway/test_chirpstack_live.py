"""`luftpegel gateway live`: a live view over a real grpc stream, through restarts of the server."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from chirpstack_api import integration

sys.path.insert(0, str(Path(__file__).parent))
from chirpstack_world import EPOCH, FOREIGN, ApiWorld, api_world  # noqa: F401

from luftpegel_gateway.cli import live
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.network_server.live import Entry
from luftpegel_tools.network_server.chirpstack import GrpcApi, Key
from luftpegel_tools.network_server.chirpstack.events import LogEntry, stamp

EUI = "70b3d57ed0000001"
STATIONS = f'[[station]]\nid = "LP-0001"\ndev_eui = "{EUI}"\nname = "Mühlbach"\nkind = "climate"\n'


@pytest.fixture
def world(api_world):  # noqa: F811
    api_world.stations.write_text(STATIONS)
    api_world.add(EUI, "Mühlbach")
    return api_world


class View:
    """The verb in a process of its own."""

    def __init__(self, world, until, *words):
        command = [sys.executable, "-m", "luftpegel_tools.cli", "gateway", "live", "--config", world.config]
        self.out, self.errors = world.folder / "out", world.folder / "errors"
        with self.out.open("wb") as out, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*map(str, command), "--lang", "en", *words], stdout=out, stderr=errors
            )
        self._until = until

    def lines(self, count):
        self._until(lambda: len(self._all()) >= count or self.process.poll() is not None, self._told)
        assert len(self._all()) >= count, self._told()
        return self._all()

    def _all(self):
        return self.out.read_text().splitlines()

    def _told(self):
        return f"{self.out.read_text()}\n{self.errors.read_text()}"

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def view(world, until):
    views = []

    def start(*words):
        views.append(View(world, until, *words))
        return views[-1]

    yield start
    for one in views:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(30)


def happen(world, name, event):
    with world.server.changed:
        world.server.publish(name, world.server.records.device(EUI), event)


def up(world, station, number, **changes):
    info = integration.DeviceInfo(dev_eui=EUI, application_id=world.application)
    fields = {
        "device_info": info, "time": stamp((EPOCH + number) * 10**9), "dev_addr": "01020304", "dr": 5,
        "f_cnt": number, "f_port": 1, "data": station.payload(number),
    }  # fmt: skip
    happen(world, "up", integration.UplinkEvent(**(fields | changes)))


def test_readings_stand_beside_events(world, view, station):
    up(world, station, 3)
    seen = view("LP-0001")
    (line,) = seen.lines(1)
    assert line.startswith("2026-09-21T14:13:23Z  LP-0001      up      DR=5 FCnt=3 FPort=1  #3: ")
    assert "20.30 °C" in line
    up(world, station, 4)
    assert "#4: " in seen.lines(2)[1]
    assert seen.end() == 0
    assert "Traceback" not in seen.errors.read_text()


def test_lines_for_programs(world, view, station):
    up(world, station, 3)
    up(world, station, 4, data=b"\x00\xff\xff")
    entry = LogEntry("ERROR", "UPLINK_MIC", "MIC\x1b[31m", {})
    happen(world, "log", world.server.events.log(world.server.records.device(EUI), entry, EPOCH * 10**9))
    seen = view("--json", "--count", "3")
    good, bad, log = (json.loads(line) for line in seen.lines(3))
    assert seen.process.wait(30) == 0, "it ends by itself"
    assert (good["station"], good["kind"], good["content"]["number"]) == ("LP-0001", "up", 3)
    assert good["content"]["values"]["temperature"] == "20.30"
    assert bad["content"]["fault"].startswith("LP-2")
    assert log["properties"] == {"Level": "ERROR", "Code": "UPLINK_MIC"}


def test_it_comes_back_after_the_server_was_away_and_tells_nothing_twice(world, view, station, until):
    """Each connection begins with the last ten events."""
    up(world, station, 3)
    seen = view()
    seen.lines(1)
    world.grpc.close()
    until(lambda: "LP-502" in seen.errors.read_text(), "nobody is told")
    up(world, station, 4)
    world.grpc = GrpcApi(world.server, "key-tenant", port=world.grpc.port)
    up(world, station, 5)
    numbers = [line.partition("#")[2].partition(":")[0] for line in seen.lines(3)]
    assert numbers == ["3", "4", "5"]
    assert seen.end() == 0


def test_nobody_reads_on(world, station, until):
    up(world, station, 3)
    command = f"{sys.executable} -m luftpegel_tools.cli gateway live --config {world.config} | head -n 1"
    with subprocess.Popen(
        ["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        numbers = iter(range(4, 10_000))
        until(lambda: up(world, station, next(numbers)) or running.poll() is not None, "it never ends")
        assert running.stdout.read().count("Air temperature") == 1
        assert "Traceback" not in running.stderr.read()


def test_frames(world, view, station):
    up(world, station, 3)
    (line,) = view("--frames", "--count", "1").lines(1)
    assert "UNCONFIRMED_DATA_UP DevAddr=01020304 DevEUI=70b3d57ed0000001" in line


@pytest.mark.parametrize(("key", "code"), [(FOREIGN, "LP-510"), ("rubbish", "LP-509")])
def test_a_key_that_may_not_ends_it(world, view, key, code):
    world.give_key(key)
    seen = view("LP-0001")
    assert seen.process.wait(60) == 1
    assert code in seen.errors.read_text()


def test_a_device_that_is_not_there_ends_it(world, capsys):
    world.grpc.access.keys["key-tenant"] = Key()
    world.stations.write_text(STATIONS.replace(EUI, "70b3d57ed0000009"))
    code, said = world.run(capsys, "live")
    assert (code, "LP-511" in said) == (1, True), said


def test_unknown_stations_and_too_many(world, capsys):
    assert "LP-270" in world.run(capsys, "live", "LP-9")[1]
    said = world.run(capsys, "live", "LP-0002")[1]
    assert ("LP-550" in said, "Did you mean: LP-0001" in said) == (True, True), said
    world.stations.write_text(
        "".join(STATIONS.replace("0001", f"{number:04}") for number in range(1, 40))
    )
    assert "LP-512" in world.run(capsys, "live")[1]


def test_whatever_the_server_says_is_shown_and_steers_no_terminal(world, view):
    event = integration.UplinkEvent(device_info=integration.DeviceInfo(dev_eui=EUI), f_port=1)
    event.data = os.urandom(20)
    event.dev_addr = "\x1b[2J"
    happen(world, "up", event)
    (line,) = view("--count", "1").lines(1)
    assert "\x1b" not in line


def test_whatever_a_stream_brings_is_a_line(station):
    """Bodies, ids and times are the server's word; each entry is one line, whatever they are."""
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    known = Station("LP-0001", EUI, "Mühlbach", "climate")
    good = station.uplink(3)
    for _ in range(20_000):
        body = bytearray(good)
        for _ in range(rng.randint(0, 4)):
            place = rng.randrange(len(body) + 1)
            body[place : place + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
        entry = Entry(
            id=rng.choice(("", "1-0", "\x1b")),
            kind=rng.choice(("up", "up", "up", "log", "\n")),
            at=rng.choice((None, 0, -(2**62), 2**62, 1_790_000_000_000_000)),
            properties={"FPort": rng.choice(("1", "\n\x1b[2J", "ß"))},
            body=bytes(body).decode(errors="replace"),
        )
        line = live._line(known, entry, "de")
        assert line.isprintable()
        assert json.loads(live._json(known, entry))["station"] == "LP-0001"

"""A gateway with everything real: its own process, a broker, files on a disk."""

import base64
import http.client
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from luftpegel_gateway.journal.port import Account, Entry, Group
from luftpegel_gateway.journal.sqlite.reader import SqliteReader
from luftpegel_gateway.model.faults import JournalDown
from luftpegel_tools.programs.broker import Broker, free_port
from luftpegel_wire import Row, encode_readings
from luftpegel_wire.quantities import channel_of

sys.path.insert(0, str(Path(__file__).parent))
from mqtt_world import authority, front, gateway, good_pair, inn, publisher, stranger  # noqa: F401

PATIENCE_S = 30
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
TEMPERATURE, HUMIDITY = channel_of("temperature"), channel_of("humidity")


def until(true, what):
    """Wait for a state of the world; fails with `what` if it does not come."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.01)
    return found


@dataclass
class FakeStation:
    """Makes uplinks as a station does: the newest reading and some history in each frame."""

    dev_eui: str = "70b3d57ed0000001"
    interval: int = 600
    history: int = 4
    value: object = staticmethod(lambda seq: (2000 + 10 * (seq % 50), 5000 + 50 * (seq % 20)))
    counter: object = field(default_factory=itertools.count)
    start: datetime = NOON

    def row(self, seq, age, absent=False):
        values = (None, None) if absent else self.value(seq)
        return Row(seq, age, self.interval, values, [0, 0] if not absent else [8, 8], absent)

    def payload(self, newest, history=None, absent=()):
        depth = min(history or self.history, newest + 1)
        rows = [
            self.row(newest - back, back * self.interval, newest - back in absent) for back in range(depth)
        ]
        payload, taken = encode_readings((TEMPERATURE, HUMIDITY), rows, 242)
        assert taken == depth
        return payload

    def event(self, data, seq=0, f_port=1, **changes):
        moment = self.start.timestamp() + seq * self.interval
        time_text = datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
        event = {
            "deduplicationId": os.urandom(16).hex(),
            "time": time_text,
            "deviceInfo": {"applicationId": "app", "devEui": self.dev_eui},
            "devAddr": "01020304",
            "dr": 5,
            "fCnt": next(self.counter),
            "fPort": f_port,
            "data": base64.b64encode(data).decode(),
            "rxInfo": [{"gatewayId": "0016c001f0000001", "rssi": -97, "snr": 7.5}],
        }
        return json.dumps(event | changes).encode()

    def uplink(self, newest, **options):
        return self.event(self.payload(newest, **options), newest)

    def topic(self, kind="up"):
        return f"application/app/device/{self.dev_eui}/event/{kind}"


class NetworkServer:
    """Publishes events with QoS 1 and knows which the broker has."""

    def __init__(self, port):
        self.sent = []
        self.commands = []
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id="network-server", clean_session=False
        )
        self.client.max_inflight_messages_set(1000)
        connected = threading.Event()
        self.client.on_connect = lambda *_: (self.client.subscribe("application/+/device/+/command/down", 1),
                                             connected.set())  # fmt: skip
        self.client.on_message = lambda _client, _data, message: self.commands.append(
            json.loads(message.payload)
        )
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert connected.wait(PATIENCE_S)

    def publish(self, topic, payload):
        self.sent.append(self.client.publish(topic, payload, qos=1))

    def settle(self):
        for message in self.sent:
            message.wait_for_publish(PATIENCE_S)
        self.sent.clear()

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


class Site:
    """A folder with gateway.toml and stations.toml, and the gateway that runs there."""

    def __init__(self, folder, port):
        self.folder = folder
        self.data = folder / "data"
        self.port = port
        self.process = None
        self.log = folder / "gateway.log"
        self.config = folder / "gateway.toml"
        self.write_config()
        (folder / "stations.toml").write_text(
            '[[station]]\nid = "LP-0001"\ndev_eui = "70b3d57ed0000001"\nname = "Mühlbach"\nkind = "climate"\n'
            '[[station]]\nid = "LP-0002"\ndev_eui = "70b3d57ed0000002"\nname = "Markt"\nkind = "climate"\n'
        )

    def write_config(self, sinks='[[sink]]\nkind = "store"\n'):
        self.page = free_port()
        self.config.write_text(
            f'[gateway]\ndata = "data"\nstations = "stations.toml"\n\n'
            f'[[source]]\nkind = "chirpstack-mqtt"\nhost = "127.0.0.1"\nport = {self.port}\n\n'
            f"{sinks}\n[page]\nport = {self.page}\n"
        )

    def start(self, *program, **options):
        command = program or (sys.executable, "-m", "luftpegel_tools.cli", "gateway", "run")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--config", str(self.config)], stdout=log, stderr=log, **options
            )
        return self

    def started(self):
        """Start, and wait until it listens: what is published before the first subscription is for nobody."""
        self.start()
        until(lambda: self.troubles() == {}, lambda: f"not ready; log:\n{self.log.read_text()}")
        return self

    def get(self, path, **headers):
        """(status, body) of the gateway's page; (None, "") while it does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.page, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return None, ""
        finally:
            connection.close()

    def troubles(self):
        """What /readyz says is wrong; None while nobody answers."""
        status, body = self.get("/readyz")
        return None if status is None else json.loads(body)["troubles"]

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self):
        if self.process and self.process.poll() is None:
            self._hears_signals()
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE_S) == 0, self.log.read_text()

    def _hears_signals(self):
        """A process that has just begun has no handlers yet, and ends at once by a signal; its page answers
        when it has, where there is one."""
        deadline = time.monotonic() + 10
        while self.get("/livez")[0] is None and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)

    def rows(self, sql, *values, file="store.sqlite"):
        if not (self.data / file).exists():
            return []
        place = f"file:{self.data / file}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=PATIENCE_S)) as database:
            try:
                return database.execute(sql, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def stored(self, station="LP-0001", life=0):
        """seq: (temperature, humidity)"""
        query = "SELECT seq, channel, value FROM readings WHERE station = ? AND life = ? ORDER BY 1, 2"
        found = self.rows(query, station, life)
        return {
            seq: tuple(row[2] for row in group) for seq, group in itertools.groupby(found, lambda row: row[0])
        }

    def read(self, question):
        """What `question(reader)` answers; the reader is opened anew. None while there is no journal."""
        if not (self.data / "journal.sqlite").exists():
            return None
        try:
            with closing(SqliteReader(self.data / "journal.sqlite")) as reader:
                return question(reader)
        except JournalDown:
            return None  # it is being made

    def entries(self):
        """What is in quarantine."""
        return self.read(lambda reader: reader.quarantine()) or []

    def codes(self):
        return [entry.code for entry in self.entries()]

    def account(self, *sinks):
        return self.read(lambda reader: reader.account(sinks))

    def state(self, station="LP-0001"):
        return self.read(lambda reader: reader.states().get(("", station)))

    def wait_for(self, numbers, station="LP-0001"):
        wanted = set(numbers)
        until(
            lambda: wanted <= set(self.stored(station)),
            lambda: f"readings missing; log:\n{self.log.read_text()}",
        )


@pytest.fixture
def station():
    return FakeStation()


@pytest.fixture
def make_station():
    return FakeStation


@pytest.fixture
def broker(tmp_path):
    with Broker(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def server(broker):
    server = NetworkServer(broker.port)
    yield server
    server.stop()


@pytest.fixture
def network_server():
    """Makes a network server on a broker that starts later."""
    servers = []

    def make(port):
        servers.append(NetworkServer(port))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def site(tmp_path, broker):
    folder = tmp_path / "site"
    folder.mkdir()
    site = Site(folder, broker.port)
    yield site
    if site.process and site.process.poll() is None:
        site.kill()


@pytest.fixture(name="until")
def until_fixture():
    return until


class MemoryReader:
    """A journal to look at, without a journal: lists. History comes in any order, as late readings do."""

    def __init__(self):
        self.known, self.readings, self.entries, self.logged = {}, {}, [], {}
        self.frames, self.waiting, self.passed = 0, {}, {}
        self.held_at = None
        self.down = None
        self.closed = 0

    def states(self):
        if self.down:
            raise self.down
        return self.known

    def history(self, key, count):
        return self.readings.get(key, [])[-count:]

    def notices(self, dev_eui, count, tenant=""):
        return self.logged.get(dev_eui, [])[:count]

    def quarantine(self, *, code=None, dev_eui=None, station=None, resolved=False, limit=1000):
        return self.chosen(code, dev_eui, resolved, station)[-limit:]

    def chosen(self, code, dev_eui, resolved=False, station=None):
        return [
            entry
            for entry in self.entries
            if (entry.resolved_at is not None) is resolved
            and code in {None, entry.code}
            and dev_eui in {None, entry.dev_eui}
            and station in {None, (entry.tenant, entry.station)}
        ]

    def groups(self, *, code=None, dev_eui=None, station=None):
        groups = {}
        for entry in self.chosen(code, dev_eui, station=station):
            groups.setdefault((entry.code, entry.sink, entry.dev_eui, entry.station), []).append(entry)
        found = [
            Group(
                *names,
                entries=len(group),
                times=sum(entry.times for entry in group),
                bytes=sum(len(entry.payload) for entry in group),
                first_at=min(entry.first_at for entry in group),
                last_at=max(entry.last_at for entry in group),
                newest=group[-1].id,
            )
            for names, group in groups.items()
        ]
        return sorted(found, key=lambda group: group.last_at)

    def numbers(self, *, code=None, dev_eui=None, station=None, before=None):
        return [
            (entry.id, len(entry.payload))
            for entry in self.chosen(code, dev_eui, station=station)
            if before is None or entry.last_at < before
        ]

    def entry(self, number):
        return next((entry for entry in self.entries if entry.id == number), None)

    def account(self, sinks):
        waiting = {sink: self.waiting.get(sink, (0, None)) for sink in sinks}
        return Account(
            self.frames,
            len(self.chosen(None, None)),
            {sink: number for sink, (number, _) in waiting.items()},
            {sink: since for sink, (_, since) in waiting.items()},
            self.passed,
            held_at=self.held_at,
            held_by="0016c001f0000001" if self.held_at else "",
        )

    def close(self):
        self.closed += 1


@pytest.fixture
def reader():
    return MemoryReader()


@pytest.fixture
def make_entry():
    """Makes entries of the quarantine."""

    def make(number, code="LP-320", dev_eui="70b3d57ed00000aa", **more):
        at = int(NOON.timestamp()) + number
        values = {
            "id": number, "code": code, "detail": f"device {dev_eui}", "sink": "", "times": 1, "first_at": at,
            "last_at": at, "resolved_at": None, "dev_eui": dev_eui, "station": "", "source": "chirpstack",
            "kind": "chirpstack", "topic": "t", "payload": b"x" * 1000, "size": 1000,
        }  # fmt: skip
        return Entry(**(values | more))

    return make

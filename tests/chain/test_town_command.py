"""`luftpegel town`: by itself, and in real time before a network server in another process."""

import contextlib
import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import datetime
from pathlib import Path

import pytest

from luftpegel_tools import cli
from luftpegel_tools.programs.broker import Broker, free_port
from luftpegel_tools.town.station import Identity
from luftpegel_wire import PORT_CONFIG, PORT_READINGS, PORT_STATUS, decode

TOWN = [sys.executable, "-m", "luftpegel_tools.cli", "town"]
SERVER = [sys.executable, str(Path(__file__).with_name("network_process.py"))]
SEED = 5
TOKEN, INTERVAL_S = 7, 120  # of the downlink that network_process.py sends


class Told:
    """A process that tells a line of JSON for each thing; `lines` holds them all."""

    def __init__(self, words, **environment):
        self.lines = []
        self.process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        self._changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(json.loads(line))
                self._changed.notify_all()

    def of(self, event):
        return [line for line in list(self.lines) if line["event"] == event]

    def wait_for(self, condition, timeout_s=90):
        with self._changed:
            assert self._changed.wait_for(condition, timeout_s), self.lines

    def wait(self, event, count=1):
        """At least so many of them, told by now."""
        self.wait_for(lambda: len(self.of(event)) >= count)
        return self.of(event)

    def end(self, how=signal.SIGTERM):
        """Its exit code and what it said to people."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(30)
        self.reader.join(10)
        return code, self.process.stderr.read()


@pytest.fixture
def told():
    """Start processes that do not outlive the test."""
    started = []

    def start(words, **environment):
        started.append(Told(words, **environment))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        one.reader.join()
        one.process.stdout.close()
        one.process.stderr.close()


@pytest.fixture
def broker(tmp_path):
    with Broker(tmp_path / "broker") as running:
        yield running


def url(broker):
    return f"mqtt://{broker.host}:{broker.port}"


def serve(told, broker, kinds, prefix="eu868"):
    """A network server that knows the stations."""
    identities = [Identity.make(number, kind, SEED) for number, kind in enumerate(kinds, 1)]
    keys = [f"{identity.dev_eui.hex()}={identity.app_key.hex()}" for identity in identities]
    server = told([*SERVER, url(broker), prefix, *keys])
    server.wait("ready")
    return server, identities


def live(told, broker, state, *more, kinds=("climate",), **environment):
    words = [*TOWN, "--network", url(broker), "--realtime", "--interval", "60", "--seed", str(SEED)]
    words += ["--stations", ",".join(kinds), "--state", str(state), "--json", *more]
    return told(words, **environment)


def of_station(lines, identity):
    return [line for line in lines if line.get("dev_eui") == identity.dev_eui.hex()]


def config_answers(server):
    return [line for line in server.of("up") if line["f_port"] == PORT_CONFIG]


def test_real_time_before_a_network_server_in_another_process(told, broker, tmp_path):
    server, identities = serve(told, broker, ["climate", "level"])
    began = time.time()
    town = live(told, broker, tmp_path / "state", kinds=("climate", "level"))
    server.wait_for(lambda: len(config_answers(server)) >= len(identities))
    # One each: the configuration and the time that the same frame asked for. Nothing later asks again.
    town.wait("downlink", len(identities))
    assert town.end(signal.SIGINT) == (0, "")
    took = time.time() - began

    wanted = town.of("registration")[0]
    assert wanted["topic_prefix"] == "eu868"
    assert [device["dev_eui"] for device in wanted["devices"]] == [one.dev_eui.hex() for one in identities]
    assert [device["app_key"] for device in wanted["devices"]] == [one.app_key.hex() for one in identities]
    gateways = [gateway["gateway_id"] for gateway in wanted["gateways"]]
    times = [datetime.fromisoformat(line["time"]).timestamp() for line in town.lines if "time" in line]
    assert began - 1 < times[0] <= times[-1] <= began + took  # its time is the time of day, never ahead
    for identity in identities:
        assert_served(of_station(server.lines, identity), gateways)
    assert {line["gateway"] for line in server.of("stats")} == set(gateways)
    assert town.of("doubt") == []
    assert not any(line["lost"] for line in town.of("join-accept") + town.of("downlink"))
    assert [(line["station"], line["joined"]) for line in town.of("end")] == [
        ("LP-0001", True),
        ("LP-0002", True),
    ]

    again = live(told, broker, tmp_path / "state")
    server.wait("joined", 3)  # with a DevNonce that this network server has not seen
    assert again.end() == (0, "")
    assert [line["dev_nonce"] for line in of_station(server.of("joined"), identities[0])] == [0, 1]


def assert_served(lines, gateways):
    """Joined, heard, decrypted; its downlink sent in a window, heeded by the firmware and acknowledged."""
    assert [line["dev_nonce"] for line in lines if line["event"] == "joined"] == [0]
    ups = [line for line in lines if line["event"] == "up"]
    assert [line["f_cnt"] for line in ups] == list(range(len(ups)))
    assert all(line["gateways"] == gateways for line in ups)
    readings = [
        decode(PORT_READINGS, bytes.fromhex(up["data"])) for up in ups if up["f_port"] == PORT_READINGS
    ]
    assert readings
    assert readings[0].rows[0].quality
    sent = [line["statuses"] for line in lines if line["event"] == "sent"]
    assert sent
    assert all("OK" in statuses for statuses in sent)
    assert 0 in [line["acknowledged"] for line in ups]
    told = [decode(PORT_STATUS, bytes.fromhex(up["data"])) for up in ups if up["f_port"] == PORT_STATUS]
    assert [frame.fields["clock"] for frame in told] == [1]  # the network's time has come, with the first
    heeded = [decode(PORT_CONFIG, bytes.fromhex(up["data"])) for up in ups if up["f_port"] == PORT_CONFIG]
    assert [(frame.token, frame.fields["interval_s"]) for frame in heeded] == [(TOKEN, INTERVAL_S)]


def test_a_network_server_that_answers_too_late_or_not_at_all(told, broker, tmp_path):
    """It is stopped while the station joins: first nothing comes, then what is of no use any more."""
    server, _ = serve(told, broker, ["climate"], prefix="here/eu868")
    server.process.send_signal(signal.SIGSTOP)
    town = live(told, broker, tmp_path / "state", "--prefix", "here/eu868")
    (doubt,) = town.wait("doubt")
    assert doubt["text"].startswith("LP-379: nobody answers the join of LP-0001. Next: ")
    assert "'here/eu868'" in doubt["text"]
    server.process.send_signal(signal.SIGCONT)
    (ack,) = town.wait("tx-ack")
    assert ack["statuses"] == ["TOO_LATE", "TOO_LATE"]
    assert town.wait("doubt", 2)[1]["text"].startswith("LP-385: ")
    assert server.wait("sent")[0]["statuses"] == ["TOO_LATE", "TOO_LATE"]

    broker.stop()
    lost = town.wait("doubt", 4)[2:]
    assert all(line["text"].startswith("LP-377: ") for line in lost)
    broker.start()
    back = town.wait("connected", 2)
    assert sorted(line["gateways"] for line in back) == sorted(line["gateways"] for line in lost)
    assert town.end() == (0, "")
    assert [line["joined"] for line in town.of("end")] == [False]


def test_a_run_with_an_end_in_which_no_station_joins_ends_with_1(told, broker, tmp_path):
    town = live(told, broker, tmp_path / "state", "--for", "3s")
    assert town.process.wait(60) == 1
    assert [line["joined"] for line in town.of("end")] == [False]


def test_a_town_of_its_own(told):
    words = [*TOWN, "--json", "--for", "25m", "--speed", "2000", "--stations", "climate,level"]
    town = told([*words, "--loss", "0.1", "--seed", "3"])
    assert town.process.wait(120) == 0
    assert town.of("town")[0]["page"].startswith("http://127.0.0.1:")
    assert {line["station"] for line in town.of("join-accept")} == {"LP-0001", "LP-0002"}
    for end in town.of("end"):
        assert end["joined"]
        assert end["uplinks"] >= 4
        ups = [line for line in town.of("uplink") if line["station"] == end["station"]]
        assert len(ups) == end["uplinks"]
        assert sum(line["lost"] for line in ups) == end["uplinks_lost"]


def test_a_broker_that_is_away(told, tmp_path, capsys):
    words = ["town", "--network", f"mqtt://127.0.0.1:{free_port()}", "--state", str(tmp_path)]
    assert cli.main(words) == 3
    assert capsys.readouterr().err.startswith("LP-377: ")


def test_a_folder_that_cannot_be_used(tmp_path, capsys):
    (tmp_path / "file").touch()
    words = ["town", "--network", "mqtt://127.0.0.1", "--state", str(tmp_path / "file" / "folder")]
    assert cli.main(words) == 3
    assert capsys.readouterr().err.startswith("LP-386: ")


@pytest.fixture
def refusing():
    """A broker that lets nobody in; gives its port and a list of what it was told."""
    heard = []

    class Refuse(socketserver.BaseRequestHandler):
        def handle(self):
            heard.append(self.request.recv(1000))
            self.request.sendall(bytes((0x20, 2, 0, 5)))  # CONNACK: not authorised

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], heard
        server.shutdown()


def test_a_broker_that_refuses(refusing, monkeypatch, capsys, tmp_path):
    port, heard = refusing
    monkeypatch.setenv("LUFTPEGEL_MQTT_PASSWORD", "not to be told")
    words = ["town", "--network", f"mqtt://gateways@127.0.0.1:{port}", "--state", str(tmp_path)]
    assert cli.main(words) == 3
    said = capsys.readouterr()
    assert said.err.startswith("LP-378: ")
    assert "not to be told" not in said.out + said.err
    assert b"not to be told" in heard[0]
    assert b"gateways" in heard[0]


def test_what_is_to_be_registered_is_told_without_a_broker(capsys):
    words = ["town", "--list", "--seed", str(SEED), "--stations", "level", "--prefix", ""]
    assert cli.main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    identity = Identity.make(1, "level", SEED)
    assert told["devices"] == [
        {
            "name": "LP-0001",
            "dev_eui": identity.dev_eui.hex(),
            "join_eui": identity.join_eui.hex(),
            "app_key": identity.app_key.hex(),
        }
    ]
    assert told["topic_prefix"] == ""
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert all(text in said for text in told["devices"][0].values())
    assert all(gateway["gateway_id"] in said for gateway in told["gateways"])
    assert "protect nothing" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--network", "http://broker"], "LP-376"),
        (["--network", "mqtt://broker", "--speed", "2"], "--speed"),
    ],
)
def test_wrong_use_is_told(words, says, capsys):
    assert cli.main(["town", *words]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--for", "20"],
        ["--for", "-1s"],
        ["--for", "infm"],
        ["--interval", "59"],
        ["--speed", "0"],
        ["--speed", "2", "--realtime"],
        ["--stations", "sea"],
        ["--loss", "1"],
    ],
)
def test_options_that_make_no_sense(words):
    with pytest.raises(SystemExit) as refused:
        cli.main(["town", *words])
    assert refused.value.code == 2


def test_the_town_feeds_somebodys_gateway(told, broker, tmp_path):
    """Its stations.toml is what --list prints; the readings are of this very minute."""
    words = [*TOWN, "--gateway", url(broker), "--stations", "level", "--interval", "60", "--seed", str(SEED)]
    listed = subprocess.run([*words, "--list"], capture_output=True, text=True, check=True, timeout=60)
    (tmp_path / "stations.toml").write_text(listed.stdout)
    page = free_port()
    (tmp_path / "gateway.toml").write_text(
        f'[gateway]\ndata = "data"\nstations = "stations.toml"\n[[source]]\nkind = "chirpstack-mqtt"\n'
        f'host = "{broker.host}"\nport = {broker.port}\n[[sink]]\nkind = "store"\n[page]\nport = {page}\n'
    )
    gateway = subprocess.Popen(
        [*TOWN[:-1], "gateway", "run", "--config", str(tmp_path / "gateway.toml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        began = time.time()
        town = told([*words, "--json"])
        stations = f"http://127.0.0.1:{page}/api/stations.json"
        town.wait("uplink")
        newest = None
        while newest is None:
            assert town.process.poll() is None
            assert time.time() < began + 90
            time.sleep(0.1)
            with contextlib.suppress(OSError):
                newest = json.load(urllib.request.urlopen(stations, timeout=10))[0]["newest"]
        assert began - 90 < newest["time"] <= time.time()
        assert {"distance", "battery_voltage"} & {value["quantity"] for value in newest["values"]}
        assert town.end() == (0, "")
    finally:
        gateway.terminate()
        gateway.wait(30)


@pytest.mark.parametrize("more", [["--speed", "2"], ["--network", "mqtt://127.0.0.1:1"]])
def test_what_does_not_go_with_a_gateway_of_ones_own(told, broker, more):
    town = told([*TOWN, "--gateway", url(broker), *more])
    assert town.process.wait(60) == 2


def test_a_gateways_broker_that_is_away(told, tmp_path):
    town = told([*TOWN, "--gateway", f"mqtt://127.0.0.1:{free_port()}", "--stations", "level"])
    code, words = town.process.wait(60), town.end()[1]
    assert (code, words[:6]) == (3, "LP-377")

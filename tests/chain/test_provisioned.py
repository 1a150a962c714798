"""From a town's table to its store: registered, joined with the keys of town.keys, measured, stored."""

import json
import subprocess
import sys
import time

import pytest
from tests.technician.provision_world import ADMIN
from tests.technician.provision_world import Town as Table

from luftpegel_tools.cli import main
from luftpegel_tools.network_server.chirpstack import GrpcApi
from luftpegel_tools.network_server.lorawan.server import Member
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.roster import read_roster
from luftpegel_tools.town import town as town_module
from luftpegel_tools.town.gateway_process import Gateway
from luftpegel_tools.town.station import Identity
from luftpegel_tools.town.town import Town, Wishes

KINDS = ("level", "climate")
HOUR_US = 3_600_000_000


class Unregistered(Town):
    """A town whose network server knows nothing of it."""

    def _found_town(self):
        return "", ""

    def _register(self, identity):
        assert identity.dev_eui.hex() not in self.server.records.devices


@pytest.fixture
def table(tmp_path):
    made = Table(tmp_path / "table", len(KINDS))
    made.close()
    return made


@pytest.fixture
def town(tmp_path, table, monkeypatch):
    keys = Keys(keys_file(table.roster))
    identities = [
        Identity(entry.station, entry.kind, bytes.fromhex(entry.dev_eui), bytes.fromhex(entry.join_eui),
                 bytes(keys.of(entry.dev_eui)))
        for entry in read_roster(table.roster)
    ]  # fmt: skip
    monkeypatch.setattr(town_module, "identities", lambda _wishes: identities)
    with Unregistered(tmp_path / "town", Wishes(kinds=KINDS, loss=0.0, interval_s=300)) as running:
        yield running


@pytest.fixture
def api(town):
    running = GrpcApi(town.server, ADMIN)
    yield running
    running.close()


@pytest.fixture
def gateway(tmp_path, town, table, api):
    """A real gateway whose files know where the network server's API is, and no station."""
    made = Gateway(tmp_path / "gateway", town.broker, [])
    table.give_key(ADMIN)
    file = tmp_path / "gateway" / "gateway.toml"
    lines = f'api_host = "127.0.0.1"\napi_port = {api.port}\napi_key_file = {json.dumps(str(table.key))}\n'
    file.write_text(file.read_text().replace("[[source]]\n", f"[[source]]\n{lines}"))
    yield made
    made.stop()


def provision(table, tmp_path, *more):
    words = ["provision", "apply", str(table.roster), "--tenant", "Musterstadt", "--application", "Pegel",
             "--config", str(tmp_path / "gateway" / "gateway.toml"), "--yes", *more]  # fmt: skip
    return main(words)


def test_from_the_table_to_the_store(tmp_path, table, town, gateway):
    assert provision(table, tmp_path) == 0
    assert provision(table, tmp_path) == 0
    gateway.start()
    gateway.wait_ready()
    events = []
    town.server.watch(lambda name, event: events.append((name, event)))
    town.switch_on()
    town.clock.run_until(town.clock.now_us + HOUR_US)
    joined = {event.device_info.dev_eui for name, event in events if name == "join"}
    assert joined == set(table.keys())
    ups = [event.device_info for name, event in events if name == "up"]
    assert {info.tags["luftpegel-id"] for info in ups} == {"LP-0001", "LP-0002"}
    deadline = time.monotonic() + 60
    while not all(len(gateway.stored(f"LP-{number:04}")) > 12 for number in (1, 2)):
        gateway.check()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_board_that_lost_its_flash_joins_after_a_flush(tmp_path, table, town, gateway):
    """Its numbers start anew, and the network server has seen them: nothing but --flush-nonces helps."""
    assert provision(table, tmp_path) == 0
    eui = next(iter(table.keys()))
    town.server.radio.core.members[bytes.fromhex(eui)] = Member(last_dev_nonce=200)
    events = []
    town.server.watch(lambda name, event: events.append((name, event.device_info.dev_eui)))
    town.switch_on()
    town.clock.run_until(town.clock.now_us + HOUR_US // 4)
    assert ("join", eui) not in events
    assert ("log", eui) in events
    assert provision(table, tmp_path, "--flush-nonces", "LP-0001") == 0
    town.clock.run_until(town.clock.now_us + HOUR_US)
    assert ("join", eui) in events


def test_the_simulated_town_registers_itself(tmp_path, api, town):
    """`luftpegel town --register`, in a process of its own, twice."""
    key = tmp_path / "key"
    key.write_text(ADMIN)
    key.chmod(0o600)
    words = [
        sys.executable, "-m", "luftpegel_tools.cli", "town", "--register", "--tenant", "Testfeld",
        "--application", "town", "--api-host", "127.0.0.1", "--api-port", str(api.port),
        "--api-key", str(key), "--stations", "level,climate", "--interval", "60", "--seed", "7",
        "--state", str(tmp_path / "state"),
    ]  # fmt: skip
    asked = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert asked.returncode == 2
    assert "LP-648" in asked.stderr
    for _ in range(2):
        done = subprocess.run([*words, "--yes"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    records = town.server.records
    identities = [Identity.make(number, kind, 7) for number, kind in enumerate(KINDS, 1)]
    wanted = {identity.dev_eui.hex(): identity for identity in identities}
    assert {eui: record.keys.nwk_key for eui, record in records.devices.items()} == {
        eui: identity.app_key.hex() for eui, identity in wanted.items()
    }
    assert set(records.gateways) == {"0016c001f1500001", "0016c001f1500002"}
    assert {one.uplink_interval for one in records.profiles.values()} == {60}
    assert [one.name for one in records.tenants.values()] == ["Testfeld"]
    for identity in wanted.values():
        assert identity.app_key.hex() not in done.stdout + done.stderr

"""The pages as an administrator follows them, on a Debian with systemd at work: install, upgrade and back,
backup and move, remove and purge. Each command of the pages' `sh` blocks is run, in their order, on the
`RELEASE` of the file that takes these tests: test_on_debian_12.py, test_on_debian_13.py.

What others' packages got wrong is tried on ours: a service that stays stopped after an upgrade, a package
that cannot be installed twice, a user or data lost on the way, files left behind, data restored as root's.
"""

import importlib.util
import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest

from luftpegel_tools.programs.broker import Broker, free_port

from .conftest import LATER, REPOSITORY, VERSION
from .machine import Machine

_spec = importlib.util.spec_from_file_location(
    "gateway_world", Path(__file__).parents[1] / "gateway" / "conftest.py"
)
world = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(world)

CONFIG = "/etc/luftpegel/gateway.toml"
AS_ITS_USER = ("runuser", "-u", "luftpegel", "--")
DATA = "/var/lib/luftpegel"
ANSWERS = """data = "/var/lib/luftpegel"
broker_host = "127.0.0.1"
broker_port = {broker}
page_port = {page}
station_id = "LP-0001"
station_dev_eui = "70b3d57ed0000001"
station_name = "Mühlbach"
station_kind = "climate"
"""


def blocks(page):
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    return [
        part.strip().splitlines()
        for part in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


class Town:
    """A machine, a broker and a network server beside it, and stations that send."""

    def __init__(self, machine, broker, server, packages):
        self.machine, self.broker, self.server, self.packages = machine, broker, server, packages
        self.station, self.numbers, self.sent = world.FakeStation(), itertools.count(), 0
        self.page = free_port()
        self.bring(machine)
        (machine.root / "etc/answers.toml").write_text(ANSWERS.format(broker=broker.port, page=self.page))

    def bring(self, machine):
        for version, package in self.packages.items():
            place = machine.root / f"root/luftpegel-gateway_{version}_amd64.deb"
            place.write_bytes(package.read_bytes())

    def type(self, block, machine=None):
        """What the lines of a block print, on this machine or another."""
        printed = ""
        for line in block:
            command = line.replace("gateway init", "gateway init --answers /etc/answers.toml")
            command = re.sub(r"^apt (install|remove|purge)", r"apt-get --yes \1", command)
            told = (machine or self.machine).run("sh", "-c", f"cd /root; {command}")
            # 1: something is not well, as here a station that was never heard.
            assert told.returncode in ({0, 1} if "gateway status" in line else {0}), f"{command}\n{told}"
            printed += told.stdout
        return printed

    def send(self):
        """One uplink, which lies in the broker when this returns."""
        seq = next(self.numbers)
        self.server.publish(self.station.topic(), self.station.uplink(seq, history=1))
        self.server.settle()
        self.sent = seq + 1

    def all_there(self, machine=None):
        """Wait until every reading that was ever sent is in the store."""
        at = machine or self.machine
        self.machine.until(
            lambda: self.stored(at) == set(range(self.sent)), lambda: f"{self.stored(at)} of {self.sent}"
        )

    def stored(self, machine):
        query = (
            "import sqlite3; print(*sqlite3.connect('file:/var/lib/luftpegel/store.sqlite?mode=ro', uri=True)"
        )
        query += ".execute('SELECT DISTINCT seq FROM readings'))"
        told = machine.run(*AS_ITS_USER, "python3", "-c", query)
        return {int(number) for number in re.findall(r"\d+", told.stdout)}

    def owners(self, folder, machine=None):
        found = (machine or self.machine).done("find", folder, "-printf", "%u %p\n")
        return {line.split()[0] for line in found.splitlines()}


@pytest.fixture(scope="module")
def machines(request, tmp_path_factory):
    """Makes machines of one release."""
    made = []

    def make():
        made.append(Machine(request.module.RELEASE, tmp_path_factory.mktemp("machine")).boot())
        return made[-1]

    yield make
    for machine in made:
        machine.end()


@pytest.fixture(scope="module")
def town(machines, package, next_package, tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("broker"))
    server = world.NetworkServer(broker.port)
    yield Town(machines(), broker, server, {VERSION: package, LATER: next_package})
    server.stop()
    broker.stop()


def test_install(town):
    machine, (install, init, start, station, remove) = town.machine, blocks("install.md")
    printed = town.type(install)
    assert f"runuser -u luftpegel -- luftpegel gateway init --config {CONFIG}" in printed
    assert machine.show("ActiveState") == "inactive"  # it waits, and is no failure
    assert (machine.show("NRestarts"), machine.show("ConditionResult")) == ("0", "no")
    assert machine.run("systemctl", "--failed", "--no-legend", "luftpegel*").stdout == ""
    folders = machine.done("stat", "--format=%U:%G %a", "/etc/luftpegel", DATA)
    assert folders.split("\n")[:2] == ["luftpegel:luftpegel 750"] * 2
    assert machine.done("luftpegel", "--version") == f"luftpegel {VERSION}\n"
    assert "chirpstack-mqtt, store" in town.type(init)
    assert town.type(start)
    assert machine.show("ActiveState") == "active"
    assert machine.show("StatusText") == "running: 1 stations"
    assert machine.done("ps", "-o", "user=", "-p", machine.show("MainPID")).strip() == "luftpegel"
    assert machine.done("systemctl", "is-enabled", "luftpegel-gateway") == "enabled\n"
    listens(town)
    town.send()
    town.all_there()
    town.type(station)
    machine.until(lambda: machine.show("StatusText") == "running: 2 stations", "not reloaded")
    assert remove == ["apt remove luftpegel-gateway"]  # what it does stands below


def listens(town):
    """Wait until it has subscribed: before its first subscription the broker keeps nothing for it."""
    town.machine.until(lambda: troubles(town) == {}, lambda: town.machine.done("journalctl", "-n", "20"))


def troubles(town):
    program = "import sys, urllib.request as u\n"
    program += (
        "try: print(u.urlopen(sys.argv[1]).read().decode())\nexcept Exception as e: print(e.read().decode())"
    )
    told = town.machine.run("python3", "-c", program, f"http://127.0.0.1:{town.page}/readyz").stdout
    try:
        return json.loads(told)["troubles"]
    except ValueError:
        return None


def test_a_hanging_gateway_is_started_anew(town):
    drop_in(town.machine, "WatchdogSec=3", "TimeoutStopSec=2", "TimeoutAbortSec=2", "RestartSec=0")
    town.machine.done("systemctl", "restart", "luftpegel-gateway")
    hanging = town.machine.show("MainPID")
    town.machine.done("kill", "-STOP", hanging)
    town.send()
    town.machine.until(lambda: town.machine.show("NRestarts") != "0", "not started anew")
    assert "Watchdog timeout" in town.machine.done("journalctl", "--unit=luftpegel-gateway")
    town.machine.until(lambda: town.machine.show("ActiveState") == "active", "not active")
    assert town.machine.show("MainPID") != hanging
    town.all_there()


def test_a_password_that_only_root_may_read(town):
    machine, before = town.machine, (town.machine.root / CONFIG[1:]).read_text()
    secret = machine.root / "etc/luftpegel/secrets/mqtt"
    secret.parent.mkdir()
    secret.write_text("Heimlich\n")
    secret.chmod(0o600)
    wanted = '[[source]]\nusername = "town"\npassword_file = "credential:mqtt"'
    (machine.root / CONFIG[1:]).write_text(before.replace("[[source]]", wanted))
    drop_in(machine, "LoadCredential=mqtt:/etc/luftpegel/secrets/mqtt")
    try:
        machine.done("systemctl", "restart", "luftpegel-gateway")
        listens(town)
        refused = machine.run("luftpegel", "gateway", "check", "--config", CONFIG)
        assert refused.returncode != 0
        assert "LP-325" in refused.stderr + refused.stdout
        assert "Heimlich" not in machine.done("journalctl", "--no-pager")
    finally:
        (machine.root / CONFIG[1:]).write_text(before)
        drop_in(machine)
        machine.done("systemctl", "restart", "luftpegel-gateway")


def drop_in(machine, *lines):
    """What `systemctl edit` writes."""
    place = machine.root / "etc/systemd/system/luftpegel-gateway.service.d/override.conf"
    place.parent.mkdir(exist_ok=True)
    place.write_text("\n".join(["[Service]", *lines]) + "\n")
    machine.done("systemctl", "daemon-reload")


def test_upgrade_and_back(town):
    machine, (before, upgrade, back) = town.machine, blocks("upgrade.md")
    machine.done("install", "-d", "-o", "luftpegel", "/media/usb")
    town.type(before)
    kept, user = (machine.root / CONFIG[1:]).read_text(), machine.done("id", "luftpegel")
    for block, version in (
        (upgrade, LATER),
        (upgrade[:1], LATER),
        (back, VERSION),
    ):  # the second: installed twice
        old = machine.show("MainPID")
        town.send()
        printed = town.type([block[0].replace("apt install", "apt install --reinstall"), *block[1:]])
        assert "2 stations" in printed  # what `check` says
        assert machine.done("luftpegel", "--version") == f"luftpegel {version}\n"
        assert machine.show("ActiveState") == "active"
        assert machine.show("MainPID") != old
        assert (machine.root / CONFIG[1:]).read_text() == kept
        assert machine.done("id", "luftpegel") == user
        town.send()
        town.all_there()


def test_after_a_power_cut_it_starts_by_itself(town):
    town.machine.stop()
    town.send()
    town.machine.boot()
    town.machine.until(lambda: town.machine.show("ActiveState") == "active", town.machine.journal)
    town.all_there()


def test_a_broken_configuration_leaves_no_half_installed_package(town):
    machine, before = town.machine, (town.machine.root / CONFIG[1:]).read_text()
    (machine.root / CONFIG[1:]).write_text("[gateway\n")
    printed = town.type([f"apt install --reinstall ./luftpegel-gateway_{VERSION}_amd64.deb 2>&1"])
    assert "LP-3" in printed
    assert machine.done("dpkg-query", "-W", "-f", "${Status}", "luftpegel-gateway") == "install ok installed"
    (machine.root / CONFIG[1:]).write_text(before)
    machine.done("systemctl", "restart", "luftpegel-gateway")
    town.all_there()


def test_backup_restore_and_move(town, machines):
    machine = town.machine
    save, stop, files, put_back, leave, arrive = blocks("backup.md")
    town.type(save)
    town.send()
    town.all_there()
    town.type(stop)
    town.type(files)
    town.type(put_back)
    assert town.owners(DATA) == {"luftpegel"}  # root has put it back
    town.send()  # what came after the backup a station would send again; this one does not remember
    wanted = set(range(town.sent)) - {town.sent - 2}
    machine.until(lambda: town.stored(machine) >= wanted, lambda: town.stored(machine))
    town.type(leave)
    other = machines()
    town.bring(other)
    town.type([f"apt install ./luftpegel-gateway_{LATER}_amd64.deb"], other)
    other.done("install", "-d", "/media/usb")
    disk = "media/usb/luftpegel-moves"
    subprocess.run(["cp", "-a", machine.root / disk, other.root / disk], check=True)
    town.type(arrive, other)
    assert other.show("ActiveState") == "active"
    assert town.owners(DATA, other) == {"luftpegel"}
    town.send()
    other.until(lambda: town.stored(other) >= wanted | {town.sent - 1}, lambda: town.stored(other))
    other.done("systemctl", "stop", "luftpegel-gateway")


def test_remove_and_purge(town):
    machine = town.machine
    machine.done("systemctl", "enable", "--now", "luftpegel-gateway")
    before, user = town.stored(machine), machine.done("id", "luftpegel")
    town.type(blocks("install.md")[-1])
    assert town.stored(machine) == before
    assert (machine.root / CONFIG[1:]).exists()
    for gone in ("usr/lib/luftpegel", "usr/bin/luftpegel", "usr/share/doc/luftpegel-gateway"):
        assert not (machine.root / gone).exists(), gone  # no bytecode left behind either
    assert machine.run("systemctl", "is-active", "luftpegel-gateway").stdout == "inactive\n"
    town.type([f"apt install ./luftpegel-gateway_{VERSION}_amd64.deb"])
    assert machine.show("ActiveState") == "active"  # it goes on where it was
    town.send()
    machine.until(lambda: town.stored(machine) >= before | {town.sent - 1}, lambda: town.stored(machine))
    printed = town.type(["apt purge luftpegel-gateway"])
    assert "The readings stay in /var/lib/luftpegel" in printed
    assert not (machine.root / "etc/luftpegel").exists()
    assert town.stored(machine) >= before
    assert machine.done("id", "luftpegel") == user

"""The journal under a gateway that runs: brought up to date, killed meanwhile, its file taken away."""

import base64
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from old_gateway import OldJournal

MORTAL = Path(__file__).parents[1] / "faults" / "mortal_gateway.py"
PATIENCE_S = 30


def quarantine(site, *verb):
    command = [sys.executable, "-m", "luftpegel_tools.cli", "gateway", "quarantine", *verb]
    return subprocess.run(
        [*command, "--config", str(site.config)], capture_output=True, text=True, check=False
    )


@pytest.fixture
def old_site(site, old_code, station):
    """A gateway of version 0.2.0 that had ten frames, of which the store has four, and a stranger's."""
    site.data.mkdir()
    journal = OldJournal(old_code, site.data / "journal.sqlite")

    def taken(payload, topic):
        return ["take", [["chirpstack-mqtt", topic, base64.b64encode(payload).decode()]], 1_782_907_300]

    frames = [taken(station.uplink(seq, history=1), station.topic()) for seq in range(10)]
    stranger = type(station)(dev_eui="70b3d57ed0000009")
    journal.run(*frames, taken(stranger.uplink(3), stranger.topic()), ["deliver", "store", 4, []])
    site.stranger = stranger
    return site


def died(site):
    assert site.process.wait(PATIENCE_S) == -signal.SIGKILL, site.log.read_text()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_town_goes_on_after_the_update(old_site, server, station, until, moment):
    site = old_site
    site.start(sys.executable, str(MORTAL), "open", moment, "1")
    died(site)
    site.started()
    server.publish(station.topic(), station.uplink(10, history=1))
    site.wait_for(range(4, 11))
    assert site.stored() == {seq: station.value(seq) for seq in range(4, 11)}
    until(lambda: site.account("store").waiting == {"store": 0}, "the sink's cursor is not at the end")
    assert site.account("store").frames == 12
    assert site.codes() == ["LP-320"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("verb", ["replay", "discard"])
def test_killed_while_the_quarantine_is_changed(old_site, until, moment, verb):
    site = old_site
    with (site.folder / "stations.toml").open("a") as file:
        file.write(
            '[[station]]\nid = "LP-0009"\ndev_eui = "70b3d57ed0000009"\nname = "Neu"\nkind = "climate"\n'
        )
    site.start(sys.executable, str(MORTAL), verb, moment, "1")
    until(lambda: site.troubles() == {}, site.log.read_text)
    options = ("--yes",) if verb == "discard" else ()
    assert quarantine(site, verb, *options).returncode != 0
    died(site)
    site.started()
    assert quarantine(site, verb, *options).returncode == 0
    assert site.codes() == []
    if verb == "replay":
        site.wait_for(range(4), station="LP-0009")
        until(lambda: site.account("store").waiting == {"store": 0}, "the sink's cursor is not at the end")


@pytest.fixture
def waiting_site(site, server, station, until):
    """A gateway with ten readings for a sink that cannot take them."""
    (site.folder / "data").mkdir()
    (site.data / "store.sqlite").mkdir()
    site.start()
    until(lambda: site.troubles() == {}, site.log.read_text)
    for seq in range(10):
        server.publish(station.topic(), station.uplink(seq, history=1))
    server.settle()
    until(lambda: site.account("store").waiting == {"store": 10}, "not taken")
    return site


def put_back(site, file):
    """What LP-414 tells an operator to do."""
    if site.process.poll() is None:
        site.process.send_signal(signal.SIGTERM)
        site.process.wait(PATIENCE_S)
    for name in ("journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"):
        (site.data / name).unlink(missing_ok=True)
    shutil.move(file, site.data / "journal.sqlite")
    (site.data / "store.sqlite").rmdir()


def test_the_way_back(site, server, station, until, old_code):
    """Refused while the gateway runs; then the old one has what waits, and the store's past once more."""
    site.started()
    for seq in range(8):
        server.publish(station.topic(), station.uplink(seq, history=1))
    site.wait_for(range(8))
    until(lambda: site.account("store").waiting == {"store": 0}, "the sink's cursor is not at the end")
    command = [
        sys.executable,
        "-m",
        "luftpegel_tools.cli",
        "gateway",
        "journal",
        "export-0.2.0",
        "--again",
        "store",
    ]
    command += ["--config", str(site.config), "--lang", "de"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "LP-412" in refused.stderr
    site.stop()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    written = site.data / "journal.sqlite.for-0.2.0"
    assert str(written) in done.stdout
    [told] = OldJournal(old_code, written).run(["deliver", "store", 100, []])
    assert [seq for _, seq, *_ in told] == list(range(8))
    unknown = subprocess.run([*command, "--again", "nobody"], capture_output=True, text=True, check=False)
    assert "LP-334" in unknown.stderr


def vanish(site):
    (site.data / "journal.sqlite").unlink()


def replaced(site):
    other = site.data / "other"
    other.write_bytes(b"")
    other.replace(site.data / "journal.sqlite")


@pytest.mark.parametrize("change", [vanish, replaced])
def test_the_journal_is_taken_away_while_it_runs(waiting_site, server, station, until, change):
    site = waiting_site
    change(site)
    server.publish(station.topic(), station.uplink(10, history=1))
    until(lambda: (site.troubles() or {}).get("journal") == "LP-414", site.log.read_text)
    [rescued] = site.data.glob("journal.sqlite.rescued-*")
    put_back(site, rescued)
    site.started()
    site.wait_for(range(11))
    assert site.stored() == {seq: station.value(seq) for seq in range(11)}

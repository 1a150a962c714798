"""What an operator does with the quarantine: list, show, mend the cause, replay. Beside a running gateway.

With everything real; what each command does with long lists: `test_quarantine_commands.py`.
"""

import base64
import json

import pytest

from luftpegel_tools.cli import main

STRANGER = "70b3d57ed00000aa"


@pytest.fixture
def gateway(site, capsys):
    """Run a verb of `luftpegel gateway`; returns exit code and what it printed."""

    def run(*words):
        code = main(["gateway", *words, "--config", str(site.config), "--lang", "en"])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture
def stranger(make_station):
    return make_station(dev_eui=STRANGER)


@pytest.fixture
def entries(gateway):
    """What is in quarantine now."""
    return lambda: json.loads(gateway("quarantine", "list", "--all", "--json")[1])


@pytest.fixture
def strange_site(site, server, stranger, entries, until):
    """A gateway that has one frame of an unknown device in quarantine."""
    site.started()
    server.publish(stranger.topic(), stranger.uplink(3))
    until(lambda: [entry["code"] for entry in entries()] == ["LP-320"], "not in quarantine")
    return site


@pytest.fixture
def known(strange_site):
    """The operator has added the station; the gateway was not restarted."""
    with (strange_site.folder / "stations.toml").open("a") as file:
        file.write(f'[[station]]\nid = "LP-0003"\ndev_eui = "{STRANGER}"\nname = "Neu"\nkind = "climate"\n')
    return strange_site


def test_list_and_show(strange_site, gateway, entries):
    code, text = gateway("quarantine", "list")
    assert (code, "LP-320" in text, STRANGER in text) == (1, True, True)
    code, text = gateway("quarantine", "show", "1")
    assert (code, "Add a [[station]] with this dev_eui to stations.toml" in text) == (0, True)
    (entry,) = entries()
    assert json.loads(base64.b64decode(entry["payload"]))["deviceInfo"]["devEui"] == STRANGER


def test_replay_after_the_cause_is_mended(known, stranger, gateway):
    assert gateway("quarantine", "replay")[0] == 0
    known.wait_for(range(4), station="LP-0003")
    assert known.stored("LP-0003") == {seq: stranger.value(seq) for seq in range(4)}
    assert gateway("quarantine", "list")[0] == 0


def test_replay_before_the_cause_is_mended(strange_site, gateway):
    code, text = gateway("quarantine", "replay")
    assert (code, "still in quarantine: LP-320" in text) == (1, True)


def test_a_station_that_was_added_is_known_without_a_restart(known, server, stranger, gateway):
    assert gateway("quarantine", "replay")[0] == 0
    server.publish(stranger.topic(), stranger.uplink(7))
    known.wait_for(range(8), station="LP-0003")


def test_replay_after_a_kill_waits_in_the_journal_for_the_next_start(known, stranger, gateway):
    """The socket of the killed gateway is still there, and nobody listens to it."""
    known.kill()
    assert gateway("quarantine", "replay")[0] == 0
    known.started()
    known.wait_for(range(4), station="LP-0003")


def test_discard(strange_site, gateway, entries):
    code, text = gateway("quarantine", "discard", "--device", STRANGER)
    assert (code, "LP-333" in text, len(entries())) == (2, True, 1)
    code, text = gateway("quarantine", "discard", "--device", STRANGER, "--yes")
    assert (code, text.startswith("1 entries discarded"), entries()) == (0, True, [])


def test_an_entry_that_is_not_there(strange_site, gateway):
    assert "LP-330" in gateway("quarantine", "show", "99")[1]
    assert "LP-330" in gateway("quarantine", "replay", "99")[1]


def test_status_tells_what_is_wrong(strange_site, gateway):
    code, text = gateway("status", "--json")
    assert (code, json.loads(text)["quarantined"]) == (1, 1)


def test_before_the_first_start(gateway):
    code, text = gateway("status")
    assert (code, "LP-331" in text) == (1, True)


def test_one_data_folder_belongs_to_one_gateway(strange_site, gateway):
    code, text = gateway("run")
    assert (code, "LP-412" in text) == (1, True)


def test_tls_files_that_are_none(site, gateway):
    (site.folder / "ca.pem").write_text("no certificate")
    text = site.config.read_text()
    site.config.write_text(text.replace('"127.0.0.1"\n', '"127.0.0.1"\ntls = true\nca_file = "ca.pem"\n'))
    code, text = gateway("run")
    assert (code, "LP-339" in text, "ca_file" in text) == (2, True, True)


def test_a_damaged_journal_stops_the_gateway_before_it_acknowledges(site, gateway):
    site.data.mkdir()
    (site.data / "journal.sqlite").write_bytes(b"this is no database" * 1000)
    code, text = gateway("run")
    assert (code, "LP-412" in text) == (1, True)
    assert "LP-413" in gateway("status")[1]

"""What an operator does to the files of a running gateway, and what page, /readyz and `status` then say.

With everything real, in both languages.
"""

import json
import signal

import pytest

from luftpegel_tools.cli import main


@pytest.fixture
def status(site, capsys):
    """`luftpegel gateway status`: exit code and what it printed."""

    def run(*words):
        code = main(["gateway", "status", "--config", str(site.config), *words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture
def findings(site):
    """subject -> code of what /readyz finds."""
    return lambda: {one["subject"]: one["code"] for one in json.loads(site.get("/readyz")[1])["findings"]}


def test_a_stations_file_that_cannot_be_used_is_told_until_it_can(
    site, server, station, until, findings
):
    site.started()
    file = site.folder / "stations.toml"
    good = file.read_text()
    file.write_text(good + "[[station]]\nid =\n")
    site.process.send_signal(signal.SIGHUP)
    until(lambda: findings().get("stations") == "LP-335", "nobody is told")
    status, page = site.get("/?lang=de")
    assert (status, "LP-335" in page, "Die bisherige Liste gilt weiter" in page) == (200, True, True)
    server.publish(station.topic(), station.uplink(3))
    site.wait_for(range(4))
    assert site.troubles() == {}, "readings come in as before"
    file.write_text(good)
    site.process.send_signal(signal.SIGHUP)
    until(lambda: "stations" not in findings(), "it never clears")


@pytest.mark.parametrize("asked_before", [True, False])
def test_a_journal_that_is_gone_is_told_alike(site, status, until, asked_before):
    """Also to whoever asks for the first time, and before a frame or retention has noticed."""
    if asked_before:
        site.started()
    else:
        site.start()
        until(lambda: "works" in site.log.read_text(), "not running")
    for file in site.data.glob("journal.sqlite*"):
        file.unlink()
    code, text = status("--lang", "de")
    assert (code, "LP-414" in text, "Zurzeit kommen keine Messwerte an" in text) == (1, True, True)
    code, text = status("--json")
    told = json.loads(text)
    assert (code, told["ready"], told["running"]) == (1, False, True)
    if not asked_before:
        assert site.get("/readyz")[0] == site.get("/")[0] == 503
        assert "LP-414" in site.get("/")[1]


def test_subjects_are_told_in_the_language_asked_for(site, server, make_station, status, until):
    site.started()
    stranger = make_station(dev_eui="70b3d57ed00000aa")
    server.publish(stranger.topic(), stranger.uplink(1))
    until(lambda: site.codes() == ["LP-320"], "not in quarantine")
    assert "  Quarantäne: 1 in Quarantäne" in status("--lang", "de")[1]
    assert "  Quarantine: 1 in quarantine" in status("--lang", "en")[1]

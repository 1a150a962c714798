"""History for a sink that is new or asks again, and commands, with the real gateway and its command line."""

import json
import random
import subprocess
import sys
import time

import pytest

SECOND = '[[sink]]\nkind = "store"\n\n[[sink]]\nkind = "store"\nname = "second"\npath = "second.sqlite"\n'
LAST = 240


@pytest.fixture
def filled(site, server, station):
    """A site that has run with one store, whose journal has delivered everything."""
    site.started()
    for seq in range(LAST + 1):
        server.publish(station.topic(), station.uplink(seq))
    server.settle()
    site.wait_for(range(LAST + 1))
    site.stop()
    site.write_config(SECOND)
    return site


def luftpegel(site, *words):
    done = subprocess.run(
        [sys.executable, "-m", "luftpegel_tools.cli", "gateway", *words, "--config", str(site.config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def seqs(site, file):
    """The numbers in a store, one a row: a doubled one shows."""
    rows = site.rows("SELECT seq FROM readings WHERE channel = 2 ORDER BY seq", file=file)
    return [seq for (seq,) in rows]


def second(site):
    return seqs(site, "../second.sqlite")


def test_a_sink_that_is_added_gets_the_history_through_kills(filled, until):
    site, luck = filled, random.Random(7)
    for _ in range(8):
        site.start()
        time.sleep(luck.uniform(0.2, 0.9))  # anywhere from before it opens the journal to after the end
        site.kill()
    site.started()
    until(lambda: len(second(site)) == LAST + 1, lambda: f"{len(second(site))}")
    assert second(site) == list(range(LAST + 1))
    assert seqs(site, "store.sqlite") == list(range(LAST + 1))
    site.stop()


def test_readings_are_sent_again_to_one_sink(filled, until):
    site = filled.started()
    until(lambda: len(second(site)) == LAST + 1 and not site.account("second").offered, "no history")
    site.stop()
    (site.folder / "second.sqlite").unlink()
    for suffix in ("-wal", "-shm"):
        (site.folder / f"second.sqlite{suffix}").unlink(missing_ok=True)
    site.started()
    since = ("--since", "2026-07-02T00:00+00:00", "--until", "2026-07-02T12:00+00:00")
    expected = list(range(72, 145))
    code, text = luftpegel(site, "replay", "--to", "second", *since, "--dry-run", "--json")
    assert (code, json.loads(text)["stations"][0]["readings"]) == (0, len(expected))
    assert second(site) == []
    day = ("--since", "2026-07-02", "--until", "2026-07-02", "--dry-run", "--json")
    code, text = luftpegel(site, "replay", "--to", "second", *day)  # a day is meant whole, in any zone
    assert (code, json.loads(text)["stations"][0]["readings"]) == (0, 144)
    code, text = luftpegel(site, "replay", "--to", "second", *since, "--lang", "de")
    assert (code, f"{len(expected)} Messwerte" in text) == (0, True)
    until(lambda: second(site) == expected, lambda: str(second(site)))
    assert luftpegel(site, "replay", "--to", "third")[0] == 1
    assert luftpegel(site, "replay", "--to", "second", "--station", "LP-9")[0] == 1
    site.stop()
    # Without a running gateway it is noted, and done at the next start.
    assert luftpegel(site, "replay", "--to", "second", "--station", "LP-0001")[0] == 0
    site.started()
    until(lambda: second(site) == list(range(LAST + 1)), lambda: str(second(site)))


def test_a_command_from_the_command_line_to_the_network_server(site, server, station, until):
    code, text = luftpegel(site, "send", "LP-0001", "interval_s=1200", "--json")  # before it ever ran
    assert (code, "LP-331" in text, site.data.exists()) == (1, True, False)
    site.started().stop()
    code, text = luftpegel(site, "send", "LP-0001", "interval_s=1200", "--json")  # while it does not run
    assert (code, json.loads(text)["station"]) == (0, "LP-0001")
    site.started()
    server.publish(station.topic(), station.uplink(0))
    until(lambda: server.commands, "no downlink")
    assert {command["fPort"] for command in server.commands} == {10}
    token = json.loads(text)["token"]
    code, text = luftpegel(site, "commands", "LP-0001")
    assert (code, f"{token}  interval_s=1200" in text, "sent 1 times" in text) == (0, True, True)
    code, text = luftpegel(site, "cancel", "LP-0001", str(token), "--lang", "de")
    assert (code, "zurückgenommen" in text) == (0, True)
    assert json.loads(luftpegel(site, "commands", "--json")[1])[0]["state"] == "cancelled"
    assert luftpegel(site, "send", "LP-0001", "interval_s=soon")[0] == 2
    assert luftpegel(site, "send", "LP-0001", "interval_s=600", "interval_s=900")[0] == 1
    assert luftpegel(site, "send", "LP-0007", "interval_s=600")[0] == 1

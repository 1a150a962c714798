"""A setting from the operator's command line to the station's firmware, and its answer back."""

import json
import subprocess
import sys


def luftpegel(day, *words):
    config = day.gateway.log.with_name("gateway.toml")
    done = subprocess.run(
        [sys.executable, "-m", "luftpegel_tools.cli", "gateway", *words, "--config", str(config), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_station_takes_a_new_interval_and_answers_over_a_lossy_air(live, at):
    def change(day):
        at(day, 1.0, luftpegel, day, "send", "LP-0001", "interval_s=1200")

    day, results = live(7, prepare=change, kinds=("climate",), loss=0.1, seed=1)
    [command] = luftpegel(day, "commands", "LP-0001")
    assert (command["state"], command["in_force"]) == ("done", {"interval_s": 1200})
    assert results["climate"].proof.faults == ()
    assert (results["climate"].proof.lost, results["climate"].proof.duplicated) == (0, 0)
    assert 24 < results["climate"].proof.sampled < 40

"""A run that is interrupted or fails at any call, and run again: everything right, nothing twice."""

import os
import signal
import subprocess
import sys
import threading

import grpc
import pytest
from tests.technician.provision_world import Town

from luftpegel_gateway.network_server import channel

CODE = grpc.StatusCode
STATIONS = 1


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(channel, "AGAIN_S", 0.01)


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """How many calls a run has that nothing disturbs."""
    town = Town(tmp_path_factory.mktemp("calm") / "town", STATIONS)
    assert town.apply("--parallel", "1") == 0
    town.close()
    return len(town.spoiler.calls)


@pytest.fixture
def town(tmp_path):
    made = Town(tmp_path / "town", STATIONS)
    yield made
    made.close()


def each_call(calls, tmp_path, spoil, again=0):
    for number in range(1, calls + 1):
        town = Town(tmp_path / f"town-{number}", STATIONS)
        try:
            spoil(town.spoiler, number)
            first = town.apply("--parallel", "1")
            town.spoiler.heal()
            assert town.apply() == 0, (number, first)
            town.assert_complete(STATIONS)
            town.spoiler.calls.clear()
            assert town.apply() == again
            assert not [name for name in town.spoiler.calls if "Create" in name or "Update" in name]
        finally:
            town.close()


@pytest.mark.parametrize("status", [CODE.UNAVAILABLE, CODE.PERMISSION_DENIED, CODE.DEADLINE_EXCEEDED])
def test_a_call_that_is_not_done(calls, tmp_path, status):
    def spoil(spoiler, number):
        spoiler.before = lambda at, _name: status if at == number else None

    each_call(calls, tmp_path, spoil)


@pytest.mark.parametrize("status", [CODE.UNAVAILABLE, CODE.DEADLINE_EXCEEDED, CODE.ALREADY_EXISTS])
def test_an_answer_that_is_lost(calls, tmp_path, status):
    def spoil(spoiler, number):
        spoiler.after = lambda at, _name: status if at == number else None

    each_call(calls, tmp_path, spoil)


def ended(process, told):
    process.wait()
    told.set()


def test_killed_between_the_calls(town, calls):
    """A real process, dead at moments spread over the whole run."""
    for number in range(3, calls, 4):
        reached = threading.Event()
        gate = threading.Event()

        def stop(_at, _name, number=number, reached=reached, gate=gate, town=town):
            if len(town.spoiler.calls) >= number and not gate.is_set():
                reached.set()
                gate.wait(60)

        town.spoiler.calls.clear()
        town.spoiler.after = stop
        words = town.words("apply", "--yes", "--parallel", "1")
        process = subprocess.Popen(
            [sys.executable, "-m", "luftpegel_tools.cli", *words],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ),
        )  # fmt: skip
        waiting = threading.Thread(target=ended, args=(process, reached))
        waiting.start()
        assert reached.wait(120)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        gate.set()
        waiting.join(60)
    town.spoiler.heal()
    assert town.apply() == 0
    town.assert_complete(STATIONS)

"""What systemd is told, on a real datagram socket: by the parts, and by a whole gateway."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from luftpegel_gateway.control.service_manager import ServiceManager

WHEN_HEARD_S = 60
PERIOD_S = 0.3


@pytest.fixture(params=["path", "abstract"])
def heard(request, tmp_path):
    """A listening socket, and the name by which systemd would tell it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        abstract = f"@luftpegel-{os.getpid()}-{time.time_ns()}"
        name = str(tmp_path / "n") if request.param == "path" else abstract
        listening.bind(name.replace("@", "\0", 1))
        listening.settimeout(WHEN_HEARD_S)
        yield listening, name


def next_of(listening):
    return listening.recv(4096).decode().split("\n")


def drain(listening):
    listening.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            listening.recv(4096)


def nothing_for(listening, seconds):
    listening.settimeout(seconds)
    with pytest.raises(TimeoutError):
        print(listening.recv(4096))
    listening.settimeout(WHEN_HEARD_S)


def test_what_is_told(heard):
    listening, name = heard
    manager = ServiceManager.from_environment({"NOTIFY_SOCKET": name})
    manager.ready("running:\n2 stations\nMAINPID=1")
    assert next_of(listening) == ["READY=1", "STATUS=running: 2 stations MAINPID=1"]
    manager.reloading()
    word, moment = next_of(listening)
    assert word == "RELOADING=1"
    assert 0 <= time.monotonic() - int(moment.removeprefix("MONOTONIC_USEC=")) / 1e6 < WHEN_HEARD_S
    manager.stopping()
    assert next_of(listening) == ["STOPPING=1"]


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1", "/not/there", "@nobody", "/" + "x" * 200])
def test_nobody_there_hurts_nobody(address):
    manager = ServiceManager.from_environment({"NOTIFY_SOCKET": address})
    manager.ready("running")
    manager.stopping()


def test_a_manager_that_reads_nothing_does_not_hold_us_up(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "n"))
        manager = ServiceManager(str(tmp_path / "n"))
        for _ in range(5000):  # more than its queue takes
            manager.ready("x")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({}, 0),
        ({"WATCHDOG_USEC": "180000000"}, 180),
        ({"WATCHDOG_USEC": "180000000", "WATCHDOG_PID": str(os.getpid())}, 180),
        ({"WATCHDOG_USEC": "180000000", "WATCHDOG_PID": "1"}, 0),
        ({"WATCHDOG_USEC": "-3"}, 0),
        ({"WATCHDOG_USEC": "³"}, 0),
        ({"WATCHDOG_USEC": "9" * 5000}, 0),
    ],
)
def test_how_often_a_sign_of_life_is_wanted(told, seconds):
    assert ServiceManager.from_environment({"NOTIFY_SOCKET": "/x"} | told).watchdog_s == seconds
    assert ServiceManager.from_environment(told).watchdog_s == 0


def test_signs_of_life_come_while_both_loop_and_work_go_on(heard):
    listening, name = heard
    manager = ServiceManager(name, PERIOD_S)

    async def failing():
        raise OSError("a full disk is no reason to be restarted")

    async def trial():
        life = asyncio.create_task(manager.stay_alive(failing))
        for _ in range(3):
            assert await asyncio.to_thread(next_of, listening) == ["WATCHDOG=1"]
        life.cancel()

    asyncio.run(trial())


def test_no_sign_of_life_while_the_work_hangs(heard):
    listening, name = heard
    hangs = threading.Event()

    async def trial():
        life = asyncio.create_task(
            ServiceManager(name, PERIOD_S).stay_alive(lambda: asyncio.to_thread(hangs.wait))
        )
        await asyncio.to_thread(nothing_for, listening, 3 * PERIOD_S)
        hangs.set()
        assert await asyncio.to_thread(next_of, listening) == ["WATCHDOG=1"]
        life.cancel()

    asyncio.run(trial())


def test_no_sign_of_life_while_the_loop_hangs(heard):
    listening, name = heard

    async def nothing():
        pass

    async def trial():
        life = asyncio.create_task(ServiceManager(name, PERIOD_S).stay_alive(nothing))
        assert await asyncio.to_thread(next_of, listening) == ["WATCHDOG=1"]
        drain(listening)  # the loop is blocked from here on
        nothing_for(listening, 3 * PERIOD_S)
        assert await asyncio.to_thread(next_of, listening) == ["WATCHDOG=1"]
        life.cancel()

    asyncio.run(trial())


def _until(listening, wanted):
    """What was told up to a line that begins so."""
    told = []
    while not (told and told[-1].startswith(wanted)):
        told += [line for line in next_of(listening) if line != "WATCHDOG=1" or wanted == "WATCHDOG=1"]
    return told


def test_a_whole_gateway_tells_its_life(heard, site):
    listening, name = heard
    order = [sys.executable, "-m", "luftpegel_tools.cli", "gateway", "run", "--config", site / "gateway.toml"]
    environment = os.environ | {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "300000"}
    with subprocess.Popen(order, env=environment, stderr=subprocess.DEVNULL) as gateway:
        try:
            assert _until(listening, "STATUS") == ["READY=1", "STATUS=running: 1 station"]
            _until(listening, "WATCHDOG=1")
            more = (site / "stations.toml").read_text().replace("0001", "0002")
            with (site / "stations.toml").open("a") as stations:
                stations.write(more)
            gateway.send_signal(signal.SIGHUP)
            told = _until(listening, "STATUS")
            assert [told[0], *told[2:]] == ["RELOADING=1", "READY=1", "STATUS=running: 2 stations"]
            (site / "stations.toml").write_text("[[station")
            gateway.send_signal(signal.SIGHUP)
            assert _until(listening, "STATUS")[-1] == "STATUS=running: 2 stations"
        finally:
            gateway.send_signal(signal.SIGTERM)
        assert _until(listening, "STOPPING=1") == ["STOPPING=1"]
        assert gateway.wait(60) == 0

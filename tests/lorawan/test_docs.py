"""The program in docs/lorawan.md does what the page says, and its figures are those measured."""

import random
import re
import sys
import types
from pathlib import Path

import pytest
from lorawan_device import Packet, Storage
from lorawan_network import Network
from lorawan_town import APP_KEY, DEV_EUI, JOIN_EUI

PAGE = Path(__file__).parents[2] / "docs" / "lorawan.md"
PROGRAM = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
AIRTIME_US = 60_000


class Air:
    """MicroPython's time, a chip of lora_radio, and a network that answers in the second window."""

    rx_delay_us = 5000

    def __init__(self):
        self.us = 5_000_000
        self.network = Network(APP_KEY)
        self.heard = []
        self.answers = []
        self.windows = []
        self.time = types.SimpleNamespace(
            time_ns=lambda: 1000 * self.us,
            ticks_us=lambda: self.us % 2**30,
            ticks_add=lambda ticks, delta: (ticks + delta) % 2**30,
            ticks_diff=lambda end, start: (end - start + 2**29) % 2**30 - 2**29,
            sleep_ms=lambda ms: self.sleep_us(1000 * ms),
            sleep_us=self.sleep_us,
        )

    def sleep_us(self, us):
        assert us >= 0
        self.us += us

    def transmit(self, frequency_hz, sf, bandwidth_hz, power_dbm, payload):
        assert power_dbm <= 16
        self.end = self.us + AIRTIME_US
        if payload[0] == 0:
            self.network.join_request(payload)
            answer = self.network.accept() if len(self.network.dev_nonces) > 1 else None
        else:
            self.heard.append(self.network.uplink(payload))
            answer = self.network.downlink(9, b"down")
        self.answers = [None, answer]

    def transmitted(self):
        self.us = self.end + 40
        return self.end % 2**30

    def prepare_receive(self, frequency_hz, sf, bandwidth_hz, timeout_us):
        self.listening_us = timeout_us
        self.symbol_us = 2**sf * 1_000_000 // bandwidth_hz

    def receive(self):
        opens = (self.us + self.rx_delay_us - self.end) % 1_000_000 - 1_000_000
        self.windows.append((opens, opens + self.listening_us))

    def received(self):
        self.us += 10_000
        answer = self.answers.pop(0)
        return Packet(answer, 70) if answer else False


@pytest.fixture
def air(monkeypatch):
    air = Air()
    monkeypatch.setitem(sys.modules, "time", air.time)
    return air


def test_the_program_is_of_twenty_lines():
    body = PROGRAM[PROGRAM.index("def exchange") :]
    assert len([line for line in body.splitlines() if line.strip()]) <= 25


def test_the_program_joins_and_sends(air, capsys):
    names = {"phy": air, "dev_eui": DEV_EUI, "join_eui": JOIN_EUI, "app_key": APP_KEY, "storage": Storage()}
    random.seed(7)
    exec(compile(PROGRAM, str(PAGE), "exec"), names)
    assert air.network.dev_nonces == [0, 1]
    assert [uplink.payload for uplink in air.heard] == [b"hello"]
    assert capsys.readouterr().out == "9 b'down'\n"
    assert {opens for opens, _ in air.windows} == {-30_000}
    assert air.windows[-1][1] == 30_000 + 5 * air.symbol_us


def test_each_scenario_of_the_public_suites_has_the_test_that_the_page_names():
    folder = Path(__file__).parent
    there = set(re.findall(r"def (test_\w+)", "".join(path.read_text() for path in folder.glob("test_*.py"))))
    section = PAGE.read_text().split("## The scenarios of public suites")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 20
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named or "`tests/" in row
        assert set(named) <= there

"""The power fails at every write to storage and at every state, over a join and a hundred uplinks, and again
and again at random: no DevNonce and no frame counter is ever used twice, and the device always goes on.

The reference network refuses any number that it has seen before; so does the device with downlinks.
"""

import random

import pytest
from lorawan_town import PowerCutError, Town

UPLINKS = 100
# What survives: the memory of the real-time clock (a reset), or only what storage and a flash copy from after
# the join hold (a power cut), or storage alone.
REMAINS = ("rtc", "flash", "nothing")


class Life(Town):
    """A station's life in steps; the power may fail before each. Keeps its dump before each transmission."""

    def __init__(self, device, remains, **options):
        self.remains = remains
        self.rtc = self.flash = b""
        self.taken = []
        self.heard = 0  # uplinks
        super().__init__(device, **options)

    def steps(self):
        """Yields at each state; a GeneratorExit there is a power cut."""
        self.recover()
        yield
        if not self.get("joined"):
            yield from self.join_in_steps()
        while True:
            if self.heard % 25 == 12:
                yield from self.attempt_in_steps()  # anew, beside the session
            yield from self.uplink_in_steps()

    def recover(self):
        self.power_on()
        kept = {"rtc": self.rtc, "flash": self.flash, "nothing": b""}[self.remains]
        self.call("load", kept, self.now, self.remains == "rtc")

    def keep(self):
        self.rtc = self.call("dump", self.now)

    def join_in_steps(self):
        while not self.get("joined"):
            yield from self.attempt_in_steps()

    def attempt_in_steps(self):
        self.now = self.call("next_join_at", self.now)
        transmission = self.call("join_request", self.now)
        yield
        self.keep()
        yield
        self._on_air(transmission)
        self.network.join_request(transmission.payload)
        yield
        if len(self.network.dev_nonces) % 3:
            self.hear(self.network.accept())
            yield
        self.call("windows_closed", self.now)
        self.keep()
        self.flash = self.rtc
        yield

    def uplink_in_steps(self):
        confirmed = self.heard % 5 == 0
        self.now = self.call("next_transmission_at", 4, self.now)
        transmission = self.call("uplink", 1, b"data", confirmed, self.now)
        yield
        self.keep()
        yield
        self._on_air(transmission)
        self.network.uplink(transmission.payload)
        self.heard += 1
        yield
        if confirmed:
            for event in self.hear(self.network.downlink(2, b"down", ack=True)):
                if event[0] == 2:
                    self.taken.append((self.network.nwk_s_key, event[1]))
            yield
        self.call("windows_closed", self.now)
        self.keep()
        self.now += 60_000
        yield


def live(life, cut_step=None, cut_write=None, done=False):
    """A life with one cut, at a step or at a write; how many steps and writes it had."""
    writes = life.device.writes()
    life.device.cut(cut_write or 0, done)
    steps = 0
    while life.heard < UPLINKS:
        try:
            for _ in life.steps():
                steps += 1
                if steps == cut_step or life.heard >= UPLINKS:
                    break
        except PowerCutError:
            life.device.cut(0, False)
    assert len(life.taken) == len(set(life.taken)), "a downlink was taken twice"
    return steps, life.device.writes() - writes


@pytest.mark.parametrize("remains", REMAINS)
@pytest.mark.parametrize("done", [False, True])
def test_a_cut_at_every_write(here, remains, done):
    _, writes = live(Life(here, remains))
    assert writes > 20
    for number in range(1, writes + 1):
        here.wipe(number)
        live(Life(here, remains), cut_write=number, done=done)


@pytest.mark.parametrize("remains", REMAINS)
def test_a_cut_at_every_state(here, remains):
    """After the first twenty uplinks all states have been."""
    steps, _ = live(Life(here, remains))
    assert steps > 4 * UPLINKS
    for number in range(1, 100):
        here.wipe(number)
        live(Life(here, remains), cut_step=number)


@pytest.mark.parametrize("seed", range(5))
def test_cuts_without_end(device, seed):
    """Resets and power cuts at random states and writes, each leaving what luck leaves."""
    dice = random.Random(seed)
    device.wipe(seed + 1)
    life = Life(device, "rtc")
    while life.heard < 3 * UPLINKS:
        life.remains = dice.choice(REMAINS)
        if life.remains != "rtc":
            life.rtc = b""
        if dice.random() < 0.3:
            life.device.cut(dice.randrange(1, 4), dice.random() < 0.5)
        try:
            for _ in zip(range(dice.randrange(1, 60)), life.steps(), strict=False):
                pass
        except PowerCutError:
            life.device.cut(0, False)
    assert len(life.taken) == len(set(life.taken))
    assert len(life.network.dev_nonces) > 5

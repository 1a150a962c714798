"""The shared air: who hears what, when, and what becomes of frames that are cut off."""

import pytest

from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.virtual_time.clock import VirtualClock

SF, WIDTH, CHANNEL = 7, 125_000, 868_100_000
SYMBOL_US = 1024
START_US, END_US = 100_000, 200_000


class Ear:
    def __init__(self):
        self.heard = []

    def hear(self, payload, rssi, snr, start_us, end_us, *, crc, preamble):
        self.heard.append((payload, rssi, snr, start_us, end_us, crc, preamble))


class Scene:
    def __init__(self):
        self.clock = VirtualClock()
        self.air = SharedAir(self.clock)
        self.ear = Ear()

    def listen(self, from_us, until_us=None, ear=None, **other):
        at = {"frequency_hz": CHANNEL, "sf": SF, "bandwidth_hz": WIDTH, "inverted": False, **other}
        self.air.listen(ear or self.ear, from_us=from_us, until_us=until_us, **at)

    def transmit(self, sender="gateway", payload=b"frame", **other):
        at = {"frequency_hz": CHANNEL, "sf": SF, "bandwidth_hz": WIDTH, "inverted": False, **other}
        self.air.transmit(
            sender, power_dbm=14, crc=True, payload=payload, start_us=START_US, end_us=END_US, **at
        )

    def finish(self):
        self.clock.run_until(1_000_000)
        return self.ear.heard


@pytest.fixture
def scene():
    return Scene()


def test_a_frame_is_heard_with_its_times(scene):
    scene.listen(0)
    scene.transmit()
    scene.clock.run_until(START_US + 5 * SYMBOL_US)
    assert scene.ear.heard == [(b"frame", -80, 8.0, START_US, END_US, True, 8)]


@pytest.mark.parametrize(
    ("from_us", "until_us", "heard"),
    [
        (START_US + 3 * SYMBOL_US, None, True),
        (START_US + 3 * SYMBOL_US + 1, None, False),
        (0, START_US + 5 * SYMBOL_US, True),
        (0, START_US + 5 * SYMBOL_US - 1, False),
        (START_US + SYMBOL_US, START_US + 6 * SYMBOL_US, True),
        (START_US + SYMBOL_US, START_US + 6 * SYMBOL_US - 1, False),
    ],
)
@pytest.mark.parametrize("listens_first", [True, False])
def test_five_symbols_of_the_preamble_are_needed(scene, from_us, until_us, heard, listens_first):
    if listens_first:
        scene.listen(from_us, until_us)
    scene.transmit()
    if not listens_first:
        scene.listen(from_us, until_us)
    assert bool(scene.finish()) is heard


@pytest.mark.parametrize(
    ("other", "heard"),
    [
        ({"frequency_hz": CHANNEL + 31_000}, True),
        ({"frequency_hz": CHANNEL + 32_000}, False),
        ({"sf": 8}, False),
        ({"bandwidth_hz": 250_000}, False),
        ({"inverted": True}, False),
        ({"sync_word": 0x12}, False),
    ],
)
def test_both_sides_must_be_tuned_alike(scene, other, heard):
    scene.listen(0, **other)
    scene.transmit()
    assert bool(scene.finish()) is heard


def test_nobody_hears_himself_and_who_stopped_hears_nothing(scene):
    other = Ear()
    scene.listen(0)
    scene.listen(0, ear=other)
    scene.transmit(sender=scene.ear)
    scene.air.stop(other)
    scene.finish()
    assert (scene.ear.heard, other.heard) == ([], [])


def test_all_who_listen_hear(scene):
    ears = [Ear() for _ in range(3)]
    for ear in ears:
        scene.listen(0, ear=ear)
    scene.transmit()
    scene.finish()
    assert [len(ear.heard) for ear in ears] == [1, 1, 1]


def test_one_frame_at_a_time(scene):
    scene.listen(0)
    scene.transmit(payload=b"one")
    scene.transmit(payload=b"two")
    assert [heard[0] for heard in scene.finish()] == [b"one"]


def test_a_frame_cut_off_reaches_neither_ears_nor_observers(scene):
    observed = []
    scene.air.observers.append(observed.append)
    scene.transmit()
    scene.clock.run_until(START_US + 1000)
    scene.air.stop("gateway")
    scene.finish()
    assert observed == []
    scene.clock.run_until(2_000_000)
    assert scene.air.frames == []


def test_observers_get_the_whole_frame_at_its_end(scene):
    observed = []
    scene.air.observers.append(lambda frame: observed.append((scene.clock.now_us, frame.payload)))
    scene.transmit()
    scene.finish()
    assert observed == [(END_US, b"frame")]


def test_out_of_reach(scene):
    scene.air = SharedAir(scene.clock, lambda sender, _: None if sender == "far" else (-120, -5.0))
    scene.listen(0)
    scene.transmit(sender="far", payload=b"far")
    scene.transmit(sender="near", payload=b"near")
    assert [heard[:3] for heard in scene.finish()] == [(b"near", -120, -5.0)]

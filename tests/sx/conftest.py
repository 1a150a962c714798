"""Benches that join a driver with its simulated chip under CPython in virtual time.

A law holds for every bench of every test that does not say otherwise: no command sets more power than the cap
or a frequency outside the band, none is refused by the chip, and no erratum is left untreated.
"""

import pytest
from tests.sx.spi_law import Law

from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.desk.lora_desk import KINDS, TICKS_MASK, BoardTime, Desk
from luftpegel_tools.virtual_time.clock import VirtualClock

CAP_DBM = 14
BAND_HZ = (863_000_000, 870_000_000)
CHANNEL_HZ = 868_100_000
RX2_HZ = 869_525_000
LONGEST_RECEPTION_US = 20_000_000  # SF12, 255 bytes: 9 s


class Bench(Desk):
    """A driver, its chip and a second party on one air: `send` lets that party send, `air.observers` hear."""

    lawful = True  # whether the end of the test holds the chip's log to the law

    def __init__(self, kind, **options):
        self.clock = VirtualClock()
        self.air = SharedAir(self.clock, lambda *_: (-97, 6.25))
        super().__init__(kind, self.air, BoardTime(self.clock))
        self.frames = []
        self.air.observers.append(self.frames.append)
        self.law = Law(self.chip, CAP_DBM, BAND_HZ)
        self.phy = self.driver(**options)

    def driver(self, **options):
        return super().driver(**{"max_power_dbm": CAP_DBM, "band_hz": BAND_HZ, **options})

    def send(self, payload, delay_us=0, *, sf=7, frequency_hz=CHANNEL_HZ, bandwidth_hz=125_000, **changes):
        """The other party sends a downlink -> (start, end), in µs of the clock."""
        inverted, crc = changes.pop("inverted", True), changes.pop("crc", False)
        start_us = self.clock.now_us + delay_us
        end_us = start_us + self.phy.airtime_us(sf, bandwidth_hz, len(payload), crc=crc)
        self.air.transmit(
            self, frequency_hz, sf, bandwidth_hz, 14, inverted, crc, payload, start_us, end_us, **changes
        )
        return start_us, end_us

    def transmit(self, payload=b"uplink", frequency_hz=CHANNEL_HZ, sf=7, power_dbm=14, **changes):
        """-> (the frame as the air had it, how late its end was noticed in µs)."""
        self.phy.transmit(
            frequency_hz, sf, changes.pop("bandwidth_hz", 125_000), power_dbm, payload, **changes
        )
        ticks = self.phy.transmitted()
        frame = self.frames[-1]
        return frame, self.time.ticks_diff(ticks, frame.end_us & TICKS_MASK)

    def receive(self, timeout_us, sf=7, frequency_hz=CHANNEL_HZ, bandwidth_hz=125_000, **changes):
        self.phy.prepare_receive(frequency_hz, sf, bandwidth_hz, timeout_us, **changes)
        self.phy.receive()
        return self.outcome()

    def outcome(self):
        started_us = self.clock.now_us
        while (outcome := self.phy.received()) is None:
            assert self.clock.now_us - started_us < LONGEST_RECEPTION_US, "it waits for ever"
            self.time.sleep_ms(1)
        return outcome

    def counters(self):
        return self.phy.timeouts, self.phy.header_errors, self.phy.crc_errors

    def hold_to_law(self):
        assert self.chip.refusals == []
        assert self.chip.flaws == []
        assert self.law.broken == []


@pytest.fixture(params=KINDS)
def bench(request):
    """Each chip in turn, set up."""
    yield from _bench(request.param)


@pytest.fixture
def sx1262():
    yield from _bench("sx1262")


@pytest.fixture
def sx1276():
    yield from _bench("sx1276")


def _bench(kind):
    bench = Bench(kind)
    bench.phy.begin()
    yield bench
    if bench.lawful:
        bench.hold_to_law()

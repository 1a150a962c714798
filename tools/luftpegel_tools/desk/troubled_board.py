"""A board whose time is troubled, and its LoRaWAN radio: to see which downlinks it still hears.

The whole radio of the firmware runs here: LorawanRadio, MAC, driver, simulated chip, air, a gateway. The
clock drifts, sleep ends late, garbage is collected whenever memory is taken, and the gateway is not on time
either. All of it is drawn from a seed.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Uplink
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.desk import cryptolib
from luftpegel_tools.desk.lora_desk import TICKS_MASK, BoardTime, Desk, firmware_module
from luftpegel_tools.network_server.lone_gateway import LoneGateway
from luftpegel_tools.network_server.lorawan import Identity
from luftpegel_tools.virtual_time.clock import VirtualClock

IDENTITY = Identity(bytes(range(8)), app_key=bytes(16), join_eui=bytes(8))
FASTEST = 5  # data rate: SF7
QUIET_US = 600_000_000  # between two frames, so that the duty cycle allows each


@dataclass(frozen=True)
class Trouble:
    """What goes wrong at most, in us; each time anew, and evenly spread between nothing and this."""

    collection_us: int = 6_000
    collection_chance: float = 0.05  # at each call that takes memory
    sleep_late_us: int = 2_000
    light_sleep_late_us: int = 4_000
    gateway_us: int = 200  # either way
    holds: bool = True  # whether gc.disable() is heeded


NO_TROUBLE = Trouble(0, 0, 0, 0, 0)


class TroubledTime(BoardTime):
    """MicroPython's time and collector on such a board; the clock goes `drift_ppm` too fast."""

    def __init__(self, clock: VirtualClock, trouble: Trouble, rng: random.Random):
        super().__init__(clock)
        self.trouble, self.rng = trouble, rng
        self.drift_ppm = 0
        self._collects = True

    def ticks_us(self) -> int:
        """By the board's own clock."""
        super().ticks_us()
        return self.clock.now_us * (1_000_000 + self.drift_ppm) // 1_000_000 & TICKS_MASK

    def sleep_ms(self, ms: int) -> None:
        """Ends late."""
        self._sleep(ms, self.trouble.sleep_late_us)

    def light_sleep(self, ms: int) -> None:
        """Ends later still."""
        self._sleep(ms, self.trouble.light_sleep_late_us)

    def _sleep(self, ms: int, latest_us: int) -> None:
        if ms:
            self.spend(1_000_000_000 * ms // (1_000_000 + self.drift_ppm) + self.rng.randint(0, latest_us))
            self.allocate()

    # The module gc, as far as the firmware uses it

    def allocate(self) -> None:
        """Now and then the collector takes its time."""
        if (self._collects or not self.trouble.holds) and self.rng.random() < self.trouble.collection_chance:
            self.spend(self.rng.randint(0, self.trouble.collection_us))

    def collect(self) -> None:
        """A full collection takes longest."""
        self.spend(self.trouble.collection_us)

    def disable(self) -> None:
        """Memory is taken without a collection."""
        self._collects = False

    def enable(self) -> None:
        """And again with one."""
        self._collects = True


class _Memory:
    radio = b""

    def keep_radio(self, data: bytes) -> None:
        self.radio = bytes(data)


class _Storage(dict[str, int]):
    def read(self, name: str) -> int:
        return self.get(name, 0)

    def write(self, name: str, value: int) -> None:
        self[name] = value


class _Network:
    def join(self, _request: JoinRequest) -> JoinAccept:
        return JoinAccept(0)

    def uplink(self, _uplink: Uplink) -> Downlink:
        return Downlink(9, b"down", acknowledges=False)


class TroubledBoard:
    """A station's radio in reach of a gateway; `radio` is the firmware's. Use `troubled_board()`."""

    def __init__(self, kind: str, trouble: Trouble, seed: str, light: bool, **plan: Any):
        clock = VirtualClock()
        air = SharedAir(clock)
        self.time = TroubledTime(clock, trouble, random.Random(seed))  # noqa: S311 - a run must repeat
        self.desk = Desk(kind, air, self.time)
        self.gateway = LoneGateway(clock, air, _Network(), IDENTITY, **plan)
        self.storage, self._memory = _Storage(), _Memory()
        self._light = light
        self.radio: Any = None

    def boot(self, data_rate: int = FASTEST) -> None:
        """Start as from deep sleep: only the RTC memory and the storage are left."""
        self.radio = firmware_module("lora_radio.lorawan_radio").LorawanRadio(
            lambda most, band: self.desk.driver(max_power_dbm=most, band_hz=band),
            self.storage,
            self._memory,
            lambda: self.time.clock.now_us // 1000,
            clock=self.time,
            light_sleep=self.time.light_sleep if self._light else None,
        )
        self.radio.configure("EU868", IDENTITY.dev_eui, IDENTITY.join_eui, IDENTITY.app_key, data_rate, False)

    def join_untroubled(self) -> None:
        """Get a session before anything goes wrong."""
        trouble, self.time.trouble = self.time.trouble, NO_TROUBLE
        assert self.radio.join()
        self.time.trouble = trouble

    def err(self, error_us: int, delay_us: int, most_ppm: int) -> None:
        """Let downlinks come so late by the board's clock, `delay_us` behind a frame: by its drift as far as
        `most_ppm` goes, and for the rest because the gateway is late.
        """
        drift_ppm = max(-most_ppm, min(most_ppm, error_us * 1_000_000 // delay_us))
        self.time.drift_ppm = drift_ppm
        jitter_us = self.time.trouble.gateway_us
        self.gateway.late_us = (
            error_us - drift_ppm * delay_us // 1_000_000 + self.time.rng.randint(-jitter_us, jitter_us)
        )

    def hears(self) -> bool:
        """Whether the answer to a frame is received."""
        self.time.clock.run_until(self.time.clock.now_us + QUIET_US)
        return bool(self.radio.send(1, b"up"))


@contextmanager
def troubled_board(
    kind: str,
    trouble: Trouble,
    seed: str,
    *,
    light: bool = False,
    data_rate: int = FASTEST,
    **plan: Any,
) -> Iterator[TroubledBoard]:
    """A board that has started, in a network with this plan; meanwhile the firmware's collector is that of
    its time.
    """
    cryptolib.install()
    module = firmware_module("lora_radio.lorawan_radio")
    board = TroubledBoard(kind, trouble, seed, light, **plan)
    usual = module.gc
    module.gc = board.time
    try:
        board.boot(data_rate)
        yield board
    finally:
        module.gc = usual

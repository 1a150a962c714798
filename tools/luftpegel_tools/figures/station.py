"""How little heap the station gets along with, and how long a wake takes: all five drivers, with each radio.

The 32-bit engine has objects as large as the ESP32's, so its heap is the measure. What the virtual board's
own shims take is measured by the board and added to the heap; it does not count against the firmware.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Uplink
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.figures import Figure
from luftpegel_tools.image import firmware_image
from luftpegel_tools.network_server.lone_gateway import LoneGateway
from luftpegel_tools.network_server.lorawan import Identity
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import CHIPS, MODEMS, SCHEMATICS, solder
from luftpegel_tools.wiring.solder import Radio
from luftpegel_wire import PORT_BACKFILL, PORT_READINGS, Readings, decode, encode_backfill

BUDGET_KIB = 96  # with a modem
BUDGETS_KIB = {**dict.fromkeys(MODEMS, BUDGET_KIB), "sx1262": 112}
MOST_BYTES = 242  # the largest frame that LoRaWAN carries in Europe
INTERVAL_US = 600_000_000
DEV_EUI = bytes.fromhex("70b3d57ed0050001")
IDENTITY = Identity(DEV_EUI, app_key=bytes(16), join_eui=bytes(8))
ASK_EVERY = 25  # uplinks between requests to send readings again
WAKES = 36  # of a figure: frames have grown to their largest, readings have been asked for again

SETTINGS: dict[str, Any] = {
    "station": "LP-BENCH",
    "board": "heltec_v3",
    "interval_s": INTERVAL_US // 1_000_000,
    "sensors": [
        {"driver": "sht4x"},
        {"driver": "bme280", "index": 1},
        {"driver": "sps30", "socket": "a"},
        {"driver": "a02yyuw", "socket": "b"},
        {"driver": "ds18b20"},
    ],
}
# Lowest and highest value, and the slots until it is the same again.
_COURSES = {
    "temperature": (5, 25, 144),
    "humidity": (40, 90, 100),
    "pressure": (98000, 103000, 500),
    "pm1": (2, 8, 50),
    "pm25": (4, 20, 50),
    "pm4": (22, 22, 1),
    "pm10": (25, 25, 1),
    "distance": (900, 1600, 144),
    "water_temperature": (4, 18, 144),
}


def _wave(now_us: int, low: float, high: float, period: int) -> float:
    """Something that goes up and down and is never twice the same for long."""
    slot = now_us // INTERVAL_US
    return low + (high - low) * (slot * 37 % period) / period


@dataclass
class AskingNetwork:
    """Lets the station in, hears all, and now and then asks for readings again."""

    frames: list[Readings] = field(default_factory=list)
    longest: int = 0  # bytes of a frame of readings
    heard: int = 0
    joins: int = 0

    def join(self, _request: JoinRequest) -> JoinAccept:
        """Let everybody in."""
        self.joins += 1
        return JoinAccept(dev_addr=0x26011234)

    def uplink(self, uplink: Uplink) -> Downlink | None:
        """Note a frame; every ASK_EVERY-th one is answered with a request."""
        self.heard += 1
        if uplink.f_port == PORT_READINGS:
            frame = decode(uplink.f_port, uplink.data)
            assert isinstance(frame, Readings)
            self.frames.append(frame)
            self.longest = max(self.longest, len(uplink.data))
            if self.heard % ASK_EVERY == 0 and frame.seq > 10:
                return Downlink(PORT_BACKFILL, encode_backfill(frame.seq - 10, 8), uplink.confirmed)
        return Downlink(None, b"", acknowledges=True) if uplink.confirmed else None


@dataclass(frozen=True)
class Outcome:
    """What a run of wakes came to."""

    wakes: int
    newest_seq: int  # -1: nothing was heard
    frame_bytes: int  # of the longest frame
    healthy: bool  # whether every cell of the newest row heard has a value
    crashes: int
    joins: int
    shims_bytes: int  # heap of the virtual board's own, added to the firmware's
    seconds: float


@contextmanager
def loaded_board(
    folder: Path, engine: str, heap_kib: int, frame_bytes: int = MOST_BYTES, radio: str = "wio_e5"
) -> Iterator[tuple[Board, AskingNetwork]]:
    """A board with everything on it, switched on, under `folder`."""
    clock = VirtualClock(epoch=1_790_000_000)
    network = AskingNetwork()
    with Board(
        clock,
        name="LP-BENCH",
        unique_id=DEV_EUI[2:],
        engine=engine,
        state_dir=folder / "board",
        heap_kib=heap_kib,
    ) as board:
        solder(board, SETTINGS, _truth, _radio(board, network, radio))
        board.attach_adc(SCHEMATICS["heltec_v3"].battery_pin, lambda: 780_000)
        firmware_image.build(
            folder / "image", SETTINGS | {"radio": {"driver": radio, "frame_bytes": frame_bytes}}
        )
        board.install(folder / "image")
        board.nvs.provision("luftpegel", app_key=bytes(16), dev_eui=DEV_EUI, join_eui=bytes(8))
        board.power_on()
        yield board, network


def _truth(quantity: str, now_us: int) -> float:
    return _wave(now_us, *_COURSES[quantity])


def _radio(board: Board, network: AskingNetwork, driver: str) -> Radio:
    if driver in MODEMS:
        return MODEMS[driver](network, DEV_EUI)
    air = SharedAir(board.clock)
    LoneGateway(board.clock, air, network, IDENTITY)
    return CHIPS[driver](air)


def run_wakes(
    heap_kib: int = BUDGET_KIB,
    wakes: int = 3,
    engine: str = "mpy32",
    frame_bytes: int = MOST_BYTES,
    *,
    radio: str = "wio_e5",
    power_cuts: int = 0,
) -> Outcome:
    """Let the station do `wakes` whole wakes with a heap of `heap_kib`; cut its power so often in between.

    What a power cut costs is a new join and one more wake.
    """
    with (
        TemporaryDirectory(prefix="luftpegel-bench-") as folder,
        loaded_board(Path(folder), engine, heap_kib, frame_bytes, radio) as (board, network),
    ):
        begun = time.perf_counter()
        started_us = board.clock.now_us
        for part in range(power_cuts + 1):
            if part:
                board.power_off()
                board.power_on()
            board.clock.run_until(started_us + (part + 1) * wakes * INTERVAL_US // (power_cuts + 1))
        seconds = time.perf_counter() - begun
        last = max(network.frames, key=lambda frame: frame.seq, default=None)
        text = bytes(board.console.text)
        return Outcome(
            wakes=wakes,
            newest_seq=last.seq if last else -1,
            frame_bytes=network.longest,
            healthy=last is not None and None not in last.rows[0].values,
            crashes=text.count(b"LP-110") + text.count(b"MemoryError"),
            joins=network.joins,
            shims_bytes=board.overhead_bytes,
            seconds=seconds,
        )


def least_heap_kib(radio: str, wakes: int = WAKES, step_kib: int = 2) -> int:
    """The least heap with which so many wakes and two joins pass without a fault, by halving.

    It lies between half the budget, with which no station starts, and the budget.
    """
    budget = BUDGETS_KIB[radio]
    too_small, least = budget // 2, budget
    while least - too_small > step_kib:
        middle = (too_small + least) // 2
        if _passes(middle, wakes, radio):
            least = middle
        else:
            too_small = middle
    return least


def _passes(heap_kib: int, wakes: int, radio: str) -> bool:
    outcome = run_wakes(heap_kib, wakes, radio=radio, power_cuts=1)
    return outcome.healthy and not outcome.crashes and outcome.newest_seq >= wakes - 1


def measure() -> Iterator[Figure]:
    """Least heap of whole wakes, the shims' own, and the real time of a wake on the default engine."""
    for radio, budget_kib in BUDGETS_KIB.items():
        least = 1024 * least_heap_kib(radio)
        against = f"{budget_kib} KiB budget"
        yield Figure(
            f"station: least heap, {WAKES} wakes, {radio}", least, "bytes", against, least / 1024 / budget_kib
        )
    shims = run_wakes().shims_bytes
    yield Figure(
        "virtual board: its own shims, apart", shims, "bytes", "96 KiB budget", shims / 1024 / BUDGET_KIB
    )
    wakes = run_wakes(wakes=40, engine="pip")
    took_ms = 1000 * wakes.seconds / wakes.wakes
    share = took_ms * 1000 / INTERVAL_US
    yield Figure("station: real time of a wake", took_ms, "ms", "the ten minutes it stands for", share)

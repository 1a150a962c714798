"""The station's modules under CPython, and the whole station on a virtual board with chips and a network."""

import sys
from dataclasses import dataclass, field, replace

import pytest
from tests.sx.spi_law import Law

from luftpegel_tools import firmware_image
from luftpegel_tools.town.kinds import MODEMS
from luftpegel_tools.town.lone_gateway import LoneGateway
from luftpegel_tools.town.lorawan import Identity
from luftpegel_tools.town.network import Downlink, JoinAccept
from luftpegel_tools.town.radio_air import SharedAir
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.a02yyuw import A02YYUW
from luftpegel_tools.virtual_board.chips.bme280 import BME280
from luftpegel_tools.virtual_board.chips.ds18b20 import DS18B20
from luftpegel_tools.virtual_board.chips.sht4x import SHT4x
from luftpegel_tools.virtual_board.chips.sps30 import SPS30
from luftpegel_tools.virtual_board.chips.sx1262 import SX1262
from luftpegel_tools.virtual_board.clock import VirtualClock
from luftpegel_wire import PORT_READINGS, decode

for folder in (firmware_image.FIRMWARE, firmware_image.FIRMWARE / "lib"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

SLOT_US = 600_000_000
SOCKETS = {"a": (47, 48), "b": (5, 6)}
EPOCH = 1_789_999_200  # a whole number of hours: slots of the true time are those of a board switched on then
GPS_EPOCH, LEAP_S = 315_964_800, 18
RAIL_PIN, BATTERY_PIN, ONEWIRE_PIN = 36, 1, 4
DEV_EUI = bytes(range(8))


def jumping(start, step):
    """A truth that is another one in each slot, so that no reading can stand for its neighbour."""
    return lambda now_us: start + step * (now_us // SLOT_US * 73 % 200)


def _climate(now_us):
    return jumping(10.0, 0.1)(now_us), 55.0


def _dust(_now_us):
    return 5.0, 10.0, 12.0, 15.0


def _on_i2c(board, chip):
    board.attach_i2c(0, chip)


# driver: (how the chip is made, how it is soldered on)
CHIPS = {
    "sht4x": (lambda: SHT4x(_climate), lambda board, chip: board.attach_i2c(0, chip)),
    "bme280": (
        lambda: BME280(lambda now_us: (*_climate(now_us), 101320)),
        lambda board, chip: board.attach_i2c(0, chip),
    ),
    "sps30": (
        lambda: SPS30(_dust),
        lambda board, chip: board.attach_uart(1, chip, SOCKETS["a"]),
    ),
    "a02yyuw": (
        lambda: A02YYUW(jumping(1000, 10)),
        lambda board, chip: board.attach_uart(1, chip, SOCKETS["b"]),
    ),
    "ds18b20": (
        lambda: DS18B20(jumping(5.0, 0.1)),
        lambda board, chip: board.attach_onewire(ONEWIRE_PIN, chip),
    ),
}
SETTINGS = {"bme280": {"index": 1}, "a02yyuw": {"socket": "b"}}


@dataclass
class Network:
    """Lets everybody in and hears everything, unless told otherwise; `answers` wait for the next uplinks."""

    accepts: bool = True
    confirms: bool = True  # what wants to be confirmed
    tells_time: bool = False
    joins: int = 0
    uplinks: list = field(default_factory=list)
    answers: list = field(default_factory=list)

    def join(self, request):
        self.joins += 1
        return JoinAccept(0x26011234) if self.accepts else None

    def uplink(self, uplink):
        self.uplinks.append(uplink)
        if self.tells_time and uplink.device_time_request:
            gps_s = EPOCH - GPS_EPOCH + LEAP_S + uplink.sent_us // 1_000_000
            return Downlink(None, b"", acknowledges=uplink.confirmed, device_time=gps_s)
        if self.answers:
            return replace(self.answers.pop(0), acknowledges=uplink.confirmed and self.confirms)
        return Downlink(None, b"", acknowledges=True) if uplink.confirmed and self.confirms else None

    def frames(self):
        """The readings frames heard so far, as (virtual second, frame)."""
        heard = [uplink for uplink in self.uplinks if uplink.f_port == PORT_READINGS]
        return [(uplink.sent_us / 1e6, decode(PORT_READINGS, uplink.data)) for uplink in heard]


def _modem(chip):
    def solder(station):
        station.radio = chip(station.network, DEV_EUI)
        station.board.attach_uart(2, station.radio)

    return solder


def _chip(station):
    """With the gateway that hears it; `frames` keeps all that was on the air, `law` what it must not do."""
    station.air = SharedAir(station.clock)
    station.frames = []
    station.air.observers.append(station.frames.append)
    station.gateway = LoneGateway(
        station.clock, station.air, station.network, Identity(DEV_EUI, bytes(16), bytes(8))
    )
    station.radio = SX1262(station.air)
    station.radio.solder(station.board, bus=1, cs=8, reset=12, busy=13, dio1=14)
    station.law = Law(station.radio, 14, (863_000_000, 870_000_000))


RADIOS = {**{name: _modem(chip) for name, chip in MODEMS.items()}, "sx1262": _chip}
HEAP_KIB = {**dict.fromkeys(MODEMS, 96), "sx1262": 112}


class Site:
    """One station on its board."""

    def __init__(self, folder, engine, drivers, radio_driver="wio_e5", **settings):
        self.clock = VirtualClock(epoch=EPOCH)
        self.network = Network()
        self.board = Board(
            self.clock,
            name="LP-0001",
            unique_id=DEV_EUI[2:],
            engine=engine,
            state_dir=folder / "board",
            heap_kib=HEAP_KIB[radio_driver],
        )
        self.chips = {}
        for driver in drivers:
            make, attach = CHIPS[driver]
            self.chips[driver] = make()
            attach(self.board, self.chips[driver])
        self.board.attach_rail(RAIL_PIN, True, self.chips.values())
        RADIOS[radio_driver](self)
        self.board.attach_adc(BATTERY_PIN, lambda: 780_000)
        self.settings = {
            "station": "LP-0001",
            "board": "heltec_v3",
            "interval_s": 600,
            "sensors": [{"driver": driver, **SETTINGS.get(driver, {})} for driver in drivers],
            "radio": {"driver": radio_driver, "frame_bytes": 115},
            **settings,
        }
        self.image = folder / "image"
        self.install()
        self.board.nvs.provision("luftpegel", app_key=bytes(16), dev_eui=DEV_EUI, join_eui=bytes(8))
        self.board.power_on()
        self.started_us = self.clock.now_us

    def install(self):
        firmware_image.build(self.image, self.settings)
        self.board.install(self.image)

    def replace(self, module, source):
        """Exchange one compiled module of the installed image for another; the board must be off."""
        path = self.image / f"{module}.mpy"
        (self.image.parent / "fault.py").write_text(source)
        path.write_bytes(firmware_image.compile_file(self.image.parent / "fault.py", f"{module}.py"))
        self.board.install(self.image)

    def text(self):
        return bytes(self.board.console.text).decode()

    def run_slots(self, count):
        """Let `count` intervals pass."""
        self.clock.run_until(self.clock.now_us + count * SLOT_US)

    def newest(self):
        """The frame heard last."""
        return self.network.frames()[-1][1]


@pytest.fixture
def site(tmp_path):
    made = []

    def make(engine, drivers=("sht4x",), **settings):
        made.append(Site(tmp_path / str(len(made)), engine, drivers, **settings))
        return made[-1]

    yield make
    for one in made:
        one.board.close()

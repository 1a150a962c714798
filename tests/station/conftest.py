"""The station's modules under CPython, and the whole station on a virtual board with chips and a network."""

import sys
from dataclasses import dataclass, field, replace

import pytest
from tests.sx.spi_law import Law

from luftpegel_tools.air.modem_messages import Downlink, JoinAccept
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.image import firmware_image
from luftpegel_tools.network_server.lone_gateway import LoneGateway
from luftpegel_tools.network_server.lorawan import Identity
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import CHIPS, MODEMS, SCHEMATICS, solder
from luftpegel_wire import PORT_READINGS, decode

for folder in (firmware_image.FIRMWARE, firmware_image.FIRMWARE / "lib"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

SLOT_US = 600_000_000
EPOCH = 1_789_999_200  # a whole number of hours: slots of the true time are those of a board switched on then
GPS_EPOCH, LEAP_S = 315_964_800, 18
DEV_EUI = bytes(range(8))


def jumping(start, step):
    """A truth that is another one in each slot, so that no reading can stand for its neighbour."""
    return lambda now_us: start + step * (now_us // SLOT_US * 73 % 200)


def _flat(value):
    return lambda _: value


TRUTH = {
    "temperature": jumping(10.0, 0.1),
    "humidity": _flat(55.0),
    "pressure": _flat(101320),
    "pm1": _flat(5.0),
    "pm25": _flat(10.0),
    "pm4": _flat(12.0),
    "pm10": _flat(15.0),
    "distance": jumping(1000, 10),
    "water_temperature": jumping(5.0, 0.1),
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


def _modem(kind):
    return lambda station: kind(station.network, DEV_EUI)


def _chip(station):
    """With the gateway that hears it; `frames` keeps all that was on the air, `law` what it must not do."""
    station.air = SharedAir(station.clock)
    station.frames = []
    station.air.observers.append(station.frames.append)
    station.gateway = LoneGateway(
        station.clock, station.air, station.network, Identity(DEV_EUI, bytes(16), bytes(8))
    )
    chip = CHIPS["sx1262"](station.air)
    station.law = Law(chip, 14, (863_000_000, 870_000_000))
    return chip


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
        self.settings = {
            "station": "LP-0001",
            "board": "heltec_v3",
            "interval_s": 600,
            "sensors": [{"driver": driver, **SETTINGS.get(driver, {})} for driver in drivers],
            "radio": {"driver": radio_driver, "frame_bytes": 115},
            **settings,
        }
        self.radio = RADIOS[radio_driver](self)
        chips = solder(self.board, self.settings, lambda quantity, now: TRUTH[quantity](now), self.radio)
        self.chips = dict(zip(drivers, chips, strict=True))
        self.board.attach_adc(SCHEMATICS["heltec_v3"].battery_pin, lambda: 780_000)
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

"""Whether the parts of a station fit together: radio and board, data rate and region, addresses, frames.

The firmware refuses what it cannot read (firmware/station/config.py); what is here would cost a board heap
for ever, and shows itself there only as a sensor that answers for another or a frame that never goes. All
tables are the firmware's own.
"""

import importlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from luftpegel_tools.station_files.texts import FIT
from luftpegel_wire.channels import quantity_of
from luftpegel_wire.quality import OK
from luftpegel_wire.readings import MAX_AGE, MAX_SEQ, Row, encode_readings

_MODEM_RATES = 8  # of a modem's firmware, which has 250 kHz and FSK besides
_LARGEST_FRAME = 242
_POWER_MANAGERS = {"axp192": 0x34, "axp2101": 0x34}  # data sheets of both
_DOUBTFUL = 1  # any quality but OK that leaves its number


class MisfitError(ValueError):
    """Parts that do not fit: `code` of FIT, the path `where` into the settings, the words for the text."""

    def __init__(self, code: str, where: tuple[str | int, ...], **words: object) -> None:
        super().__init__(code)
        self.code, self.where, self.words = code, where, words

    def text(self, language: str) -> str:
        """Code, cause and next step on one line, as the firmware's own refusals are told."""
        german = language == "de"
        cause, step = FIT[self.code].de if german else FIT[self.code].en
        words = self.words
        then = "Nächster Schritt" if german else "Next"
        return f"{self.code} {cause.format_map(words)}. {then}: {step.format_map(words)}"


def check_radio(settings: Mapping[str, Any], radios: Sequence[str], is_chip: bool) -> None:
    """Radio against board and region; `radios` are those that the board can have.

    Raises:
        MisfitError: LP-660 or LP-661.
    """
    radio = settings["radio"]
    if radio["driver"] not in radios:
        raise MisfitError(
            "LP-661",
            ("radio", "driver"),
            board=settings["board"],
            got=radio["driver"],
            known=" ".join(sorted(radios)),
        )
    rates = data_rates(radio["region"], is_chip)
    if radio["data_rate"] >= rates:
        raise MisfitError(
            "LP-660",
            ("radio", "data_rate"),
            region=radio["region"],
            got=radio["data_rate"],
            radio=radio["driver"],
            highest=rates - 1,
        )


def check_addresses(sensors: Sequence[Mapping[str, Any]], classes: Sequence[Any], board: Any) -> None:
    """Each I2C sensor at an address of its own, that of its driver where none is given.

    Raises:
        MisfitError: LP-662.
    """
    used = {
        _POWER_MANAGERS[name]: f"the {name}"
        for name in getattr(board, "LORA", {}).get("pmu", {}).get("rails", ())
    }
    for number, (sensor, driver) in enumerate(zip(sensors, classes, strict=True)):
        if driver.BUS != "i2c":
            continue
        address = address_of(sensor, driver)
        if address in used:
            raise MisfitError(
                "LP-662",
                ("sensors", number, "address" if "address" in sensor["options"] else "driver"),
                one=used[address],
                other=sensor["driver"],
                address=f"0x{address:02x}",
            )
        used[address] = sensor["driver"]


def check_room(settings: Mapping[str, Any], channels: Sequence[int], steps: Sequence[int]) -> None:
    """One reading fits into a frame, whatever its values.

    Raises:
        MisfitError: LP-663 or LP-664.
    """
    radio = settings["radio"]
    need = largest_reading(channels, steps)
    payloads = region_of(radio["region"]).MAX_PAYLOAD
    told = {"channels": len(channels), "need": need}
    if radio["frame_bytes"] < need:
        raise MisfitError("LP-663", ("radio", "frame_bytes"), **told, room=radio["frame_bytes"])
    room = payloads[radio["data_rate"]] if radio["data_rate"] < len(payloads) else _LARGEST_FRAME
    if room < need:
        enough = next((rate for rate, most in enumerate(payloads) if most >= need), len(payloads) - 1)
        raise MisfitError("LP-664", ("radio", "data_rate"), **told, room=room, enough=enough)


def address_of(sensor: Mapping[str, Any], driver: Any) -> int:
    """The I2C address of a sensor: as set, else the default of its driver's constructor."""
    given = sensor["options"].get("address")
    return int(inspect.signature(driver).parameters["address"].default if given is None else given)


def data_rates(region: str, is_chip: bool) -> int:
    """How many data rates a region has, from 0, with our own LoRaWAN on a chip or with a modem's."""
    return len(region_of(region).DATA_RATES) if is_chip else _MODEM_RATES


def region_of(name: str) -> Any:
    """The firmware's table of a region (lorawan/regions)."""
    return importlib.import_module(f"lorawan.regions.{name.lower()}")


def largest_reading(channels: Sequence[int], steps: Sequence[int]) -> int:
    """Bytes of the longest frame of one reading: last number, greatest age, extreme values."""
    return max(
        len(
            encode_readings(list(channels), [_extreme(channels, high, quality)], _LARGEST_FRAME, list(steps))[
                0
            ]
        )
        for high in (False, True)
        for quality in (OK, _DOUBTFUL)
    )


def _extreme(channels: Sequence[int], high: bool, quality: int) -> Row:
    quantities = [quantity_of(channel) for channel in channels]
    values = [(one.high if high else one.low) for one in quantities if one]
    return Row(MAX_SEQ, MAX_AGE, None, values, [quality] * len(values))

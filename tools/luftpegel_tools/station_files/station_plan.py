"""A station as its board sees it: settings with their defaults, the board's table, drivers, channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luftpegel_tools.station_files.firmware_modules import firmware_module
from luftpegel_tools.station_files.fit import check_addresses, check_radio, check_room


@dataclass(frozen=True)
class StationPlan:
    """What a station file comes to."""

    settings: Mapping[str, Any]  # with defaults
    board: Any  # the module of firmware/boards
    drivers: Sequence[Any]  # the class of each sensor, in the file's order
    channels: Sequence[int]
    steps: Sequence[int]  # base units a channel
    own_lorawan: bool  # on a LoRa chip; else a modem's


def plan_of(settings: Mapping[str, Any]) -> StationPlan:
    """The station of what a file holds, checked by the firmware's own code and by a computer's besides.

    Raises:
        MisfitError: parts that do not fit together.
        ConfigError: of the firmware (station.config), for what it refuses.
    """
    config = firmware_module("station.config")
    checked = config.checked(settings)
    board = config.board_of(checked)
    own = is_chip(checked["radio"]["driver"])
    check_radio(checked, radios_of(board), own)
    plan = config.Plan(checked, board, firmware_module("sensors").driver)
    check_addresses(checked["sensors"], plan.classes, board)
    check_room(checked, plan.channels, plan.steps)
    return StationPlan(checked, board, plan.classes, plan.channels, plan.steps, own)


def is_chip(radio: str) -> bool:
    """Whether a radio is a LoRa chip with our own LoRaWAN, not a modem."""
    radios = firmware_module("lora_radio")
    return bool(radios.DRIVERS[radio] == radios.LORAWAN_RADIO)


def radios_of(board: Any) -> Sequence[str]:
    """Names of the radios that a board has, or has the pins for."""
    found: Sequence[str] = firmware_module("station.config")._radios(board)  # noqa: SLF001 - the same house
    return found

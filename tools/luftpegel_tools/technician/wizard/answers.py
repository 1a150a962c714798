"""What a new station needs to know, and the settings that come of it.

Only what fits is offered: the radios of the board, its sockets in turn, quantities that no other sensor has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from luftpegel_tools.station_files.firmware_modules import firmware_module
from luftpegel_tools.station_files.station_plan import radios_of

Text = tuple[str, str]  # English, German
Answers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """`choices`: names to choose from, by what was answered before; none: free text. `several`: a list."""

    key: str
    ask: Text
    default: Callable[[Answers], str | None]
    choices: Callable[[Answers], Sequence[str]] = field(default=lambda _: ())
    several: bool = False
    number: bool = False


def _board(answers: Answers) -> Any:
    return firmware_module(firmware_module("station.config").BOARDS[answers["board"]])


QUESTIONS = (
    Question("station", ("Id of the station", "Kennung der Station"), lambda _: "LP-0001"),
    Question("board", ("Board", "Platine"), lambda _: "heltec_v3",
             lambda _: sorted(firmware_module("station.config").BOARDS)),
    Question("sensors", ("Sensors, several with commas", "Sensoren, mehrere mit Komma"), lambda _: None,
             lambda _: sorted(firmware_module("sensors").DRIVERS), several=True),
    Question("radio", ("Radio", "Funkmodul"), lambda answers: _board(answers).LORA["chip"],
             lambda answers: sorted(radios_of(_board(answers)))),
    Question("region", ("Region", "Region"), lambda _: "EU868",
             lambda _: sorted(firmware_module("station.config").REGIONS)),
    Question("interval_s", ("Seconds between readings", "Sekunden zwischen zwei Messungen"),
             lambda _: "600", number=True),
)  # fmt: skip


def settings_of(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as a station file has them; checked by whoever takes them."""
    board = _board(dict(answers))
    return {
        "station": answers["station"],
        "board": answers["board"],
        "interval_s": answers["interval_s"],
        "sensors": _sensors(answers["sensors"], board),
        "radio": {"driver": answers["radio"], "region": answers["region"], "adr": True},
    }


def _sensors(names: Sequence[str], board: Any) -> list[dict[str, Any]]:
    """Each in a place of its own, and measuring what no other does."""
    sockets = iter(sorted(board.UARTS))
    measured: set[str] = set()
    found = []
    for name in names:
        driver = firmware_module("sensors").driver(name)
        sensor: dict[str, Any] = {"driver": name}
        if driver.BUS == "uart":
            sensor["socket"] = next(sockets, max(board.UARTS))  # one too many is refused by the check
        new = [quantity for quantity in driver.MEASURES if quantity not in measured]
        if not new:
            sensor["index"] = 1
        elif len(new) < len(driver.MEASURES):
            sensor["only"] = new
        measured.update(new)
        found.append(sensor)
    return found


def toml_of(settings: Mapping[str, Any]) -> str:
    """The station file. A name that TOML would mind is one that the check refuses."""
    lines = [f"{key} = {_value(settings[key])}" for key in ("station", "board", "interval_s")]
    for sensor in settings["sensors"]:
        lines += ["", "[[sensors]]", *(f"{key} = {_value(value)}" for key, value in sensor.items())]
    lines += ["", "[radio]", *(f"{key} = {_value(value)}" for key, value in settings["radio"].items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"'
    return "[" + ", ".join(_value(one) for one in value) + "]"

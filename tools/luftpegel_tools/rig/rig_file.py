"""rig.toml: which boards a rig has, what is wired to each, and how its power is switched. One file a rig.

Tables over branches: each key is a row with the check of its value. Every error tells the line.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.toml_lines import error_line, line_of, lines_of
from luftpegel_tools.rig.errors import RigError

VIRTUAL = "virtual"
ENGINES = ("pip", "mpy32")
SENSORS = ("sht4x", "bme280", "sps30", "a02yyuw", "ds18b20")
RADIOS = ("wio_e5", "rak3172", "sx1262", "sx1276")
Check = Callable[[Any], str | None]  # what is wrong with a value; None: nothing


@dataclass(frozen=True)
class PowerPlan:
    """How a board's power is switched. kind: "none", "uhubctl" (hub, socket) or "command" (on, off)."""

    kind: str = "none"
    hub: str = ""
    socket: int = 0
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    current: tuple[str, ...] = ()  # prints the mean current in µA of the last seconds


@dataclass(frozen=True)
class WitnessPlan:
    """Who hears what the board sends. kind: "none" or "mqtt" (ChirpStack's events of `dev_eui`)."""

    kind: str = "none"
    host: str = "localhost"
    port: int = 1883
    dev_eui: str = ""
    user: str = ""
    password_file: str = ""


@dataclass(frozen=True)
class BoardPlan:
    """One [[board]] of rig.toml."""

    name: str
    type: str = "heltec_v3"
    port: str = VIRTUAL
    engine: str = "pip"
    sensors: tuple[Mapping[str, Any], ...] = ()
    radios: tuple[str, ...] = ()
    power: PowerPlan = field(default_factory=PowerPlan)
    witness: WitnessPlan = field(default_factory=WitnessPlan)

    @property
    def is_virtual(self) -> bool:
        """Whether there is no board but a process."""
        return self.port == VIRTUAL

    def sensor(self, driver: str) -> Mapping[str, Any] | None:
        """The entry of the sensor with that driver."""
        return next((sensor for sensor in self.sensors if sensor["driver"] == driver), None)

    def as_json(self) -> dict[str, Any]:
        """For the process that plays a virtual board."""
        return asdict(self) | {"sensors": [dict(sensor) for sensor in self.sensors]}


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "wants a text"


def _number(least: int, most: int) -> Check:
    def check(value: Any) -> str | None:
        good = type(value) is int and least <= value <= most
        return None if good else f"wants a number from {least} to {most}"

    return check


def _one_of(names: tuple[str, ...]) -> Check:
    def check(value: Any) -> str | None:
        return None if value in names else f"wants one of {', '.join(names)}"

    return check


def _words(value: Any) -> str | None:
    good = isinstance(value, list) and value and all(isinstance(word, str) and word for word in value)
    return None if good else 'wants a command as a list of words, such as ["relay", "on"]'


def _radios(value: Any) -> str | None:
    good = isinstance(value, list) and all(name in RADIOS for name in value) and len(set(value)) == len(value)
    return None if good else f"wants a list of {', '.join(RADIOS)}, each once"


def _eui(value: Any) -> str | None:
    good = isinstance(value, str) and len(value) == 16 and not set(value.lower()) - set("0123456789abcdef")
    return None if good else "wants 16 hex digits"


_SENSOR: Mapping[str, Check] = {
    "driver": _one_of(SENSORS),
    "socket": _one_of(("a", "b")),
    "address": _number(8, 119),
    "index": _number(0, 1),
}
_POWER: Mapping[str, Check] = {
    "kind": _one_of(("none", "uhubctl", "command")),
    "hub": _text,
    "socket": _number(1, 16),
    "on": _words,
    "off": _words,
    "current": _words,
}
_WITNESS: Mapping[str, Check] = {
    "kind": _one_of(("none", "mqtt")),
    "host": _text,
    "port": _number(1, 65535),
    "dev_eui": _eui,
    "user": _text,
    "password_file": _text,
}
_BOARD: Mapping[str, Check] = {
    "name": _text,
    "type": _text,
    "port": _text,
    "engine": _one_of(ENGINES),
    "radios": _radios,
}
# What a kind cannot do without.
_NEEDS = {
    ("power", "uhubctl"): ("hub", "socket"),
    ("power", "command"): ("on", "off"),
    ("witness", "mqtt"): ("dev_eui",),
}


class _File:
    """Checks one file; every complaint knows its line."""

    def __init__(self, name: str, text: str):
        self._name, self._text = name, text

    def refuse(self, where: tuple[str | int, ...], detail: str) -> RigError:
        line = line_of(lines_of(self._text), where)
        return RigError("LP-680", place=f"{self._name}:{line}", detail=detail)

    def parsed(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            place = f"{self._name}:{error_line(error, self._text)}"
            raise RigError("LP-680", place=place, detail=f"this is no TOML: {error}") from None

    def table(
        self,
        value: Any,
        checks: Mapping[str, Check],
        where: tuple[str | int, ...],
        more: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.refuse(where, f"{where[-1]} wants a table")
        for key, given in value.items():
            if key in more:
                continue
            if key not in checks:
                known = ", ".join((*checks, *more))
                raise self.refuse((*where, key), f"{key!r} is no setting here; known: {known}")
            if wrong := checks[key](given):
                raise self.refuse((*where, key), f"{key} {wrong}")
        return value

    def part(
        self, board: Mapping[str, Any], name: str, checks: Mapping[str, Check], at: int
    ) -> dict[str, Any]:
        where = ("board", at, name)
        found = self.table(board.get(name, {}), checks, where)
        for key in _NEEDS.get((name, found.get("kind", "none")), ()):
            if key not in found:
                raise self.refuse(where, f"[{name}] of kind {found['kind']!r} wants {key!r}")
        return {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}

    def sensors(self, board: Mapping[str, Any], at: int) -> Iterator[Mapping[str, Any]]:
        listed = board.get("sensors", [])
        where = ("board", at, "sensors")
        if not isinstance(listed, list):
            raise self.refuse(where, "sensors wants a list of tables")
        for number, sensor in enumerate(listed):
            found = self.table(sensor, _SENSOR, (*where, number))
            if "driver" not in found:
                raise self.refuse((*where, number), "a sensor wants its 'driver'")
            if found["driver"] in [earlier["driver"] for earlier in listed[:number]]:
                raise self.refuse((*where, number), f"{found['driver']} is listed twice")
            yield found


def parse(text: str, name: str = "rig.toml") -> tuple[BoardPlan, ...]:
    """The boards of a rig, from the text of its file.

    Raises:
        RigError: LP-680 with file, line and what is wrong there.
    """
    file = _File(name, text)
    parsed = file.parsed()
    for key in parsed:
        if key != "board":
            raise file.refuse((key,), f"{key!r} is no setting here; known: [[board]]")
    listed = parsed.get("board")
    if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise file.refuse(("board",), "a rig wants at least one [[board]]")
    plans: list[BoardPlan] = []
    for at, board in enumerate(listed):
        found = file.table(board, _BOARD, ("board", at), ("sensors", "power", "witness"))
        if "name" not in found:
            raise file.refuse(("board", at), "a board wants its 'name'")
        if found["name"] in [plan.name for plan in plans]:
            raise file.refuse(("board", at, "name"), f"two boards are called {found['name']!r}")
        plain: dict[str, Any] = {key: value for key, value in found.items() if key in _BOARD}
        plain["radios"] = tuple(plain.get("radios", ()))
        plans.append(
            BoardPlan(
                **plain,
                sensors=tuple(file.sensors(board, at)),
                power=PowerPlan(**file.part(board, "power", _POWER, at)),
                witness=WitnessPlan(**file.part(board, "witness", _WITNESS, at)),
            )
        )
    return tuple(plans)


def load(path: Path) -> tuple[BoardPlan, ...]:
    """The boards of a rig.

    Raises:
        RigError: LP-680, also when the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RigError("LP-680", place=path, detail=f"cannot be read: {error}") from None
    return parse(text, str(path))

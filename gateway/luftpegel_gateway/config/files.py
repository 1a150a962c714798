"""gateway.toml and stations.toml: read whole, judged whole, refused with file, line, cause and next step.

Nothing is opened or started here. Every mistake is found in one go, so that an operator mends the file once.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luftpegel_gateway import sinks, sources
from luftpegel_gateway.config.options import (
    REQUIRED,
    Option,
    Wrong,
    choice,
    matching,
    number,
    path,
    port,
    text,
    whole,
)
from luftpegel_gateway.config.toml_lines import Path as KeyPath
from luftpegel_gateway.config.toml_lines import error_line, line_of, lines_of
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.words.messages import say

GATEWAY_OPTIONS = {
    "data": Option(path),
    "stations": Option(path),
    "linger_ms": Option(whole(0, 1000), 5),
    "keep_days": Option(whole(1, 36500), 31),
    "keep_mib": Option(whole(16, 10_000_000), 4096),
    "quarantine_days": Option(whole(1, 36500), 400),
    "quarantine_mib": Option(whole(1, 1_000_000), 64),
    "downlink_s_per_hour": Option(number(0, 360), 9.0),
}
PAGE_OPTIONS = {"host": Option(text, "127.0.0.1"), "port": Option(port, 8080)}
STATION_OPTIONS = {
    "id": Option(matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "LP-0001")),
    "dev_eui": Option(matching(r"[0-9A-Fa-f]{16}", "70b3d57ed0001234")),
    "name": Option(text),
    "kind": Option(choice("climate", "air", "level")),
    "interval_s": Option(whole(10, 86400), 600),
    "latitude": Option(number(-90, 90), None),
    "longitude": Option(number(-180, 180), None),
}
# Parts of the gateway that report troubles under these names themselves.
RESERVED = ("journal", "intake", "retention", "control")
NAME = Option(matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "chirpstack"), None)


@dataclass(frozen=True, slots=True)
class Part:
    """One [[source]] or [[sink]]: its kind, its name (unique), and its options as read by its own table."""

    kind: str
    name: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Config:
    """Both files, judged. `page` is (host, port), or None when there is no [page]."""

    data: Path
    stations: tuple[Station, ...]
    sources: tuple[Part, ...]
    sinks: tuple[Part, ...]
    page: tuple[str, int] | None
    linger_s: float
    keep_days: int
    keep_mib: int
    quarantine_days: int
    quarantine_mib: int
    downlink_s_per_hour: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a file: where, which code, and the words of its message."""

    file: Path
    line: int
    code: str
    words: Mapping[str, object]

    def text(self, language: str) -> str:
        """The mistake for people: file, line, cause, next step."""
        return f"{self.file}:{self.line}: {say(self.code, language, **self.words)}"


class BadConfig(Exception):  # noqa: N818 - told to the operator, not to a programmer
    """The files cannot be used; `mistakes` has all of them in order of their lines."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(mistake.text("en") for mistake in mistakes))
        self.mistakes = mistakes


class _File:
    """One TOML file: its values, its lines, and the mistakes found in it so far."""

    def __init__(self, file: Path) -> None:
        self.path = file
        self.mistakes: list[Mistake] = []
        self.lines: dict[KeyPath, int] = {}
        self.content: dict[str, Any] = {}
        try:
            raw = file.read_bytes().decode("utf-8")
            self.content = tomllib.loads(raw)
            self.lines = lines_of(raw.replace("\r\n", "\n"))
        except OSError as error:
            self._add(1, "LP-301", reason=error.strerror)
        except UnicodeDecodeError as error:
            self._add(error.object.count(b"\n", 0, error.start) + 1, "LP-301", reason="not UTF-8")
        except tomllib.TOMLDecodeError as error:
            self._add(error_line(error, raw), "LP-302", reason=str(error).split(" (at ")[0])

    def _add(self, line: int, code: str, **words: object) -> None:
        self.mistakes.append(Mistake(self.path, line, code, words))

    def wrong(self, place: KeyPath, code: str, **words: object) -> None:
        """Note a mistake at `place`."""
        self._add(line_of(self.lines, place), code, **words)

    def read(self, place: KeyPath, table: Any, options: Mapping[str, Option]) -> dict[str, Any]:
        """A table by its options, defaults filled in; what is wrong is noted, and None in the result."""
        if not isinstance(table, dict):
            self.wrong(place, "LP-304", key=place[0], expected=f"a table [{place[0]}]", got="a value")
            return dict.fromkeys(options)
        self.unknown(place, table, options)
        return {key: self._value((*place, key), table, key, option) for key, option in options.items()}

    def unknown(self, place: KeyPath, table: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        """Note every key that nobody reads, with the one that was probably meant."""
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, list(known), 1, 0.5)
                hint = {"near": near[0]} if near else {"known": ", ".join(known)}
                self.wrong((*place, key), "LP-303" if near else "LP-313", key=key, **hint)

    def _value(self, place: KeyPath, table: Mapping[str, Any], key: str, option: Option) -> Any:
        if key not in table:
            if option.default is REQUIRED:
                self.wrong(place[:-1], "LP-305", key=key)
                return None
            return option.default
        try:
            return option.read(table[key], self.path.parent)
        except Wrong as wrong:
            self.wrong(place, wrong.code, key=key, **wrong.words)
            return None

    def tables(self, key: str) -> list[tuple[KeyPath, dict[str, Any]]]:
        """The elements of an array of tables, each with its place."""
        found = self.content.get(key, [])
        if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
            self.wrong((key,), "LP-304", key=key, expected=f"tables [[{key}]]", got="something else")
            return []
        return [((key, index), table) for index, table in enumerate(found)]


def load(file: Path) -> Config:
    """Both files. Raises BadConfig with every mistake found."""
    main = _File(file)
    if main.mistakes:
        raise BadConfig(main.mistakes)
    main.unknown((), main.content, dict.fromkeys(("gateway", "source", "sink", "page")))
    if "gateway" not in main.content:
        main.wrong((), "LP-305", key="[gateway]")
    gateway = main.read(("gateway",), main.content.get("gateway", {}), GATEWAY_OPTIONS)
    page = main.read(("page",), main.content["page"], PAGE_OPTIONS) if "page" in main.content else None
    names = set(RESERVED)
    tables = (("source", sources.SOURCES), ("sink", sinks.SINKS))
    parts = {key: _parts(main, key, kinds, names) for key, kinds in tables}
    stations, mistakes = _stations(gateway["stations"]) if gateway["stations"] else ((), [])
    if mistakes := sorted(main.mistakes, key=lambda mistake: mistake.line) + mistakes:
        raise BadConfig(mistakes)
    return Config(
        data=gateway["data"],
        stations=stations,
        sources=parts["source"],
        sinks=parts["sink"],
        page=(page["host"], page["port"]) if page else None,
        linger_s=gateway["linger_ms"] / 1000,
        keep_days=gateway["keep_days"],
        keep_mib=gateway["keep_mib"],
        quarantine_days=gateway["quarantine_days"],
        quarantine_mib=gateway["quarantine_mib"],
        downlink_s_per_hour=gateway["downlink_s_per_hour"],
    )


def _parts(main: _File, key: str, kinds: Mapping[str, str], names: set[str]) -> tuple[Part, ...]:
    """All [[source]] or [[sink]] tables, at least one; their names are added to `names`, which are taken."""
    parts = []
    tables = main.tables(key)
    if not tables and not any(mistake.words.get("key") == key for mistake in main.mistakes):
        main.wrong((), "LP-305", key=f"[[{key}]]")
    for place, table in tables:
        part = _part(main, key, place, table, kinds)
        if part is not None and part.name in names:
            main.wrong((*place, "name"), "LP-312", value=part.name)
        elif part is not None:
            names.add(part.name)
            parts.append(part)
    return tuple(parts)


def _part(
    main: _File, key: str, place: KeyPath, table: dict[str, Any], kinds: Mapping[str, str]
) -> Part | None:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        expected = ", ".join(f'"{word}"' for word in kinds)
        main.wrong((*place, "kind"), "LP-306", key="kind", expected=expected, got=repr(kind))
        return None
    module = sources.module_of(kind) if key == "source" else sinks.module_of(kind)
    options = main.read(place, table, {"kind": Option(text), "name": NAME, **module.OPTIONS})
    return Part(kind, options["name"] or kind, options)


def _stations(file: Path) -> tuple[tuple[Station, ...], list[Mistake]]:
    """The stations of stations.toml; ids and device EUIs are unique."""
    content = _File(file)
    if content.mistakes:
        return (), content.mistakes
    content.unknown((), content.content, {"station": None})
    stations = []
    seen: dict[tuple[str, str], int] = {}
    for place, table in content.tables("station"):
        before = len(content.mistakes)
        values = content.read(place, table, STATION_OPTIONS)
        if len(content.mistakes) > before:
            continue
        station = Station(**values | {"dev_eui": values["dev_eui"].lower()})
        stations.append(station)
        for key in ("id", "dev_eui"):
            line = line_of(content.lines, (*place, key))
            other = seen.setdefault((key, getattr(station, key)), line)
            if other != line:
                content.wrong(
                    (*place, key), "LP-307", key=key, value=getattr(station, key), other=f"line {other}"
                )
    return tuple(stations), sorted(content.mistakes, key=lambda mistake: mistake.line)

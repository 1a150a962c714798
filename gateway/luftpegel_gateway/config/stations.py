"""stations.toml: every [[station]] with its place, its limits and its neighbours."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.judged import JudgedFile, Mistake
from luftpegel_gateway.config.limits import limits_of
from luftpegel_gateway.config.options import Option, choice, listed, matching, number, table, text, whole
from luftpegel_gateway.config.toml_lines import Path as KeyPath
from luftpegel_gateway.config.toml_lines import line_of
from luftpegel_gateway.model.station import Station

_ID = matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "LP-0001")
OPTIONS = {
    "id": Option(_ID),
    "dev_eui": Option(matching(r"[0-9A-Fa-f]{16}", "70b3d57ed0001234")),
    "name": Option(text),
    "kind": Option(choice("climate", "air", "level")),
    "interval_s": Option(whole(10, 86400), 600),
    "latitude": Option(number(-90, 90), None),
    "longitude": Option(number(-180, 180), None),
    "limits": Option(table, {}),
    "neighbours": Option(listed(_ID), ()),
}


def read_stations(file: Path) -> tuple[tuple[Station, ...], list[Mistake]]:
    """The stations of stations.toml; ids and device EUIs are unique."""
    content = JudgedFile(file)
    if content.mistakes:
        return (), content.mistakes
    content.unknown((), content.content, {"station": None})
    tables = content.tables("station")
    if not tables and not content.mistakes:
        content.wrong((), "LP-343")
    ids = [one.get("id") for _, one in tables]
    stations = []
    seen: dict[tuple[str, str], int] = {}
    for place, one in tables:
        before = len(content.mistakes)
        values = content.read(place, one, OPTIONS)
        values["limits"] = limits_of(content, (*place, "limits"), values["limits"] or {})
        _judge_neighbours(content, place, values, ids)
        _judge_place(content, place, values)
        if len(content.mistakes) > before:
            continue
        station = Station(**values | {"dev_eui": values["dev_eui"].lower()})
        stations.append(station)
        _judge_unique(content, place, station, seen)
    return tuple(stations), sorted(content.mistakes, key=lambda mistake: mistake.line)


def _judge_unique(
    content: JudgedFile, place: KeyPath, station: Station, seen: dict[tuple[str, str], int]
) -> None:
    """Note an id or device EUI that another station has; `seen` has the line of each."""
    for key in ("id", "dev_eui"):
        value, line = getattr(station, key), line_of(content.lines, (*place, key))
        other = seen.setdefault((key, value), line)
        if other != line:
            content.wrong((*place, key), "LP-307", key=key, value=value, other=other)


def _judge_neighbours(
    content: JudgedFile, place: KeyPath, values: Mapping[str, Any], ids: Sequence[Any]
) -> None:
    """Note a neighbour that does not exist, or is the station itself."""
    for neighbour in values["neighbours"] or ():
        if neighbour == values["id"]:
            content.wrong((*place, "neighbours"), "LP-318", value=neighbour)
        elif neighbour not in ids:
            content.wrong((*place, "neighbours"), "LP-317", value=neighbour)


def _judge_place(content: JudgedFile, place: KeyPath, values: Mapping[str, Any]) -> None:
    """Note half a place: a latitude without a longitude, or the other way round."""
    for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if values[one] is not None and values[other] is None and (*place, other) not in content.lines:
            content.wrong((*place, one), "LP-338", key=one, other=other)

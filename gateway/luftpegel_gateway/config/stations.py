"""stations.toml: every [[station]] with its place, its limits and its neighbours.

A station that was renamed has the id that people see, and `kept_as`: the one that its readings had before and
go on to have, in the journal and at every sink. So a renaming moves no row, and cannot lose any.
"""

import datetime
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.judged import JudgedFile, Mistake
from luftpegel_gateway.config.limits import limits_of
from luftpegel_gateway.config.options import (
    Option,
    Wrong,
    choice,
    listed,
    matching,
    number,
    table,
    text,
    whole,
)
from luftpegel_gateway.config.toml_lines import Path as KeyPath
from luftpegel_gateway.config.toml_lines import line_of
from luftpegel_gateway.model.station import Station

NO_STATIONS = "LP-343"
Ids = Mapping[tuple[str, Any], Any]  # (tenant, id) -> `kept_as`, as they stand in the file
_ID = matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "LP-0001")


def day(value: Any, _folder: Path) -> str:
    """A day, as 2026-11-26 without quotes."""
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise Wrong("LP-311", example="2026-11-26", got=value)
    return value.isoformat()


OPTIONS = {
    "id": Option(_ID),
    "kept_as": Option(_ID, None),
    "dev_eui": Option(matching(r"[0-9A-Fa-f]{16}", "70b3d57ed0001234")),
    "name": Option(text),
    "kind": Option(choice("climate", "air", "level")),
    "interval_s": Option(whole(10, 86400), 600),
    "latitude": Option(number(-90, 90), None),
    "longitude": Option(number(-180, 180), None),
    "limits": Option(table, {}),
    "neighbours": Option(listed(_ID), ()),
    "retired": Option(day, None),
    "tenant": Option(_ID, ""),
}


def read_stations(
    file: Path, tenants: Collection[str] = ("",)
) -> tuple[tuple[Station, ...], list[Mistake]]:
    """The stations of stations.toml; within a tenant ids and device EUIs are unique.

    A device may be named by a retired station too: its board hangs elsewhere now.
    """
    content = JudgedFile(file)
    if content.mistakes:
        return (), content.mistakes
    content.unknown((), content.content, {"station": None})
    tables = content.tables("station")
    if not tables and not content.mistakes:
        content.wrong((), NO_STATIONS)
    ids = _ids(one for _, one in tables)
    stations = []
    seen: dict[tuple[str, str, str], int] = {}
    for place, one in tables:
        before = len(content.mistakes)
        values = content.read(place, one, OPTIONS)
        values["limits"] = limits_of(content, (*place, "limits"), values["limits"] or {})
        _judge_neighbours(content, place, values, ids)
        _judge_place(content, place, values)
        if values["tenant"] is not None and values["tenant"] not in tenants:
            content.wrong((*place, "tenant"), "LP-368", value=values["tenant"])
        if len(content.mistakes) > before:
            continue
        station = _station(values, ids)
        stations.append(station)
        _judge_unique(content, place, station, seen)
    return tuple(stations), sorted(content.mistakes, key=lambda mistake: mistake.line)


def _ids(tables: Iterable[Mapping[str, Any]]) -> Ids:
    """By what each station may be named: its id, or the one from before it was renamed."""
    found: dict[tuple[str, Any], Any] = {}
    for one in tables:
        tenant, shown, kept = one.get("tenant", ""), one.get("id"), one.get("kept_as")
        if isinstance(tenant, str):
            found |= {(tenant, name): kept or shown for name in (shown, kept) if isinstance(name, str)}
    return found


def _station(values: dict[str, Any], ids: Ids) -> Station:
    """The station of a table that is right; neighbours are named as their readings are."""
    tenant, shown = values["tenant"], values["id"]
    kept = values.pop("kept_as") or shown
    told = {
        "id": kept,
        "renamed": shown if kept != shown else "",
        "dev_eui": values["dev_eui"].lower(),
        "neighbours": tuple(ids[tenant, name] for name in values["neighbours"]),
        "retired": values["retired"] or "",
    }
    return Station(**values | told)


def _judge_unique(
    content: JudgedFile, place: KeyPath, station: Station, seen: dict[tuple[str, str, str], int]
) -> None:
    """Note an id or device EUI that another station has; `seen` has the line of each."""
    names = {("id", station.label): "id", ("id", station.id): "kept_as" if station.renamed else "id"}
    if not station.retired:
        names["dev_eui", station.dev_eui] = "dev_eui"
    for (space, value), key in names.items():
        line = line_of(content.lines, (*place, key))
        other = seen.setdefault((station.tenant, space, value), line)
        if other != line:
            content.wrong((*place, key), "LP-307", key=key, value=value, other=other)


def _judge_neighbours(
    content: JudgedFile, place: KeyPath, values: Mapping[str, Any], ids: Ids
) -> None:
    """Note a neighbour that does not exist, or is the station itself."""
    for neighbour in values["neighbours"] or ():
        if neighbour == values["id"]:
            content.wrong((*place, "neighbours"), "LP-318", value=neighbour)
        elif (values["tenant"], neighbour) not in ids:
            content.wrong((*place, "neighbours"), "LP-317", value=neighbour)


def _judge_place(content: JudgedFile, place: KeyPath, values: Mapping[str, Any]) -> None:
    """Note half a place: a latitude without a longitude, or the other way round."""
    for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if values[one] is not None and values[other] is None and (*place, other) not in content.lines:
            content.wrong((*place, one), "LP-338", key=one, other=other)

"""`luftpegel plan station.toml`: airtime, duty cycle, fair use and battery, before anything is bought."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.station_files.station_file import StationFileError, load_both
from luftpegel_tools.station_files.station_plan import StationPlan
from luftpegel_tools.technician.planning import currents
from luftpegel_tools.technician.planning.budget import FAIR_USE_S, INTERVALS_S, Battery, Row, rows
from luftpegel_tools.technician.planning.chart import svg
from luftpegel_tools.technician.whole_file import write_whole
from luftpegel_tools.technician.words import TroubleError

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for
_SAID: dict[str, dict[str, Any]] = {
    "en": {
        "head": "{station}: {board}, {radio}, {sensors}; {channels} channels; {mah:g} mAh of the battery may be used",
        "columns": ("SF", "DR", "every", "bytes", "readings", "airtime", "a day", "duty cycle", "fair use", "battery"),
        "minutes": "{:g} min", "months": "{:.0f} months", "yes": "ok", "no": "no", "over": "over",
        "notes": "readings: in one frame, the newest and older ones. fair use: {fair:g} s a day, The Things Network's; ≤: with such a frame_bytes. over: the radio waits, and readings come later.",
        "sources": "Currents, typical, rounded:",
        "plot": "Months of battery, {station}", "unit": "months; below: SF",
    },
    "de": {
        "head": "{station}: {board}, {radio}, {sensors}; {channels} Kanäle; {mah:g} mAh der Batterie sind nutzbar",
        "columns": ("SF", "DR", "alle", "Bytes", "Werte", "Sendezeit", "am Tag", "Duty Cycle", "Fair Use", "Batterie"),
        "minutes": "{:g} min", "months": "{:.0f} Monate", "yes": "ok", "no": "nein", "over": "zu viel",
        "notes": "Werte: Messungen in einem Frame, die neueste und ältere. Fair Use: {fair:g} s am Tag, The Things Network; ≤: mit solchen frame_bytes. zu viel: das Funkmodul wartet, Werte kommen später.",
        "sources": "Ströme, typisch, gerundet:",
        "plot": "Monate Batterie, {station}", "unit": "Monate; unten: SF",
    },
}  # fmt: skip
_MAH, _USABLE = 6000.0, 80.0
_SHORTEST_S, _LONGEST_S = 60, 86_400


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="station.toml")
    parser.add_argument(
        "--battery", type=_positive, default=_MAH, metavar="MAH", help="capacity (default: %(default)g mAh)"
    )
    parser.add_argument(
        "--usable", type=_percent, default=_USABLE, metavar="PERCENT",
        help="of it that cold, age and the regulator leave (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--every", type=_interval, action="append", metavar="MINUTES", help="interval (default: 5, 10, 15)"
    )
    parser.add_argument("--sleep-ua", type=_positive, metavar="UA", help="the board asleep, as measured")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="the battery's life as a chart")
    parser.add_argument("--lang", choices=("de", "en"), help="language (default: yours)")
    parser.add_argument("--json", action="store_true", help="the answer for machines")


def run(args: argparse.Namespace) -> int:
    """Reckon: 0 done, 1 the station file is refused or the chart cannot be written."""
    language = language_of(args.lang)
    try:
        _, plan = load_both(args.file, language)
        battery = Battery(args.battery * args.usable / 100)
        found = list(rows(plan, battery, args.every or INTERVALS_S, args.sleep_ua))
        if args.plot:
            _draw(args.plot, found, plan, language)
    except StationFileError as error:
        print(error, file=sys.stderr)
        return 1
    except TroubleError as trouble:
        print(trouble.text(language), file=sys.stderr)
        return 1
    if args.json:
        told = {
            "station": plan.settings["station"],
            "usable_mah": battery.usable_mah,
            "rows": [row.plain() for row in found],
            "sources": _sources(plan),
        }
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _print(plan, battery, found, language)
    return 0


def _print(plan: StationPlan, battery: Battery, found: Sequence[Row], language: str) -> None:
    said = _SAID[language]
    radio = plan.settings["radio"]
    head = said["head"].format(
        station=plan.settings["station"], board=plan.settings["board"], radio=radio["driver"],
        sensors=" ".join(sensor["driver"] for sensor in plan.settings["sensors"]),
        channels=len(plan.channels), mah=battery.usable_mah,
    )  # fmt: skip
    table = [said["columns"], *(_cells(row, said) for row in found)]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    print(head)
    for line in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    print(said["notes"].format(fair=FAIR_USE_S))
    print(said["sources"])
    for name, source in _sources(plan).items():
        print(f"  {name}: {source}")


def _cells(row: Row, said: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(row.spreading_factor),
        str(row.data_rate),
        str(said["minutes"]).format(row.interval_s / 60),
        str(row.frame_bytes),
        str(row.readings),
        f"{row.airtime_ms} ms",
        f"{row.airtime_s_a_day:.0f} s",
        f"{row.duty_percent:.2f} %" if row.legal else f"{row.duty_percent:.2f} % {said['over']}",
        _fair(row, said),
        str(said["months"]).format(row.battery_months),
    )


def _fair(row: Row, said: dict[str, Any]) -> str:
    if row.fair:
        return str(said["yes"])
    return f"≤ {row.fair_frame_bytes} B" if row.fair_frame_bytes else str(said["no"])


def _sources(plan: StationPlan) -> dict[str, str]:
    settings = plan.settings
    board, radio = settings["board"], settings["radio"]["driver"]
    parts = {board: currents.BOARDS[board].source, radio: currents.RADIOS[radio].source}
    for sensor in settings["sensors"]:
        parts[sensor["driver"]] = currents.SENSORS[sensor["driver"]].source
    return parts


def _draw(file: Path, found: Sequence[Row], plan: StationPlan, language: str) -> None:
    said = _SAID[language]
    title = str(said["plot"]).format(station=plan.settings["station"])
    try:
        write_whole(file, svg(found, title, str(said["unit"])))
    except OSError as error:
        raise TroubleError("LP-612", file=file, detail=error.strerror) from None


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError("a number above 0 is asked for")
    return value


def _percent(text: str) -> float:
    value = float(text)
    if not 0 < value <= 100:
        raise argparse.ArgumentTypeError("1 to 100 is asked for")
    return value


def _interval(text: str) -> int:
    seconds = round(float(text) * 60)
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError("1 to 1440 minutes are asked for")
    return seconds

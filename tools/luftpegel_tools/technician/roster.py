"""The roster: a table that a town writes, usually in a spreadsheet, with a line for each station to come.

    station,name,kind,station_file,dev_eui,latitude,longitude
    LP-0001,Mühlbach Brücke,level,level.toml,,50.0513,6.3022

Separated by commas or, as German spreadsheets do, by semicolons (then numbers may have a decimal comma). A
town's own columns may stand beside ours. A station's number is its place in the table, from 1: its board
blinks it, its label shows it; so lines are added at the end.
"""

import csv
import difflib
import io
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from luftpegel_tools.technician.whole_file import write_whole
from luftpegel_tools.technician.words import TroubleError

KINDS = ("level", "climate", "air")
NO_JOIN_EUI = "0" * 16
LARGEST = 4_000_000  # bytes: some ten thousand stations
_LOCALLY_ADMINISTERED, _GROUP = 0x02, 0x01  # IEEE 802, in the first byte of an EUI


@dataclass(frozen=True, slots=True)
class Entry:
    """One station: `number` from 1, EUIs as 16 lower-case hex digits ("" where there is none yet), places in
    degrees (WGS 84), `station_file` with its sensors, board and radio, `line` of the table (from 1)."""

    number: int
    station: str
    name: str
    kind: str
    station_file: Path
    dev_eui: str
    join_eui: str
    latitude: float | None
    longitude: float | None
    line: int


class Roster:
    """All stations of a table, in its order."""

    def __init__(self, file: Path, entries: Sequence[Entry]) -> None:
        self.file = file
        self.entries = tuple(entries)
        self._by_station = {entry.station: entry for entry in entries}
        self._by_dev_eui = {entry.dev_eui: entry for entry in entries if entry.dev_eui}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def station(self, name: str) -> Entry | None:
        """The entry of a station's id."""
        return self._by_station.get(name)

    def dev_eui(self, eui: str) -> Entry | None:
        """The entry of a DevEUI (16 hex digits)."""
        return self._by_dev_eui.get(eui.lower())

    def require_euis(self) -> None:
        """Raise TroubleError LP-605 where a station has no DevEUI yet."""
        bare = [entry.station for entry in self.entries if not entry.dev_eui]
        if bare:
            raise TroubleError("LP-605", file=self.file, count=len(bare), detail=bare[0])


def _matching(pattern: str, wanted: str) -> "Reader":
    def read(cell: str, _comma: bool) -> str:
        if not re.fullmatch(pattern, cell):
            raise ValueError(wanted)
        return cell

    return read


def _degrees(limit: int) -> "Reader":
    def read(cell: str, comma: bool) -> float:
        try:
            value = float(cell.replace(",", ".") if comma else cell)
        except ValueError:
            value = float("nan")
        if not -limit <= value <= limit:
            raise ValueError(f"-{limit} … {limit}")
        return value

    return read


Reader = Callable[[str, bool], str | float]  # cell, whether a decimal comma may stand in it
_EUI = _matching(r"[0-9A-Fa-f]{16}", "70b3d57ed0001234")
# column -> (reader, what an empty cell means; ... where it may not be empty)
_COLUMNS: Mapping[str, tuple[Reader, object]] = {
    "station": (_matching(r"[0-9A-Za-z-]{1,32}", "LP-0001 (A-Z a-z 0-9 -, 1 … 32)"), ...),
    "name": (_matching(r"[^\x00-\x1f\x7f]{1,100}", "1 … 100 characters"), ...),
    "kind": (_matching("|".join(KINDS), " | ".join(KINDS)), ...),
    "station_file": (_matching(r"[^\x00-\x1f\x7f]+\.(toml|json)", "level.toml"), ...),
    "dev_eui": (_EUI, ""),
    "join_eui": (_EUI, NO_JOIN_EUI),
    "latitude": (_degrees(90), None),
    "longitude": (_degrees(180), None),
}
_NEEDED = tuple(name for name, (_, empty) in _COLUMNS.items() if empty is ...)
_SPREADSHEET_BYTES = "-: "  # 70-B3-…, 70:B3:…, as labels and vendors' lists have it


def read_roster(file: Path) -> Roster:
    """Read and check a table. Raises TroubleError (LP-600 to LP-604) with the first thing that is wrong."""
    header, rows, comma = _rows(file)
    _judge_header(file, header)
    entries: list[Entry] = []
    seen: dict[tuple[str, str], int] = {}
    for line, cells in rows:
        entry = _entry(file, line, len(entries) + 1, dict(zip(header, cells, strict=False)), comma)
        for column, value in (("station", entry.station), ("dev_eui", entry.dev_eui)):
            other = seen.setdefault((column, value.lower()), line)
            if value and other != line:
                raise TroubleError("LP-603", file=file, line=line, column=column, got=value, other=other)
        entries.append(entry)
    return Roster(file, entries)


def fill_euis(file: Path, draw: Callable[[int], bytes] = secrets.token_bytes) -> int:
    """Write a random DevEUI into each line that has none; all else stays byte by byte. Returns how many.

    Such an EUI is a locally administered one (IEEE 802c), which no maker's board has.
    """
    roster = read_roster(file)
    bare = {entry.line for entry in roster if not entry.dev_eui}
    if not bare:
        return 0
    text = _text(file)
    used = {entry.dev_eui for entry in roster}
    lines = text.splitlines(keepends=True)
    separator = _separator(lines[0])
    header = [name.strip().lower() for name in _cells(file, 1, lines[0], separator)]
    if "dev_eui" not in header:
        raise TroubleError("LP-601", file=file, detail="dev_eui", needed=", ".join([*_NEEDED, "dev_eui"]))
    column = header.index("dev_eui")
    for line in bare:
        eui = _new_eui(used, draw)
        cells = _cells(file, line, lines[line - 1], separator)
        lines[line - 1] = _with_cell(cells, lines[line - 1], separator, column, eui)
    write_whole(file, "".join(lines).encode("utf-8"))
    return len(bare)


def _new_eui(used: set[str], draw: Callable[[int], bytes]) -> str:
    while True:
        first, *rest = draw(8)
        eui = bytes([first & ~_GROUP | _LOCALLY_ADMINISTERED, *rest]).hex()
        if eui not in used:
            used.add(eui)
            return eui


def _with_cell(cells: list[str], line: str, separator: str, column: int, value: str) -> str:
    ending = line[len(line.rstrip("\r\n")) :]
    cells = cells + [""] * (column + 1 - len(cells))
    cells[column] = value
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=ending).writerow(cells)
    return out.getvalue()


def _entry(file: Path, line: int, number: int, cells: Mapping[str, str], comma: bool) -> Entry:
    values: dict[str, object] = {}
    for column, (read, empty) in _COLUMNS.items():
        cell = cells.get(column, "").strip()
        if column.endswith("_eui"):
            cell = cell.translate(dict.fromkeys(map(ord, _SPREADSHEET_BYTES)))
        if not cell and empty is not ...:
            values[column] = empty
            continue
        try:
            values[column] = read(cell, comma)
        except ValueError as wanted:
            raise _wrong(file, line, column, cell, str(wanted)) from None
    for column in ("dev_eui", "join_eui"):
        values[column] = str(values[column]).lower()
    if (values["latitude"] is None) != (values["longitude"] is None):
        column = "latitude" if values["latitude"] is None else "longitude"
        raise _wrong(file, line, column, "", "latitude + longitude")
    values["station_file"] = file.parent / str(values["station_file"])
    return Entry(number=number, line=line, **values)  # type: ignore[arg-type]


def _wrong(file: Path, line: int, column: str, got: str, wanted: str) -> TroubleError:
    return TroubleError("LP-602", file=file, line=line, column=column, got=repr(got), wanted=wanted)


def _rows(file: Path) -> tuple[list[str], list[tuple[int, list[str]]], bool]:
    """Header, (line, cells) of each row that is not empty, and whether semicolons separate."""
    lines = _text(file).splitlines()
    if not lines:
        raise TroubleError("LP-601", file=file, detail=_NEEDED[0], needed=", ".join(_NEEDED))
    separator = _separator(lines[0])
    table = [_cells(file, number, line, separator) for number, line in enumerate(lines, 1)]
    header = [name.strip().lower() for name in table[0]]
    rows = [(line, cells) for line, cells in enumerate(table[1:], 2) if any(cell.strip() for cell in cells)]
    return header, rows, separator == ";"


def _cells(file: Path, number: int, line: str, separator: str) -> list[str]:
    """A line is a row: a cell with a line break in it is refused."""
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=separator, strict=True), [])
    except csv.Error as error:
        raise TroubleError("LP-600", file=f"{file}:{number}", detail=error) from None


def _separator(header: str) -> str:
    return max(",;\t", key=header.count)


def _judge_header(file: Path, header: Sequence[str]) -> None:
    for name in _NEEDED:
        if name not in header:
            close = difflib.get_close_matches(name, header, 1, 0.7)
            if close:
                raise TroubleError("LP-604", file=file, line=1, column=repr(close[0]), got=name)
            raise TroubleError("LP-601", file=file, detail=name, needed=", ".join(_NEEDED))
    for name in header:
        close = difflib.get_close_matches(name, _COLUMNS, 1, 0.8)
        if close and name not in _COLUMNS and close[0] not in header:
            raise TroubleError("LP-604", file=file, line=1, column=repr(name), got=close[0])
        if name in _COLUMNS and header.count(name) > 1:
            raise TroubleError("LP-603", file=file, line=1, column=name, got="", other=1)


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
        if len(content) > LARGEST:
            raise ValueError(f"> {LARGEST} bytes")
        text = content.decode("utf-8-sig")
        if "\0" in text:
            raise ValueError("NUL")
    except OSError as error:
        raise TroubleError("LP-600", file=file, detail=error.strerror) from None
    except ValueError as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise TroubleError("LP-600", file=file, detail=reason) from None
    return text

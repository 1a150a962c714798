"""The town's radio gateways, if the network server shall know them from here: `gateways.csv`.

    gateway_id,name,latitude,longitude,altitude
    0016c001f1500001,Rathaus,50.0510,6.3010,412

The id is what stands on the gateway (16 hex digits, its EUI); degrees WGS 84, altitude in metres; all but id
and name may be empty. Separators as in the roster.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from luftpegel_tools.technician.words import TroubleError

_NEEDED = ("gateway_id", "name")
_LIMITS = {"latitude": 90.0, "longitude": 180.0, "altitude": 9000.0}
_BETWEEN_BYTES = dict.fromkeys(map(ord, "-: "))


@dataclass(frozen=True, slots=True)
class RadioGateway:
    """One gateway; `latitude` and `longitude` in degrees, both or none, `altitude` in metres."""

    gateway_id: str
    name: str
    latitude: float | None
    longitude: float | None
    altitude: float


def read_gateways(file: Path) -> list[RadioGateway]:
    """Read and check the table. Raises TroubleError LP-600 to LP-603."""
    try:
        lines = file.read_bytes().decode("utf-8-sig").splitlines()
    except OSError as error:
        raise TroubleError("LP-600", file=file, detail=error.strerror) from None
    except UnicodeDecodeError:
        raise TroubleError("LP-600", file=file, detail="not UTF-8") from None
    separator = max(",;\t", key=(lines[0] if lines else "").count)
    try:
        table = list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error as error:
        raise TroubleError("LP-600", file=file, detail=error) from None
    header = [name.strip().lower() for name in table[0]] if table else []
    for name in _NEEDED:
        if name not in header:
            raise TroubleError("LP-601", file=file, detail=name, needed=", ".join(_NEEDED))
    found: dict[str, int] = {}
    gateways = []
    for line, cells in enumerate(table[1:], 2):
        if any(cell.strip() for cell in cells):
            one = _gateway(file, line, dict(zip(header, cells, strict=False)), separator == ";")
            if (other := found.setdefault(one.gateway_id, line)) != line:
                raise TroubleError(
                    "LP-603", file=file, line=line, column="gateway_id", got=one.gateway_id, other=other
                )
            gateways.append(one)
    return gateways


def _gateway(file: Path, line: int, cells: Mapping[str, str], comma: bool) -> RadioGateway:
    gateway_id = cells["gateway_id"].strip().translate(_BETWEEN_BYTES).lower()
    if not re.fullmatch(r"[0-9a-f]{16}", gateway_id):
        raise _wrong(file, line, "gateway_id", cells["gateway_id"], "0016c001f1500001")
    name = cells.get("name", "").strip()
    if not re.fullmatch(r"[^\x00-\x1f\x7f]{1,100}", name):
        raise _wrong(file, line, "name", name, "1 … 100 characters")
    place = {column: _number(file, line, column, cells, comma) for column in _LIMITS}
    if (place["latitude"] is None) != (place["longitude"] is None):
        raise _wrong(file, line, "latitude", "", "latitude + longitude")
    return RadioGateway(gateway_id, name, place["latitude"], place["longitude"], place["altitude"] or 0.0)


def _number(file: Path, line: int, column: str, cells: Mapping[str, str], comma: bool) -> float | None:
    cell = cells.get(column, "").strip()
    if not cell:
        return None
    limit = _LIMITS[column]
    try:
        value = float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        value = float("nan")
    if not -limit <= value <= limit:
        raise _wrong(file, line, column, cell, f"-{limit:g} … {limit:g}")
    return value


def _wrong(file: Path, line: int, column: str, got: str, wanted: str) -> TroubleError:
    return TroubleError("LP-602", file=file, line=line, column=column, got=repr(got), wanted=wanted)

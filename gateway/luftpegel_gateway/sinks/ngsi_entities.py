"""What an item is in NGSI-LD: attributes of entities, each with the reading that it is of. Pure.

ETSI GS CIM 009, 4.5 (normalized form); which quantity lives where: `ngsi_table.py` and `ngsi_models.py`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised, Observed
from luftpegel_gateway.model.quality import quality_of, words_of
from luftpegel_gateway.model.quantities import name_of
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks.ngsi_models import (
    AIR_QUALITY,
    ALERT,
    BY_KIND,
    CONTROLLED,
    DEVICE,
    MODELS,
)
from luftpegel_gateway.sinks.ngsi_table import HOMES, Home

AHEAD_S = 600  # a time that the clocks dispute and that lies so far behind its frame's is nobody's newest
UNKNOWN = Home("", DEVICE, "", 0, None, None, None, True)  # a quantity that this gateway does not know yet
_encode = msgspec.json.Encoder().encode


class Mark(msgspec.Struct, frozen=True, order=True):
    """Which reading an attribute is of; the higher one replaces the lower one. `time`: Unix seconds."""

    time: int
    life: int
    seq: int
    revision: int

    @property
    def name(self) -> tuple[int, int]:
        """What stays when the reading is corrected."""
        return self.life, self.seq


class Attribute(msgspec.Struct, frozen=True):
    """One attribute of one entity, as one reading has it. `body`: its JSON. `measured`: a value with a unit,
    that has a history."""

    entity: str
    type: str
    name: str
    mark: Mark
    body: str
    measured: bool


def attributes_of(item: Observed, kind: str) -> list[Attribute]:
    """All that a reading says; nothing where its time is not known, for NGSI-LD has no place for that.

    `kind`: the station's.
    """
    reading = item.reading
    if reading.time is None or reading.absent:
        return []
    mark = Mark(reading.time, item.ref.life, reading.seq, reading.revision)
    found = [
        Attribute(entity, home.type, name, mark, _measured(cell, home, reading, mark), measured=True)
        for cell in reading.cells
        if cell.value is not None
        for entity, home, name in [_place(item.ref, cell.channel, cell.value, kind)]
    ]
    times = {(attribute.entity, attribute.type) for attribute in found if attribute.type != DEVICE}
    device = urn(DEVICE, item.ref)
    found += [
        Attribute(entity, type_, MODELS[type_].observed, mark, _when(mark), measured=False)
        for entity, type_ in sorted({*times, (device, DEVICE)})
    ]
    found.append(Attribute(device, DEVICE, "deviceState", mark, _state(reading, mark), measured=False))
    return found


def current(item: Observed) -> bool:
    """Whether it may be an attribute's present value: a disputed time in the future would stand for years."""
    reading = item.reading
    return reading.time is not None and not (
        reading.unsure and reading.time > item.received_at / 1_000_000 + AHEAD_S
    )


def urn(type_: str, ref: Ref, *more: object) -> str:
    """The entity's id; stable, and of one station alone."""
    words = [*([ref.tenant] if ref.tenant else []), ref.station, *(str(word) for word in more)]
    return ":".join(["urn:ngsi-ld", type_, *(quote(word, safe="") for word in words)])


def fixed(entity: str, type_: str, ref: Ref, station: Station | None) -> dict[str, Any]:
    """What stands in an entity beside what was measured: who it is, and where."""
    model = MODELS[type_]
    body: dict[str, Any] = {"id": entity, "type": type_}
    if station is not None:
        body["name"] = _property(station.name)
    if station is not None and station.latitude is not None and station.longitude is not None:
        place = {"type": "Point", "coordinates": [station.longitude, station.latitude]}  # RFC 7946, 3.1.1
        body["location"] = {"type": "GeoProperty", "value": place}
    if model.device:
        body[model.device] = {"type": "Relationship", "object": urn(DEVICE, ref)}
    if model.station:
        body[model.station] = _property(ref.station)
    return body


def controlled(kind: str, types: Iterable[str]) -> dict[str, Any]:
    """`controlledProperty` of a device, which the model requires: by its kind, else by what it tells."""
    words = BY_KIND.get(kind) or sorted({word for type_ in types for word in CONTROLLED.get(type_, ())})
    return _property(list(words) or ["weatherConditions"])


def alert_of(alarm: AlarmRaised, station: Station | None) -> dict[str, Any]:
    """An alarm is an entity of its own, whose id is the alarm's name."""
    ref = alarm.ref
    entity = urn(ALERT, ref, ref.life, alarm.seq, alarm.channel, alarm.kind)
    home = _home(alarm.channel, station.kind if station else "")[0]
    issued = iso(alarm.received_at // 1_000_000 if alarm.time is None else alarm.time)
    return {
        **fixed(entity, ALERT, ref, station),
        "category": _property("environment"),
        "dateIssued": _property({"@type": "DateTime", "@value": issued}),
        "alertKind": _property(alarm.kind),
        "quantity": _property(name_of(alarm.channel)),
        "measuredValue": _number(alarm.value, home),  # no observedAt: a repeat is no second instance
        "threshold": _number(alarm.threshold, home),
    }


def iso(time: int) -> str:
    """Unix seconds as NGSI-LD writes a moment (4.6.3)."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def scaled(value: int, exponent: int) -> str:
    """A whole number times 10^exponent, as exact decimal digits."""
    return format(Decimal(value).scaleb(exponent), "f")


def _place(ref: Ref, channel: int, value: int, kind: str) -> tuple[str, Home, str]:
    """Entity, home and attribute of a value. A second sensor has an entity of its own, so that each attribute
    keeps its published name; what the model's range does not allow stands beside it."""
    home, name = _home(channel, kind)
    second = bool(channel & 1) and home is not UNKNOWN
    if home.type == DEVICE:
        return urn(DEVICE, ref), home, f"{name}2" if second else name
    number = Decimal(value).scaleb(home.exponent)
    if (home.low is not None and number < home.low) or (home.high is not None and number > home.high):
        name += "OutOfRange"
    return urn(home.type, ref, *(["2"] if second else [])), home, name


def _home(channel: int, kind: str) -> tuple[Home, str]:
    home = HOMES.get(channel >> 1)
    if home is None:
        return UNKNOWN, f"channel{channel}"
    if home.air and kind == "air":
        return home._replace(type=AIR_QUALITY), home.air
    return home, home.attribute


def _measured(cell: Cell, home: Home, reading: Reading, mark: Mark) -> str:
    flags = reading.flags_of(cell)
    body = {
        **_number(cell.value or 0, home),
        "observedAt": iso(mark.time),
        "quality": _property(quality_of(cell.wire, flags)),
        "qualityFlags": _property(list(words_of(flags)) or ["ok"]),  # an empty list is none in JSON-LD
        **_of_reading(mark),
    }
    return _encode(body).decode()


def _number(value: int, home: Home) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "Property", "value": msgspec.Raw(scaled(value, home.exponent).encode())}
    if home.unit:
        body["unitCode"] = home.unit
    return body


def _when(mark: Mark) -> str:
    moment = iso(mark.time)
    return _encode(
        {**_property({"@type": "DateTime", "@value": moment}), "observedAt": moment, **_of_reading(mark)}
    ).decode()


def _state(reading: Reading, mark: Mark) -> str:
    """`deviceState`: whether each sensor gave a value; a fault is told, never a number in its place."""
    silent = [name_of(cell.channel) for cell in reading.cells if cell.value is None]
    body = {**_property("fault" if silent else "ok"), "observedAt": iso(mark.time), **_of_reading(mark)}
    if silent:
        body["withoutValue"] = _property(silent)
    return _encode(body).decode()


def _of_reading(mark: Mark) -> dict[str, Any]:
    """Which reading, so that a receiver knows a repeat, and a correction."""
    return {"reading": _property(f"{mark.life}/{mark.seq}"), "revision": _property(mark.revision)}


def _property(value: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value}

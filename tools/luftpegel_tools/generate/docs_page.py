"""docs/channels.md: quantities, qualities and ports for people."""

import inspect
import re
from collections.abc import Iterable

import luftpegel_wire as wire
from luftpegel_tools.generate.cddl import RULES
from luftpegel_tools.generate.table import Checks, Quantity, read_checks
from luftpegel_wire import frames, quality

# Names and their remarks, as the wire's own source has them: `SILENT = 9  # the sensor did not answer`, and
# `2: "boots",  # since the station was made`.
_QUALITY = re.compile(r"^([A-Z_]+) = (\d+)(?:  # (.*))?$", re.MULTILINE)
_FIELD = re.compile(r'^ +(\d+): "(\w+)",(?:  # (.*))?$', re.MULTILINE)
_PORTS = {
    wire.PORT_READINGS: ("up", "the newest reading and as many older ones as fit"),
    wire.PORT_STATUS: ("up", "how the station is"),
    wire.PORT_ALARM: ("up", "a value that cannot wait"),
    wire.PORT_CONFIG: ("down, answered up", "settings; the answer says what is now in force"),
    wire.PORT_BACKFILL: ("down", "a request to send readings again; answered on port 1"),
}


def page(table: tuple[Quantity, ...]) -> str:
    """docs/channels.md."""
    return f"""# Quantities, qualities, ports

Made from `spec/channels.toml` by `make generate`; change it there. A **channel** is one sensor's quantity on
a station: 2 * number, or 2 * number + 1 for a second sensor, whose name ends with `-2` (`temperature-2`).

## Quantities

*Resolution* is the usual step on the air; a station may be set to a finer or coarser one. A value outside
the *plausible range* is flagged, never dropped.

{_quantities(table)}

## Limits of the checks

What the gateway holds each value against; [quality](quality.md) says what each check finds, where its limits
come from, and how to narrow them for one station. Empty: not checked.

{_limits(table)}

Rest within the *calm range* is natural for as long as stands there. Flags of their own have
{_own_flags(table)}.
{_between(read_checks())}

## What platforms call them

{_platforms(table)}

## Qualities

Each value carries one of these. From {quality.MISSING} on there is no value.

{_qualities()}

## Ports

{_ports()}

## Fields of a status frame

{_fields(frames.STATUS_FIELDS)}

## Settings of a config frame

{_fields(frames.CONFIG_FIELDS)}

## Reasons of an alarm

{_table(("number", "name"), frames.ALARM_KINDS.items())}
"""


def _quantities(table: tuple[Quantity, ...]) -> str:
    head = (
        "number", "name", "quantity", "unit", "UCUM", "resolution", "plausible range",
    )  # fmt: skip
    rows = (
        (
            q.number, f"`{q.name}`", f"{q.en} ({q.de})", q.symbol, f"`{q.unit}`", _in_unit(q, q.step),
            f"{_in_unit(q, q.low)} to {_in_unit(q, q.high)}",
        )
        for q in table
    )  # fmt: skip
    return _table(head, rows)


def _limits(table: tuple[Quantity, ...]) -> str:
    head = (
        "name", "change a minute", "change at all", "spike", "rest", "calm range", "too weak",
        "to neighbours",
    )  # fmt: skip
    rows = (
        (
            f"`{q.name}`", _maybe(q, q.rate), _maybe(q, q.jump), _maybe(q, q.spike),
            "" if q.flat is None else f"{_hours(q.flat)} within {_in_unit(q, q.flat_within)}", _calm(q),
            "" if q.weak is None else f"{_hours(q.weak_after)} within {_in_unit(q, q.weak)}",
            _maybe(q, q.neighbour),
        )
        for q in table
        if any(limit is not None for limit in (q.rate, q.spike, q.flat, q.weak, q.neighbour))
    )  # fmt: skip
    return _table(head, rows)


def _maybe(q: Quantity, base: int | None) -> str:
    return "" if base is None else _in_unit(q, base)


def _hours(seconds: int | None) -> str:
    return f"{(seconds or 0) // 3600} h"


def _calm(q: Quantity) -> str:
    if q.calm is None:
        return ""
    low, high = (_in_unit(q, edge) for edge in q.calm)
    return f"{low} to {high}" + (f", {_hours(q.calm_flat)}" if q.calm_flat else ", for ever")


def _own_flags(table: tuple[Quantity, ...]) -> str:
    humidity = next(q for q in table if q.name == "humidity")
    cold = [
        f"`{q.name}` (and the level) below {_in_unit(q, q.freezing)} {q.symbol}"
        for q in table
        if q.freezing is not None
    ]
    moist = [
        f"`{q.name}` above {_in_unit(humidity, q.humid)} % humidity" for q in table if q.humid is not None
    ]
    return ",\n".join((*cold, ", ".join(moist)))


def _between(checks: Checks) -> str:
    parts = ", ".join(f"`{part.less}` of `{part.more}`" for part in checks.parts)
    return f"""Of one reading, these are parts and cannot be more than the whole: {parts}."""


def _platforms(table: tuple[Quantity, ...]) -> str:
    rows = ((f"`{q.name}`", f"`{q.senml}`", f"`{q.ngsi}`", f"<{q.sensorthings}>") for q in table)
    return _table(("name", "SenML unit", "NGSI-LD attribute", "SensorThings definition"), rows)


def _qualities() -> str:
    found = _QUALITY.findall(inspect.getsource(quality))
    rows = ((number, f"`{name.lower()}`", remark or "fine") for name, number, remark in found)
    return _table(("number", "name", "meaning"), rows)


def _ports() -> str:
    rows = ((port, rule, *_PORTS[port]) for port, rule in RULES.items())
    return _table(("FPort", "frame", "direction", "what it carries"), rows)


def _fields(names: dict[int, str]) -> str:
    remarks = {(int(n), name): remark for n, name, remark in _FIELD.findall(inspect.getsource(frames))}
    rows = ((number, f"`{name}`", remarks[number, name]) for number, name in names.items())
    return _table(("number", "name", "remark"), rows)


def _in_unit(q: Quantity, base: int) -> str:
    """Base units as a number in the unit, without zeros that say nothing: -4500 of 0.01 is "-45"."""
    digits = max(-q.exponent, 0)
    text = f"{base * 10**q.exponent:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)

"""The payload codec for network servers: luftpegel.js.template with the tables of the wire put in."""

import json
from collections.abc import Mapping
from pathlib import Path

import luftpegel_wire as wire
from luftpegel_tools.generate.cddl import RULES
from luftpegel_tools.generate.table import Quantity
from luftpegel_wire import column, errors, frames, quality, rangecoder, readings

_TEMPLATE = Path(__file__).with_name("luftpegel.js.template")
_PLACE = "//@tables@\n"
_ERRORS = ("TRUNCATED", "NOT_CANONICAL", "UNKNOWN_VERSION", "UNKNOWN_PORT", "MALFORMED", "OUT_OF_RANGE")


def codec(table: tuple[Quantity, ...]) -> str:
    """spec/codec/luftpegel.js."""
    template = _TEMPLATE.read_text(encoding="utf-8")
    return template.replace(_PLACE, _tables(table))


def _tables(table: tuple[Quantity, ...]) -> str:
    numbers = {
        "VERSION": readings.VERSION,
        "PORT_CONFIG": wire.PORT_CONFIG,
        "PORT_BACKFILL": wire.PORT_BACKFILL,
        "LIMIT": readings.MAX_SEQ + 1,
        "MAX_AGE": readings.MAX_AGE,
        "MAX_CHANNEL": readings.MAX_CHANNEL,
        "MAX_MAGNITUDE": column.MAX_MAGNITUDE,
        "MISSING": quality.MISSING,
        "HALF": rangecoder.HALF,
    }
    codes = {name: getattr(errors, name) for name in _ERRORS}
    lines = [f"var {name} = {json.dumps(value)};" for name, value in (numbers | codes).items()]
    lines.append("// number: [name, unit (UCUM), exponent of ten from base units to the unit, usual step]")
    lines.append(_object("QUANTITIES", {q.number: [q.name, q.unit, q.exponent, q.step] for q in table}))
    lines.append(_object("PORTS", RULES))
    lines.append(_object("QUALITIES", _qualities()))
    lines.append(_object("STATUS_FIELDS", frames.STATUS_FIELDS))
    lines.append(_object("CONFIG_FIELDS", frames.CONFIG_FIELDS))
    lines.append(_object("ALARM_KINDS", frames.ALARM_KINDS))
    lines.append(f"var STEPS = {json.dumps(list(readings.STEPS))};")
    lines.append(f"var INTERVALS = {json.dumps(list(readings.INTERVALS))};")
    rows = ",\n".join(f"  {json.dumps(list(row))}" for row in column.PROBABILITIES)
    lines.append(f"var PROBABILITIES = [\n{rows}\n];")
    return "\n".join(lines) + "\n"


def _qualities() -> dict[int, str]:
    return {number: name.lower() for name, number in vars(quality).items() if name.isupper()}


def _object(name: str, members: Mapping[int, object]) -> str:
    rows = ",\n".join(f"  {number}: {json.dumps(value)}" for number, value in members.items())
    return f"var {name} = {{\n{rows}\n}};"

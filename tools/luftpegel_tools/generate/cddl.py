"""The shape of every frame as CDDL (RFC 8610), one rule an FPort, with the numbers that they use."""

import luftpegel_wire as wire
from luftpegel_tools.generate.table import Quantity
from luftpegel_wire import frames, readings

# Rule of the frame that travels on a port.
RULES = {
    wire.PORT_READINGS: "readings",
    wire.PORT_STATUS: "status",
    wire.PORT_ALARM: "alarm",
    wire.PORT_CONFIG: "config",
    wire.PORT_BACKFILL: "backfill",
}


def schema(table: tuple[Quantity, ...]) -> str:
    """spec/luftpegel.cddl."""
    top = readings.MAX_SEQ
    ports = "\n".join(f"; FPort {port:2}: {rule}" for port, rule in RULES.items())
    return f"""; The frames of Luftpegel.
; Made from spec/channels.toml and luftpegel_wire by `make generate`; change it there.
;
; Each frame is one item in deterministic CBOR (RFC 8949, section 4.2.1). The FPort says which rule holds:
{ports}
;
; A number that is not in the lists below comes from a newer station; it is kept, not refused.

readings = [
  version: {readings.VERSION},
  seq: number32,                  ; of the newest reading
  age: seconds,                   ; from its sampling to transmission
  body: bstr .size (1..242),      ; rows - 1, then channels, steps and rows, range-coded: docs/wire.md
]

status = [
  version: {frames.VERSION},
  fields: {{ * number32 => setting }},
]

alarm = [
  version: {frames.VERSION},
  seq: number32,                  ; of the reading that raised it
  age: number32,                  ; seconds
  channel: number32,              ; 2 * number of the quantity + index of the sensor
  reason: number32,
  value: signed33,                ; base units of the quantity
  threshold: signed33,
]

config = [
  version: {frames.VERSION},
  token: number32,                ; chosen by the sender; the answer carries it too
  settings: {{ * number32 => setting }},
]

backfill = [
  version: {frames.VERSION},
  first_seq: number32,            ; please send this reading again,
  count: number32,                ; and so many in all, from there on
]

seconds = {readings.UNKNOWN_AGE}..{readings.MAX_AGE}          ; {readings.UNKNOWN_AGE}: unknown
setting = signed33 / tstr
number32 = 0..{top}
signed33 = -{top}..{top}

; Fields of a status frame.
{_list(frames.STATUS_FIELDS)}

; Settings of a config frame.
{_list(frames.CONFIG_FIELDS)}

; Reasons of an alarm.
{_list(frames.ALARM_KINDS)}

; Quantities: number, name, unit (UCUM), exponent of ten from base units to the unit, usual step.
{_quantities(table)}
"""


def _list(names: dict[int, str]) -> str:
    return "\n".join(f";   {number:3}  {name}" for number, name in names.items())


def _quantities(table: tuple[Quantity, ...]) -> str:
    return "\n".join(f";   {q.number:3}  {q.name:22} {q.unit:8} {q.exponent:3} {q.step:4}" for q in table)

"""The tables as Python: a small one that the station imports, a full one for everybody with memory."""

from luftpegel_tools.generate.table import Quantity

_HEAD = "# Made from spec/channels.toml by `make generate`; change it there.\n"


def quantities(table: tuple[Quantity, ...]) -> str:
    """luftpegel_wire/quantities.py: name, number and usual step."""
    rows = "".join(f'    "{q.name}": ({q.number}, {q.step}),\n' for q in table)
    return f"""{_HEAD}#
# What a station must know of quantities. A channel is one sensor's quantity: 2 * number + index (0 or 1).

# name: (number, usual step in base units)
QUANTITIES = {{
{rows}}}


def channel_of(name, index=0):
    return 2 * QUANTITIES[name][0] + index


def default_step(channel):
    # The usual step of a channel; None if the table does not know it.
    for number, step in QUANTITIES.values():
        if number == channel >> 1:
            return step
    return None
"""


def channels(table: tuple[Quantity, ...]) -> str:
    """luftpegel_wire/channels.py: everything, by number."""
    rows = "".join(f"    {q.number}: Quantity({', '.join(repr(v) for v in _fields(q))}),\n" for q in table)
    rows = rows.replace("'", '"')
    return f"""{_HEAD}#
# All that is known of quantities, for gateways and tools; a station imports quantities.py instead.

from collections import namedtuple

# Base units: the value in `unit` is the integer times 10**exponent.
Quantity = namedtuple(
    "Quantity",
    (
        "number", "name", "en", "de", "unit", "symbol", "exponent", "step", "low", "high", "senml", "ngsi",
        "sensorthings",
    ),
)  # fmt: skip

# By number.
TABLE = {{
{rows}}}

BY_NAME = {{quantity.name: quantity for quantity in TABLE.values()}}


def quantity_of(channel):
    # The quantity of a channel; None if the table does not know it.
    return TABLE.get(channel >> 1)


def name_of(channel):
    # "temperature", for a second sensor "temperature-2", for an unknown one "channel-98".
    quantity = quantity_of(channel)
    if quantity is None:
        return "channel-%d" % channel
    return quantity.name + ("-2" if channel & 1 else "")


def channel_named(name):
    # The inverse of name_of; raises KeyError for a name that is not in the table.
    if name.startswith("channel-"):
        return int(name[8:])
    if name.endswith("-2"):
        return 2 * BY_NAME[name[:-2]].number + 1
    return 2 * BY_NAME[name].number


def format_value(channel, value):
    # Base units as a decimal number in the unit, all digits, no float: 2153 -> "21.53". None -> "".
    if value is None:
        return ""
    quantity = quantity_of(channel)
    digits = -quantity.exponent if quantity else 0
    if digits <= 0:
        return str(value)
    sign, text = ("-" if value < 0 else ""), str(abs(value))
    text = "0" * (digits + 1 - len(text)) + text
    return sign + text[:-digits] + "." + text[-digits:]
"""


def _fields(q: Quantity) -> tuple[object, ...]:
    return (
        q.number, q.name, q.en, q.de, q.unit, q.symbol, q.exponent, q.step, q.low, q.high, q.senml,
        q.ngsi, q.sensorthings,
    )  # fmt: skip

"""Where NGSI-LD has each quantity, as Python for the gateway's sink `ngsi-ld`."""

from collections.abc import Iterable

from luftpegel_tools.generate.table import Quantity

_COLUMNS = ("type", "unit", "exponent", "low", "high", "air", "own")


def module(table: tuple[Quantity, ...]) -> str:
    """gateway/luftpegel_gateway/sinks/ngsi_table.py."""
    return f'''# Made from spec/channels.toml by `make generate`; change it there.
"""Where NGSI-LD has each quantity, by its number; explained at the head of the table."""

from typing import NamedTuple


class Home(NamedTuple):
    """Attribute, entity type, UN/CEFACT unit, and the power of ten from base units to that unit.

    `low`, `high`: what the published model allows, in that unit. `air`: its name in AirQualityObserved, where
    a station of kind "air" tells it there. `own`: the published model has no such attribute.
    """

    attribute: str
    type: str
    unit: str
    exponent: int
    low: int | None
    high: int | None
    air: str | None
    own: bool


HOMES = {{
{_lines(f"{q.number}: Home({_row(q)})" for q in table)}}}
'''.replace("'", '"')


def _row(q: Quantity) -> str:
    return ", ".join([repr(q.ngsi), *(repr(getattr(q.ngsi_ld, column)) for column in _COLUMNS)])


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"    {row},\n" for row in rows)

"""The limits of the gateway's checks as Python, apart from the wire's tables: a board has no use for them."""

from collections.abc import Iterable

from luftpegel_tools.generate.table import Quantity, read_checks

_COLUMNS = (
    "number", "step", "low", "high", "rate", "jump", "spike", "noise", "flat", "flat_within", "calm",
    "calm_flat", "weak", "weak_after", "freezing", "humid", "neighbour",
)  # fmt: skip


def module(table: tuple[Quantity, ...]) -> str:
    """gateway/luftpegel_gateway/checks/table.py."""
    checks = read_checks()
    parts = ((part.less, part.more, part.share, part.slack) for part in checks.parts)
    return f'''# Made from spec/channels.toml by `make generate`; change it there.
"""What the checks hold values against, by the name of the quantity; explained at the head of the table."""

# ruff: noqa: E501 - a row is a row

from typing import NamedTuple


class Row(NamedTuple):
    """Limits of one quantity: base units and seconds; None: not checked."""

    number: int
    step: int
    low: int
    high: int
    rate: int | None
    jump: int | None
    spike: int | None
    noise: int
    flat: int | None
    flat_within: int
    calm: tuple[int, int] | None
    calm_flat: int | None
    weak: int | None
    weak_after: int | None
    freezing: int | None
    humid: int | None
    neighbour: int | None


REACH_S = {checks.reach}
DEW_POINT = {checks.dew_point}
DEW_POINT_ABOVE = {checks.dew_point_above}

# (less, more, percent, base units)
PARTS = (
{_lines(repr(part) for part in parts)})

TABLE = {{
{_lines(f'"{q.name}": Row({_row(q)})' for q in table)}}}
'''.replace("'", '"')


def _row(q: Quantity) -> str:
    return ", ".join(repr(getattr(q, column)) for column in _COLUMNS)


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"    {row},\n" for row in rows)

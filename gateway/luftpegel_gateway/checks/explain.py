"""Why a value is flagged, for people: each flag's word, and a German or English sentence with the limit."""

from collections.abc import Mapping
from decimal import Decimal

from luftpegel_gateway.checks.limits import NEVER, Limits, Rule
from luftpegel_gateway.checks.table import DEW_POINT, TABLE
from luftpegel_gateway.checks.texts import TEXTS
from luftpegel_gateway.model.quality import FLAGS
from luftpegel_gateway.model.quantities import Quantity, of_channel
from luftpegel_gateway.model.readings import Cell

_HOUR = 3600
_NONE = "-"
_AIR = ("temperature", "humidity")
_IN_UNIT = (
    "low", "high", "local_low", "local_high", "rate", "jump", "spike", "flat_within", "weak", "neighbour",
)  # fmt: skip


def explain(cell: Cell, limits: Limits, language: str) -> list[tuple[str, str]]:
    """For each flag of a cell, the gravest first: its word and the reason, with the limit in the usual unit.

    `language` is "en" or "de". Of a channel that the table does not know nothing but its clock is judged.
    """
    rule, quantity = limits.rules.get(cell.channel), of_channel(cell.channel)
    words = {} if rule is None or quantity is None else _words(cell, rule, quantity, language)
    found = (word for flag, (word, _) in FLAGS.items() if cell.flags & flag)
    return [(word, TEXTS[word][language].format_map(words)) for word in found]


def _words(cell: Cell, rule: Rule, quantity: Quantity, language: str) -> Mapping[str, str]:
    """What the sentences name: limits in the quantity's unit, times in hours."""
    told = {name: _in_unit(quantity, getattr(rule, name), language) for name in _IN_UNIT}
    dew_point = _limit_of("temperature", DEW_POINT, language)
    together = "air" if quantity.name in _AIR else "parts"
    calm = cell.value is not None and rule.calm_low <= cell.value <= rule.calm_high
    return told | {
        "hours": _hours(rule.calm_flat if calm else rule.flat),
        "weak_hours": _hours(rule.weak_after),
        "freezing": _limit_of("water_temperature", TABLE["water_temperature"].freezing, language),
        "humid": _limit_of("humidity", TABLE[quantity.name].humid, language),
        "together": TEXTS[together][language].format(dew_point=dew_point),
    }


def _in_unit(quantity: Quantity, base: int, language: str) -> str:
    """Base units as a number with its unit, in the language's writing."""
    if abs(base) >= NEVER:
        return _NONE
    number = f"{Decimal(base).scaleb(quantity.exponent).normalize():f}"
    return f"{number.replace('.', ',') if language == 'de' else number} {quantity.symbol}"


def _limit_of(name: str, base: int | None, language: str) -> str:
    quantity = of_channel(2 * TABLE[name].number)
    return _NONE if base is None or quantity is None else _in_unit(quantity, base, language)


def _hours(seconds: int) -> str:
    return _NONE if seconds >= NEVER else str(seconds // _HOUR)

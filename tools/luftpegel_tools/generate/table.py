"""Reads spec/channels.toml and refuses a table that would break the wire's promises."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
TABLE = REPOSITORY / "spec" / "channels.toml"
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 125, 200, 250, 500, 1000, 2000, 5000, 10000)


@dataclass(frozen=True)
class NgsiLd:
    """Where NGSI-LD has a quantity; explained at the table's head."""

    type: str
    unit: str
    exponent: int
    low: int | None = None
    high: int | None = None
    air: str | None = None
    own: bool = False


@dataclass(frozen=True)
class Quantity:
    """One row of the table; its fields are explained at the table's head."""

    number: int
    name: str
    en: str
    de: str
    unit: str
    symbol: str
    exponent: int
    step: int
    low: int
    high: int
    senml: str
    ngsi: str
    ngsi_ld: NgsiLd
    sensorthings: str
    rate: int | None = None
    jump: int | None = None
    spike: int | None = None
    noise: int = 0
    flat: int | None = None
    flat_within: int = 0
    calm: tuple[int, int] | None = None
    calm_flat: int | None = None
    weak: int | None = None
    weak_after: int | None = None
    freezing: int | None = None
    humid: int | None = None
    neighbour: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 100:
            raise ValueError(f"{self.name}: number {self.number} is not within 1 to 100")
        if self.step not in STEPS:
            raise ValueError(f"{self.name}: step {self.step} is none of {STEPS}")
        if self.low >= self.high:
            raise ValueError(f"{self.name}: low {self.low} is not below high {self.high}")
        for one, other in (("rate", "jump"), ("weak", "weak_after")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{self.name}: {one} and {other} go together")
        if self.flat is not None and self.flat_within < self.step:
            raise ValueError(f"{self.name}: flat_within {self.flat_within} is finer than step {self.step}")


@dataclass(frozen=True)
class Part:
    """One quantity that is a part of another; explained at the table's [[part]]."""

    less: str
    more: str
    share: int
    slack: int


@dataclass(frozen=True)
class Checks:
    """What holds between quantities; explained at the table's [checks]."""

    reach: int
    dew_point: int
    dew_point_above: int
    parts: tuple[Part, ...]


def read_table(path: Path = TABLE) -> tuple[Quantity, ...]:
    """All quantities by rising number; ValueError names the row that is wrong."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["quantity"]
    table = tuple(_quantity(row) for row in rows)
    numbers = [quantity.number for quantity in table]
    if numbers != sorted(set(numbers)):
        raise ValueError(f"{path.name}: numbers must rise and not repeat")
    if len({quantity.name for quantity in table}) != len(table):
        raise ValueError(f"{path.name}: a name stands twice")
    return table


def _quantity(row: dict[str, Any]) -> Quantity:
    calm = tuple(row["calm"]) if "calm" in row else None
    return Quantity(**row | {"calm": calm, "ngsi_ld": NgsiLd(**row["ngsi_ld"])})


def read_checks(path: Path = TABLE) -> Checks:
    """What the gateway's checks know beyond single quantities; ValueError names a part of nothing."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    known = {row["name"] for row in content["quantity"]}
    parts = tuple(Part(**row) for row in content["part"])
    for part in parts:
        if not {part.less, part.more} <= known:
            raise ValueError(f"{path.name}: {part.less} or {part.more} is no quantity")
    return Checks(**content["checks"], parts=parts)

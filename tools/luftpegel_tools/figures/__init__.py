"""The project's figures, measured anew on each call: `make bench`. Each module here measures one thing.

A figure is given as a ratio to a named peer or limit that was measured in the same run, because absolute
times depend on the machine.
"""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value and what it is held against: `ratio` is the value over the other's.

    A `value` of None could not be measured, and `against` says why.
    """

    name: str
    value: float | None
    unit: str
    against: str
    ratio: float | None

    def as_json(self) -> dict[str, object]:
        """The row of bench.json."""
        return asdict(self)

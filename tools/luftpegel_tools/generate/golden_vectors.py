"""What a golden vector is, and its bytes: the content of one, encoded by today's wire."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import luftpegel_wire as wire
from luftpegel_wire import quantities

# A quantity that no table has: stands for what a newer station may send.
FUTURE = 127
FUTURE_STEP = 10


@dataclass(frozen=True)
class Good:
    """Bytes and what every decoder must read in them."""

    name: str
    port: int
    payload: bytes
    content: dict[str, Any]


@dataclass(frozen=True)
class Bad:
    """Bytes that every decoder must refuse with this code. level: what they violate (see golden_bad)."""

    name: str
    port: int
    payload: bytes
    error: str
    level: str


@contextmanager
def newer_table() -> Iterator[None]:
    """Within this, the encoder knows the quantity of tomorrow."""
    quantities.QUANTITIES["of_tomorrow"] = (FUTURE, FUTURE_STEP)
    try:
        yield
    finally:
        del quantities.QUANTITIES["of_tomorrow"]


def encode(content: dict[str, Any]) -> bytes:
    """The bytes of a vector's content, by today's encoder."""
    encoders: dict[str, Callable[[dict[str, Any]], bytes]] = {
        "readings": _encode_readings,
        "status": lambda c: wire.encode_status(_fields(c)),
        "config": lambda c: wire.encode_config(c["token"], _fields(c)),
        "backfill": lambda c: wire.encode_backfill(c["first_seq"], c["count"]),
        "alarm": lambda c: wire.encode_alarm(
            c["seq"], c["age"], c["channel"], c["reason"], c["value"], c["threshold"]
        ),
    }
    return encoders[content["kind"]](content)


def _encode_readings(content: dict[str, Any]) -> bytes:
    channels, steps = content["channels"], content["steps"]
    factors = [FUTURE_STEP if step is None else 1 for step in steps]
    rows = [_row(row, factors) for row in content["rows"]]
    with newer_table():
        steps = [step or FUTURE_STEP for step in steps]
        payload, taken = wire.encode_readings(channels, iter(rows), 242, steps)
    if taken != len(rows):
        raise ValueError(f"only {taken} of {len(rows)} rows fit")
    return bytes(payload)


def fitting(channels: tuple[int, ...], rows: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """The first rows, as many as fit into `limit` bytes in the usual steps."""
    factors = [1] * len(channels)
    _, taken = wire.encode_readings(channels, (_row(row, factors) for row in rows), limit)
    return rows[:taken]


def _row(row: dict[str, Any], factors: list[int]) -> Any:
    if row.get("absent"):
        empty = [None] * len(factors)
        return wire.Row(row["seq"], None, None, empty, [8] * len(factors), True)
    values = [value and value * factor for value, factor in zip(row["values"], factors, strict=True)]
    return wire.Row(row["seq"], row["age"], row["interval"], values, row["quality"], False)


def _fields(content: dict[str, Any]) -> dict[str | int, int | str]:
    return {int(name) if name.isdigit() else name: value for name, value in content["fields"].items()}

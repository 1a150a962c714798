"""Writes the golden vectors of a release, once: `python -m luftpegel_tools.generate.golden 0.1.0`.

A release's file is frozen: stations that send such bytes hang on masts, each later decoder must read them.
So this never overwrites, and `make generate` does not run it. spec/golden/README.md explains the file.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import luftpegel_wire as wire
from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_wire import quantities

FOLDER = REPOSITORY / "spec" / "golden"

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


def read_release(release: str) -> tuple[list[Good], list[Bad]]:
    """The vectors of a release, good and bad."""
    file = json.loads((FOLDER / f"{release}.json").read_text(encoding="utf-8"))
    good = [Good(v["name"], v["port"], bytes.fromhex(v["hex"]), v["content"]) for v in file["good"]]
    bad = [Bad(v["name"], v["port"], bytes.fromhex(v["hex"]), v["error"], v["level"]) for v in file["bad"]]
    return good, bad


def releases() -> list[str]:
    """All releases that have golden vectors."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def text_of(release: str, good: list[Good], bad: list[Bad]) -> str:
    """The file: JSON with one vector a line."""
    good_lines = [{**_bytes_of(v), "content": v.content} for v in good]
    bad_lines = [{**_bytes_of(v), "error": v.error, "level": v.level} for v in bad]
    return f"""{{
"release": {json.dumps(release)},
"good": [
{_lines(good_lines)}
],
"bad": [
{_lines(bad_lines)}
]
}}
"""


def _bytes_of(vector: Good | Bad) -> dict[str, Any]:
    return {"name": vector.name, "port": vector.port, "hex": vector.payload.hex()}


def _lines(vectors: list[dict[str, Any]]) -> str:
    return ",\n".join(json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in vectors)


def main() -> int:
    """Returns 1 if the release already has its vectors."""
    from luftpegel_tools.generate import golden_bad, golden_good  # noqa: PLC0415  they import this module

    parser = argparse.ArgumentParser(prog="luftpegel_tools.generate.golden", description=__doc__)
    parser.add_argument("release", help="version, like 0.1.0")
    release = parser.parse_args().release
    path = FOLDER / f"{release}.json"
    if path.exists():
        print(f"{path.relative_to(REPOSITORY)} exists and is frozen; give the new release its own number")
        return 1
    good, bad = golden_good.vectors(), golden_bad.vectors()
    path.write_text(text_of(release, good, bad), encoding="utf-8")
    print(f"wrote {path.relative_to(REPOSITORY)}: {len(good)} good vectors, {len(bad)} bad ones")
    return 0


if __name__ == "__main__":
    sys.exit(main())

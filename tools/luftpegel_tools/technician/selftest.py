"""The self-test: whether a board is a station. The firmware's own drivers do it, on the board, at its prompt.

It measures once with each sensor of the station file, has the radio answer and take its settings without a
word on the air, looks at battery and flash, and writes a file and reads it back.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mpremote.transport import TransportExecError  # type: ignore[import-untyped]

from luftpegel_tools.technician import on_board
from luftpegel_wire.channels import format_value, name_of, quantity_of

OK_QUALITY, LEAST_BATTERY_MV = 0, 3300
_HEALTH = -1  # not a sensor's, but the board's own
_BATTERY = "battery"
_SPARE_BYTES = 64 * 1024  # beside the journal: LittleFS slows down in a full house
_FIRST_FAULT = "LP-1"


class Board(Protocol):
    """Who runs statements on a board."""

    def run(self, program: str) -> str:
        """What they printed."""

    def leave(self, program: str) -> None:
        """Start what goes on by itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing looked at: `values` as people read them; `code` and `why` where it is not well."""

    name: str
    ok: bool
    values: tuple[str, ...] = ()
    code: str = ""
    why: str = ""

    def told(self) -> str:
        """In one line."""
        return f"{self.name}: {' '.join(part for part in (self.why, *self.values) if part)}"

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {"name": self.name, "ok": self.ok, "values": self.values, "code": self.code, "why": self.why}


def failures(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that are not well."""
    return [verdict for verdict in verdicts if not verdict.ok]


def run_selftest(board: Board) -> list[Verdict]:
    """Test a board at its prompt, with an empty heap; takes as long as its sensors warm up."""
    verdicts = list(_guarded("firmware", _firmware, board))
    if failures(verdicts):
        return verdicts
    station = json.loads(_read(board, "settings", "print('@' + json.dumps([[s['driver'] for s in"
                               " _settings['sensors']], _settings['radio']['driver']]))")[0])  # fmt: skip
    for name, test in (("sensors", _sensors), ("radio", _radio), ("flash", _flash)):
        verdicts += _guarded(name, test, board, station)
    return verdicts


def blink(board: Board, number: int, seconds: int) -> None:
    """Have the board blink its number for a while; then the station starts."""
    if seconds:
        board.leave(on_board.BLINK.format(ms=seconds * 1000, number=number))


def _guarded(name: str, test: Any, *arguments: Any) -> Iterator[Verdict]:
    try:
        yield from test(*arguments)
    except TransportExecError as error:
        lines = str(error.error_output).strip().splitlines()
        yield Verdict(name, ok=False, code="LP-118", why=lines[-1] if lines else "?")
    except (ValueError, IndexError) as error:
        yield Verdict(name, ok=False, code="LP-118", why=repr(error))


def _read(board: Board, _name: str, program: str) -> list[str]:
    return [line[1:] for line in board.run(program).splitlines() if line.startswith("@")]


def _firmware(board: Board) -> Iterator[Verdict]:
    (station,) = json.loads(_read(board, "firmware", on_board.FIRMWARE)[0])
    yield Verdict("firmware", ok=True, values=(str(station),))


def _sensors(board: Board, station: list[Any]) -> Iterator[Verdict]:
    printed = board.run(on_board.SENSORS).splitlines()
    rows = [json.loads(line[1:]) for line in printed if line.startswith("@")]
    said = [line for line in printed if line.startswith(_FIRST_FAULT)]
    for number, driver in enumerate(station[0]):
        yield _sensor(driver, [row for row in rows if row[1] == number], said)
    for channel, _, value, quality in (row for row in rows if row[1] == _HEALTH):
        yield _health(channel, value, quality, said)


def _sensor(driver: str, rows: list[Any], said: list[str]) -> Verdict:
    values = tuple(_value(channel, value) for channel, _, value, _ in rows if value is not None)
    if all(quality == OK_QUALITY for *_, quality in rows):
        return Verdict(driver, ok=True, values=values)
    why = next((line for line in said if driver in line), "")
    return Verdict(driver, ok=False, values=values, code=why[:6] or "LP-118", why=why[7:] or "?")


def _health(channel: int, value: int | None, quality: int, said: list[str]) -> Verdict:
    name = name_of(channel)
    values = () if value is None else (_value(channel, value),)
    if quality != OK_QUALITY or value is None:
        why = next((line for line in said if name in line), "")
        return Verdict(name, ok=False, values=values, code="LP-117", why=why[7:] or "?")
    if name == _BATTERY and value < LEAST_BATTERY_MV:
        return Verdict(name, ok=False, values=values, code="LP-117", why=f"< {LEAST_BATTERY_MV / 1000} V")
    return Verdict(name, ok=True, values=values)


def _radio(board: Board, station: list[Any]) -> Iterator[Verdict]:
    name = str(station[1])
    answer = json.loads(_read(board, "radio", on_board.RADIO)[0])
    if answer:
        yield Verdict(name, ok=False, code=answer[0], why=answer[1].partition(" ")[2])
    else:
        yield Verdict(name, ok=True)


def _flash(board: Board, _station: list[Any]) -> Iterator[Verdict]:
    free, journal, same = json.loads(_read(board, "flash", on_board.FLASH)[0])
    values = (f"{free / 1024**2:.1f} MiB",)
    if not same:
        yield Verdict("flash", ok=False, values=values, code="LP-632", why="a file read back differs")
    elif free < max(0, journal) + _SPARE_BYTES:
        yield Verdict(
            "flash", ok=False, values=values, code="LP-639", why=f"< {(journal + _SPARE_BYTES) // 1024} KiB"
        )
    else:
        yield Verdict("flash", ok=True, values=values)


def _value(channel: int, value: int) -> str:
    quantity = quantity_of(channel)
    return f"{format_value(channel, value)} {quantity.symbol if quantity else ''}".strip()

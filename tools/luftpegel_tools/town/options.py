"""What the town's commands have in common: types of their options, and how they end."""

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from luftpegel_tools.image.firmware_image import ImageError
from luftpegel_tools.programs.broker import BrokerError
from luftpegel_tools.programs.debian import MissingProgramError
from luftpegel_tools.town.gateway_process import GatewayError
from luftpegel_tools.town.station_kinds import KINDS
from luftpegel_tools.virtual_board.errors import BoardError

CANNOT_START = (MissingProgramError, ImageError, BrokerError, GatewayError, BoardError)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, so that nothing stays behind.

    Ctrl-C, too: a process that a shell or a CI starts in the background would ignore it.
    """
    before = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def share(text: str) -> float:
    """A share from 0 to below 1."""
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share from 0 to below 1, such as 0.2")
    return value


def kinds(text: str) -> tuple[str, ...]:
    """Kinds of stations, separated by commas."""
    named = tuple(text.split(","))
    unknown = [kind for kind in named if kind not in KINDS]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no kind {unknown[0]!r}; choose from {', '.join(KINDS)}")
    return named


def duration_s(text: str) -> float:
    """A time span with its unit, such as 90s, 5m, 2h, 1d."""
    number, unit = text[:-1], text[-1:]
    try:
        seconds = float(number) * _SECONDS[unit]
    except (ValueError, KeyError):
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no time span such as 90s, 5m, 2h or 1d")
    return seconds


def interval_s(text: str) -> int:
    """Seconds between two readings, as the station's settings allow them."""
    value = int(text)
    if not 60 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is not from 60 to 86400 seconds")
    return value

from collections.abc import Iterable, Sequence
from typing import Any

from luftpegel_wire.rangecoder import Coder

VERSION: int
MAX_ROWS: int
MAX_CHANNELS: int
MAX_CHANNEL: int
MAX_SEQ: int
MAX_INTERVAL: int
MAX_AGE: int
UNKNOWN_AGE: int
STEPS: tuple[int, ...]
INTERVALS: tuple[int, ...]

class Row:
    seq: int
    age: int | None
    interval: int | None
    values: Sequence[int | None]
    quality: Sequence[int]
    absent: bool
    def __init__(
        self,
        seq: int,
        age: int | None,
        interval: int | None,
        values: Sequence[int | None],
        quality: Sequence[int],
        absent: bool = ...,
    ) -> None: ...

class Readings:
    version: int
    seq: int
    age: int | None
    channels: tuple[int, ...]
    steps: tuple[int | None, ...]
    rows: list[Row]
    def __init__(
        self,
        seq: int,
        age: int | None,
        channels: tuple[int, ...],
        steps: tuple[int | None, ...],
        rows: list[Row],
    ) -> None: ...

class Rows:
    def __init__(self, width: int) -> None: ...
    def code(
        self,
        coder: Coder,
        absent: bool,
        interval: int | None,
        values: Sequence[int | None],
        quality: Sequence[int],
    ) -> tuple[bool, int | None, list[int | None], list[int]]: ...

def encode_readings(
    channels: Sequence[int], rows: Iterable[Row], limit: int, steps: Sequence[int] | None = ...
) -> tuple[bytes, int]: ...
def exact_steps(rows: Sequence[Row], steps: Sequence[int]) -> list[int]: ...
def decode_readings(payload: bytes) -> Readings: ...
def parts(frame: Any) -> tuple[int, int | None, bytes]: ...
def code_channels(coder: Coder, channels: Sequence[int] | None) -> tuple[int, ...]: ...
def code_steps(
    coder: Coder, channels: Sequence[int], steps: Sequence[int] | None
) -> tuple[int | None, ...]: ...

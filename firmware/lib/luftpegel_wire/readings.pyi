from collections.abc import Iterable, Sequence

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
def code_channels(coder: Coder, channels: Sequence[int] | None) -> tuple[int, ...]: ...
def code_steps(
    coder: Coder, channels: Sequence[int], steps: Sequence[int] | None
) -> tuple[int | None, ...]: ...

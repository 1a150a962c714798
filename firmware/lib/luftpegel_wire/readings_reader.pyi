from typing import Any

from luftpegel_wire.readings import Row

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

def decode_readings(payload: bytes) -> Readings: ...
def parts(frame: Any) -> tuple[int, int | None, bytes]: ...

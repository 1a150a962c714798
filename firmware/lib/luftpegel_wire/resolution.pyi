from collections.abc import Sequence

from luftpegel_wire.readings import Row

def encode_listed(
    channels: Sequence[int], rows: Sequence[Row], limit: int, steps: list[int]
) -> tuple[bytes, int]: ...
def exact_steps(rows: Sequence[Row], steps: Sequence[int]) -> list[int]: ...

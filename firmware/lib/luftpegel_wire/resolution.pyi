from collections.abc import Sequence

from luftpegel_wire.readings import Row

def exact_steps(rows: Sequence[Row], steps: Sequence[int]) -> list[int]: ...

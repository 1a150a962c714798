from typing import Any

UINT: int
NEGATIVE: int
BYTES: int
TEXT: int
ARRAY: int
MAP: int

def head(major: int, number: int) -> bytes: ...
def dumps(item: Any) -> bytes: ...

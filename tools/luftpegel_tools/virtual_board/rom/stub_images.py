"""Which code that is loaded into RAM is esptool's flasher stub: known by its bytes, from esptool's own files.

esptool is not imported, which would take a second; its files are read when somebody loads code.
"""

import base64
import functools
import hashlib
import importlib.util
import json
from pathlib import Path

_GREETING = b"OHAI"  # most stubs have it as text; those of RISC-V chips have it as an instruction's operand


@functools.cache
def _known(chip: str) -> frozenset[bytes]:
    spec = importlib.util.find_spec("esptool")
    if spec is None or spec.origin is None:
        return frozenset()
    folder = Path(spec.origin).parent / "targets" / "stub_flasher"
    texts = (json.loads(path.read_text())["text"] for path in folder.glob(f"*/{chip}.json"))
    return frozenset(hashlib.sha256(base64.b64decode(text)).digest() for text in texts)


def is_stub(chip: str, segments: dict[int, bytes], entry: int) -> bool:
    """Whether these segments (by address) with this entry point are a flasher stub."""
    entered = [data for start, data in segments.items() if start <= entry < start + len(data)]
    if not entered:
        return False
    if any(_GREETING in data for data in segments.values()):
        return True
    return any(hashlib.sha256(data).digest() in _known(chip) for data in entered)

from typing import Any

VERSION: int
LONGEST: int
HELLO: str
FRAME: str
TAKEN: str
ASK: str

class Lines:
    skipped: int
    def feed(self, data: bytes) -> list[bytes]: ...

def hello(receiver: bytes, boot: int, uptime_s: int, waiting: int, lost: int) -> bytes: ...
def heard(
    boot: int, number: int, uptime_s: int, age_s: int, rssi: int, snr4: int, frame: bytes
) -> bytes: ...
def taken(boot: int, number: int) -> bytes: ...
def ask() -> bytes: ...
def read(line: bytes) -> tuple[Any, ...]: ...

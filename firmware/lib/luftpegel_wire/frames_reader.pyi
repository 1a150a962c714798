Fields = dict[str | int, int | str]

class Status:
    version: int
    fields: Fields

class Config:
    version: int
    token: int
    fields: Fields

class Alarm:
    version: int
    seq: int
    age: int
    channel: int
    kind: str | int
    value: int
    threshold: int

class Backfill:
    version: int
    first_seq: int
    count: int

def decode_status(payload: bytes) -> Status: ...
def decode_config(payload: bytes) -> Config: ...
def decode_alarm(payload: bytes) -> Alarm: ...
def decode_backfill(payload: bytes) -> Backfill: ...

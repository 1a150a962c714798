from collections.abc import Mapping

VERSION: int
STATUS_FIELDS: dict[int, str]
CONFIG_FIELDS: dict[int, str]
ALARM_KINDS: dict[int, str]

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

def encode_status(fields: Mapping[str, int | str] | Mapping[str | int, int | str]) -> bytes: ...
def encode_config(token: int, fields: Mapping[str, int | str] | Mapping[str | int, int | str]) -> bytes: ...
def encode_alarm(seq: int, age: int, channel: int, kind: str | int, value: int, threshold: int) -> bytes: ...
def encode_backfill(first_seq: int, count: int) -> bytes: ...
def decode_status(payload: bytes) -> Status: ...
def decode_config(payload: bytes) -> Config: ...
def decode_alarm(payload: bytes) -> Alarm: ...
def decode_backfill(payload: bytes) -> Backfill: ...

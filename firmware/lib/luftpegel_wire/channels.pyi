from typing import NamedTuple

class Quantity(NamedTuple):
    number: int
    name: str
    en: str
    de: str
    unit: str
    symbol: str
    exponent: int
    step: int
    low: int
    high: int
    senml: str
    ngsi: str
    sensorthings: str

TABLE: dict[int, Quantity]
BY_NAME: dict[str, Quantity]

def quantity_of(channel: int) -> Quantity | None: ...
def name_of(channel: int) -> str: ...
def channel_named(name: str) -> int: ...
def format_value(channel: int, value: int | None) -> str: ...

"""The settings of a RAK3172 modem and the AT commands that tell and change them.

After the source of its firmware, RUI 5.0: what is asked with `=?` and what is refused, and how.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from luftpegel_tools.air.airtime import EU868
from luftpegel_tools.air.modem_messages import Network
from luftpegel_tools.virtual_board.chips.lorawan_modem import BadParameterError, LoRaWANModem, RadioSettings

# Each by its number.
BANDS = (
    "EU433", "CN470", "RU864", "IN865", "EU868", "US915", "AU915", "KR920",
    "AS923-1", "AS923-2", "AS923-3", "AS923-4", "LA915",
)  # fmt: skip
LOW_BANDS = ("EU433", "CN470")  # of another variant of the module
UNSETTLED_US = 400_000  # after a setting was written


class RefusedError(Exception):
    """A command is refused; the text is the status that says why."""


@dataclass
class Settings(RadioSettings):
    """What the modem keeps in flash."""

    nwm: int = 1  # 0: point to point, 1: LoRaWAN
    njm: int = 1  # 0: ABP, 1: OTAA
    cfm: int = 0
    rety: int = 0
    dcs: int = 0  # kept here either way: the town's stack knows no other
    pnm: int = 1
    lpm: int = 0


class ModemSettings(LoRaWANModem):
    """The part of the modem that is set up."""

    baudrate = 115_200
    settings: Settings

    def __init__(self, network: Network, dev_eui: bytes):
        super().__init__(network, dev_eui)
        self.settings = Settings(dev_eui)
        self.unsettled_until_us = 0

    def tell_or_set(self, name: str, tail: str | None) -> None:
        """A command on a setting: its tail is "?" for a question."""
        attribute, read, told = SETTINGS[name]
        if tail is None:
            raise RefusedError("AT_PARAM_ERROR")
        if tail == "?":
            self.say(f"{name}={told(getattr(self.settings, attribute))}", "", "OK")
            return
        setattr(self.settings, attribute, read(tail))
        self.settle()
        self.say("OK")

    def settle(self) -> None:
        """Be deaf while flash is written."""
        self.unsettled_until_us = self.clock.now_us + UNSETTLED_US

    def data_rate(self, tail: str | None) -> None:
        """AT+DR: of the next frame; set, it takes the place of the network's."""
        if tail == "?":
            self.say(f"AT+DR={self.rate_now()}", "", "OK")
            return
        self.tell_or_set("AT+DR", tail)
        if self.stack.session is not None:
            self.stack.session.adr_data_rate = None


def number(low: int, high: int) -> Callable[[str], int]:
    """Digits only, within bounds."""

    def read(text: str) -> int:
        if not text.isdigit() or not low <= int(text) <= high:
            raise BadParameterError(text)
        return int(text)

    return read


def _hex(size: int) -> Callable[[str], bytes]:
    def read(text: str) -> bytes:
        if len(text) != 2 * size:
            raise BadParameterError(text)
        return bytes.fromhex(text)

    return read


def _band(text: str) -> str:
    region = BANDS[number(0, len(BANDS) - 1)(text)]
    if region in LOW_BANDS:
        raise RefusedError("AT_UNSUPPORTED_BAND")
    return region


def _class(text: str) -> str:
    if text.upper() not in ("A", "B", "C"):
        raise BadParameterError(text)
    return text.upper()


def _flag(text: str) -> bool:
    return bool(number(0, 1)(text))


def _upper_hex(value: bytes) -> str:
    return value.hex().upper()


_SWITCH = number(0, 1)
# command: attribute of Settings, from its text, to its text
SETTINGS: dict[str, tuple[str, Callable[[str], Any], Callable[[Any], object]]] = {
    "AT+DEVEUI": ("dev_eui", _hex(8), _upper_hex),
    "AT+APPEUI": ("join_eui", _hex(8), _upper_hex),
    "AT+APPKEY": ("app_key", _hex(16), _upper_hex),
    "AT+BAND": ("region", _band, BANDS.index),
    "AT+NJM": ("njm", _SWITCH, int),
    "AT+CFM": ("cfm", _SWITCH, int),
    "AT+RETY": ("rety", number(0, 7), int),
    "AT+ADR": ("adr", _flag, int),
    "AT+CLASS": ("klass", _class, str),
    "AT+DCS": ("dcs", _SWITCH, int),
    "AT+DR": ("data_rate", number(0, len(EU868.data_rates) - 1), int),
    "AT+PNM": ("pnm", _SWITCH, int),
    "AT+LPM": ("lpm", _SWITCH, int),
}

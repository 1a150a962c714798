"""The settings of a Wio-E5 modem and the AT commands that tell and change them."""

from collections.abc import Callable
from dataclasses import dataclass

from luftpegel_tools.air.airtime import EU868
from luftpegel_tools.air.modem_messages import Network
from luftpegel_tools.virtual_board.chips.at_modem import ANSWER_US, FLASH_US
from luftpegel_tools.virtual_board.chips.lorawan_modem import BadParameterError, LoRaWANModem, RadioSettings

REGIONS = ("EU868", "US915", "AU915", "AS923", "IN865", "KR920", "CN470", "EU433", "RU864")
_EUIS = {"DEVEUI": "dev_eui", "APPEUI": "join_eui"}


@dataclass
class Settings(RadioSettings):
    """What the modem keeps in flash."""

    mode: str = "LWABP"
    port: int = 8
    retry: int = 3
    rept: int = 1


class ModemSettings(LoRaWANModem):
    """The part of the modem that is set up; handlers take the words behind `=`, none for a question."""

    baudrate = 9600
    settings: Settings

    def __init__(self, network: Network, dev_eui: bytes):
        super().__init__(network, dev_eui)
        self.settings = Settings(dev_eui)

    def identity(self, words: list[str]) -> None:
        """AT+ID: tell or set EUIs."""
        if len(words) > 1:
            value = bytes.fromhex(words[1].replace(":", ""))
            if len(value) != 8:
                raise BadParameterError(words[1])
            setattr(self.settings, _EUIS[words[0].upper()], value)
        session = self.stack.session
        dev_addr = session.dev_addr.to_bytes(4, "big") if session else self.settings.dev_eui[4:]
        ids = {"DevAddr": dev_addr, "DevEui": self.settings.dev_eui, "AppEui": self.settings.join_eui}
        wanted = words[0].upper() if words else ""
        lines = [f"+ID: {k}, {v.hex(':').upper()}" for k, v in ids.items() if wanted in ("", k.upper())]
        if not lines:
            raise BadParameterError(wanted)
        self.say(*lines, after_us=FLASH_US if len(words) > 1 else ANSWER_US)

    def key(self, words: list[str]) -> None:
        """AT+KEY=APPKEY: set only."""
        key = bytes.fromhex(words[1])
        if words[0].upper() != "APPKEY" or len(key) != 16:
            raise BadParameterError(words[0])
        self.settings.app_key = key
        self.say(f"+KEY: APPKEY {key.hex().upper()}", after_us=FLASH_US)

    def mode(self, words: list[str]) -> None:
        """AT+MODE."""
        if words:
            mode = one_of(words[0], ("LWOTAA", "LWABP", "TEST"))
            if mode != self.settings.mode:
                self.stack.end_session()
            self.settings.mode = mode
        self.say(f"+MODE: {self.settings.mode}")

    def data_rate(self, words: list[str]) -> None:
        """AT+DR: region or data rate."""
        word = words[0].upper() if words else ""
        if word in REGIONS:
            self.settings.region = word
            self.say(f"+DR: {word}", after_us=FLASH_US)
            return
        if word == "SCHEME":
            self.say(f"+DR: {self.settings.region}", *map(self._rate_line, range(len(EU868.data_rates))))
            return
        if word:
            rate = int(word.removeprefix("DR"))
            if not 0 <= rate < len(EU868.data_rates):
                raise BadParameterError(word)
            self.settings.data_rate = rate
        base, now = self.settings.data_rate, self.rate_now()
        if now == base:
            self.say(f"+DR: DR{base}", self._rate_line(base))
        else:
            self.say(f"+DR: DR{base} (ADR DR{now})", self._rate_line(now), self._rate_line(base))

    def _rate_line(self, rate: int) -> str:
        known = EU868.data_rates[rate]
        if not known.spreading_factor:
            return f"+DR: {self.settings.region} DR{rate:<2} FSK"
        width = known.bandwidth_hz // 1000
        return f"+DR: {self.settings.region} DR{rate:<2} SF{known.spreading_factor:<2} BW{width}K "

    def adr(self, words: list[str]) -> None:
        """AT+ADR."""
        if words:
            self.settings.adr = {"ON": True, "OFF": False}[one_of(words[0], ("ON", "OFF"))]
        self.say(f"+ADR: {'ON' if self.settings.adr else 'OFF'}")

    def device_class(self, words: list[str]) -> None:
        """AT+CLASS."""
        if words:
            self.settings.klass = one_of(words[0], ("A", "C"))
        self.say(f"+CLASS: {self.settings.klass}")


def one_of(word: str, allowed: tuple[str, ...]) -> str:
    """The word in capitals, if it is one of the allowed."""
    if word.upper() not in allowed:
        raise BadParameterError(word)
    return word.upper()


def number(name: str, low: int, high: int) -> Callable[[ModemSettings, list[str]], None]:
    """A command that sets or tells a number."""

    def handler(modem: ModemSettings, words: list[str]) -> None:
        if words:
            value = int(words[0])
            if not low <= value <= high:
                raise BadParameterError(words[0])
            setattr(modem.settings, name, value)
        modem.say(f"+{name.upper()}: {getattr(modem.settings, name)}")

    return handler

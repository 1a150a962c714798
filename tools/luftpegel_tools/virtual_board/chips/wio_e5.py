"""Wio-E5 (LoRa-E5) AT modem at byte level, written from the AT specification V1.0 and recorded sessions.

Faults: those of `at_modem`, and "banner" (restarts in the middle of a join or a frame), "busy" (for ever),
"wrong_region" (forgets its region at each start), "no_free_channel". A reset pin is a rail: off and on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from luftpegel_tools.airtime import EU868
from luftpegel_tools.town.network import Downlink, JoinAccept, Network
from luftpegel_tools.virtual_board.chips.at_modem import ANSWER_US, FLASH_US, ATModem
from luftpegel_tools.virtual_board.chips.lorawan_stack import Frame, LoRaWANStack

BOOT_US = 200_000
LONGEST_COMMAND = 528
WAKE_BYTES = 4
GPS_EPOCH = 315_964_800  # Unix seconds of 1980-01-06
LEAP_SECONDS = 18
RTC_START = 1_577_836_800  # 2020-01-01: where the modem's clock starts
REGIONS = ("EU868", "US915", "AU915", "AS923", "IN865", "KR920", "CN470", "EU433", "RU864")
FACTORY_REGION = "US915"
BANNER = b"\xff\x00\xfe\r\nSTM32WLE5 bootloader\r\nModem ready\r\n"

ERROR_PARAMETER = -1
ERROR_COMMAND = -10
ERROR_TOO_LONG = -21


@dataclass
class Settings:
    """What the modem keeps in flash."""

    dev_eui: bytes
    join_eui: bytes = bytes.fromhex("8000000000000006")
    app_key: bytes = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    region: str = FACTORY_REGION
    mode: str = "LWABP"
    data_rate: int = 0
    adr: bool = True
    klass: str = "A"
    port: int = 8
    retry: int = 3
    rept: int = 1


class BadParameterError(ValueError):
    """A command's parameter is refused."""


class WioE5(ATModem):
    """The modem on a `network`, with its factory `dev_eui` (8 bytes)."""

    baudrate = 9600

    def __init__(self, network: Network, dev_eui: bytes):
        super().__init__(dev_eui)
        self.settings = Settings(dev_eui)
        self.stack = LoRaWANStack(network, dev_eui)
        self.commands: list[str] = []  # heard since the start, newest last
        self._factory_eui = dev_eui
        self._starts = 0
        self._volatile(0)

    # --- power ---

    def power(self, on: bool) -> None:
        """Lose the session, the time and whatever was being done; flash stays."""
        super().power(on)
        self.stack.power_off()
        self._volatile(self.clock.now_us)
        if "wrong_region" in self.faults:
            self.settings.region = FACTORY_REGION

    def factory_reset(self) -> None:
        """What AT+FDEFAULT does: settings as delivered; the nonce of joins goes on."""
        self.settings = Settings(self._factory_eui)
        self.stack.end_session()

    def _volatile(self, now_us: int) -> None:
        self._starts += 1
        self._sleep = "awake"  # "auto": sleeps after each command; "deep": until any byte
        self._wake_bytes = 0
        self._rtc = (RTC_START * 1_000_000, now_us)  # Unix µs, and the virtual time at which that was true
        self.commands = []

    def _restart(self, started: int, banner: bytes = b"") -> None:
        """Start again, unless power did so meanwhile."""
        if self.powered and started == self._starts:
            self.power(False)
            self.power(True)
            self.send(banner, BOOT_US)

    def hears(self, byte: int) -> bool:
        """In AUTO mode only what follows four bytes 0xFF; from deep sleep the first byte is lost."""
        if self._sleep == "deep":
            self._sleep = "awake"
            self.say("+LOWPOWER: WAKEUP")
            return False
        if self._sleep == "auto" and self._wake_bytes < WAKE_BYTES:
            self._wake_bytes = self._wake_bytes + 1 if byte == 0xFF else 0
            return False
        return True

    # --- commands ---

    def obey(self, line: str) -> None:
        """Take a command, `AT+NAME` or `AT+NAME=word,"word"`."""
        self._wake_bytes = 0
        self.commands.append(line)
        if len(line) > LONGEST_COMMAND:
            self.say(f"+AT: ERROR({ERROR_TOO_LONG})")
            return
        head, given, tail = line.partition("=")
        name = head.strip().upper()
        handler = _HANDLERS.get(name)
        if handler is None:
            self.say(f"+AT: ERROR({ERROR_COMMAND})")
            return
        words = [word.strip().strip('"') for word in tail.split(",")] if given and tail.strip() != "?" else []
        try:
            handler(self, words)
        except (BadParameterError, ValueError, LookupError):
            self.say(f"+{name.removeprefix('AT+')}: ERROR({ERROR_PARAMETER})")

    def attention(self, _words: list[str]) -> None:
        """AT."""
        self.say("+AT: OK")

    def version(self, _words: list[str]) -> None:
        """AT+VER."""
        self.say("+VER: 4.0.11")

    def identity(self, words: list[str]) -> None:
        """AT+ID: tell or set EUIs."""
        if len(words) > 1:
            value = bytes.fromhex(words[1].replace(":", ""))
            field = {"DEVEUI": "dev_eui", "APPEUI": "join_eui"}[words[0].upper()] if len(value) == 8 else ""
            if not field:
                raise BadParameterError(words[1])
            setattr(self.settings, field, value)
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
            if words[0].upper() not in ("LWOTAA", "LWABP", "TEST"):
                raise BadParameterError(words[0])
            if words[0].upper() != self.settings.mode:
                self.stack.end_session()
            self.settings.mode = words[0].upper()
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
        base, now = self.settings.data_rate, self._rate_now()
        if now == base:
            self.say(f"+DR: DR{base}", self._rate_line(base))
        else:
            self.say(f"+DR: DR{base} (ADR DR{now})", self._rate_line(now), self._rate_line(base))

    def _rate_now(self) -> int:
        session = self.stack.session
        if self.settings.adr and session is not None and session.adr_data_rate is not None:
            return session.adr_data_rate
        return self.settings.data_rate

    def _rate_line(self, rate: int) -> str:
        known = EU868.data_rates[rate]
        if not known.spreading_factor:
            return f"+DR: {self.settings.region} DR{rate:<2} FSK"
        width = known.bandwidth_hz // 1000
        return f"+DR: {self.settings.region} DR{rate:<2} SF{known.spreading_factor:<2} BW{width}K "

    def adr(self, words: list[str]) -> None:
        """AT+ADR."""
        if words:
            self.settings.adr = {"ON": True, "OFF": False}[_one_of(words[0], ("ON", "OFF"))]
        self.say(f"+ADR: {'ON' if self.settings.adr else 'OFF'}")

    def device_class(self, words: list[str]) -> None:
        """AT+CLASS."""
        if words:
            self.settings.klass = _one_of(words[0], ("A", "C"))
        self.say(f"+CLASS: {self.settings.klass}")

    def lorawan(self, words: list[str]) -> None:
        """AT+LW."""
        what = words[0].upper()
        session = self.stack.session
        if what == "LEN":
            self.say(f"+LW: LEN, {self.stack.max_payload(self._rate_now())}")
        elif what == "ULDL":
            up, down = (session.f_cnt_up, session.f_cnt_down) if session else (0, 0)
            self.say(f"+LW: ULDL, {up}, {down}")
        elif what == "DTR":
            self.stack.device_time_request = True
            self.say("+LW: DTR")
        elif what == "LCR":
            self.stack.link_check_request = True
            self.say("+LW: LCR")
        else:
            raise BadParameterError(what)

    def rtc(self, words: list[str]) -> None:
        """AT+RTC."""
        unix_us, since_us = self._rtc
        now = datetime.fromtimestamp((unix_us + self.clock.now_us - since_us) // 1000 / 1000, UTC)
        text = now.strftime("%Y-%m-%d %H:%M:%S")
        if words and _one_of(words[0], ("UTCMS",)):
            text += f".{now.microsecond // 1000:03}"
        self.say(f"+RTC: {text}")

    def low_power(self, words: list[str]) -> None:
        """AT+LOWPOWER."""
        if not words:
            self.say("+LOWPOWER: SLEEP")
            self._sleep = "deep"
            return
        word = _one_of(words[0], ("AUTOON", "AUTOOFF"))
        self._sleep = "auto" if word == "AUTOON" else "awake"
        self.say(f"+LOWPOWER: {word}")

    def reset(self, _words: list[str]) -> None:
        """AT+RESET."""
        self.say("+RESET: OK")
        self.clock.call_later(FLASH_US, self._restart, self._starts)

    def factory_default(self, _words: list[str]) -> None:
        """AT+FDEFAULT."""
        self.factory_reset()
        self.say("+FDEFAULT: OK", after_us=FLASH_US)

    # --- radio ---

    def _refusal(self) -> str:
        """Why nothing can be sent now, or an empty string."""
        if "busy" in self.faults or self.stack.busy:
            return "LoRaWAN modem is busy"
        if "no_free_channel" in self.faults:
            return "No free channel"
        wait_us = self.stack.wait_us(self.clock.now_us)
        return f"No band in {wait_us // 1000 + 1}ms" if wait_us else ""

    def join(self, words: list[str]) -> None:
        """AT+JOIN."""
        if self.settings.mode != "LWOTAA":
            self.say("+JOIN: Not in JOIN mode")
        elif self.stack.session is not None and not (words and _one_of(words[0], ("FORCE",))):
            self.say("+JOIN: Joined already")
        elif refusal := self._refusal():
            self.say(f"+JOIN: {refusal}")
        else:
            self.stack.end_session()
            self.say("+JOIN: Start", "+JOIN: NORMAL")
            rate = min(self.settings.data_rate, EU868.join_data_rates[1])
            self._go(lambda: self._send_join(rate))

    def _send_join(self, rate: int) -> None:
        ours = self.settings
        self.stack.join(self.clock, (ours.dev_eui, ours.join_eui, ours.app_key), rate, self._joined)

    def _joined(self, accept: JoinAccept | None) -> None:
        if accept is None:
            self.say("+JOIN: Join failed", "+JOIN: Done")
            return
        dev_addr = accept.dev_addr.to_bytes(4, "big").hex(":").upper()
        self.say("+JOIN: Network joined", f"+JOIN: NetID 000000 DevAddr {dev_addr}", "+JOIN: Done")

    def message(self, name: str, confirmed: bool, words: list[str]) -> None:
        """AT+MSGHEX and AT+CMSGHEX."""
        data = bytes.fromhex(words[0]) if words else b""
        rate = self._rate_now()
        longest = self.stack.max_payload(rate)
        if self.stack.session is None:
            self.say(f"+{name}: Please join network first")
        elif len(data) > longest:
            self.say(f"+{name}: Length error {longest}")
        elif refusal := self._refusal():
            self.say(f"+{name}: {refusal}")
        else:
            self.say(f"+{name}: Start", *([f"+{name}: Wait ACK"] if confirmed else []))
            tries = self.settings.retry if confirmed else self.settings.rept
            frame = Frame(self.settings.port, data, confirmed, self.settings.adr, rate, tries)
            dev_eui = self.settings.dev_eui
            self._go(lambda: self.stack.uplink(self.clock, dev_eui, frame, lambda d: self._sent(name, d)))

    def _go(self, transmit: Callable[[], None]) -> None:
        if "banner" in self.faults:
            self.clock.call_later(BOOT_US, self._restart, self._starts, BANNER)
            return
        self.stack.deaf = self.settings.region != EU868.name  # nobody listens on another region's channels
        transmit()

    def _sent(self, name: str, downlink: Downlink | None) -> None:
        if downlink is not None:
            self.say(*(f"+{name}: {text}" for text in self._told(downlink)))
        self.say(f"+{name}: Done")

    def _told(self, downlink: Downlink) -> list[str]:
        """The lines of a downlink, in the modem's order."""
        lines = []
        if downlink.device_time is not None:
            unix = downlink.device_time + GPS_EPOCH - LEAP_SECONDS
            self._rtc = (unix * 1_000_000, self.stack.sent_us)
        if downlink.f_pending:
            lines.append("FPENDING")
        if downlink.link_check is not None:
            lines.append("Link {}, {}".format(*downlink.link_check))
        if downlink.acknowledges:
            lines.append("ACK Received")
        if downlink.f_port is not None:
            lines.append(f'PORT: {downlink.f_port}; RX: "{downlink.data.hex().upper()}"')
        lines.append(f"RXWIN{downlink.window}, RSSI {downlink.rssi}, SNR {downlink.snr:.1f}")
        return lines


def _one_of(word: str, allowed: tuple[str, ...]) -> str:
    if word.upper() not in allowed:
        raise BadParameterError(word)
    return word.upper()


def _number(name: str, low: int, high: int) -> Callable[[WioE5, list[str]], None]:
    """A command that sets or tells a number."""

    def handler(modem: WioE5, words: list[str]) -> None:
        if words:
            value = int(words[0])
            if not low <= value <= high:
                raise BadParameterError(words[0])
            setattr(modem.settings, name, value)
        modem.say(f"+{name.upper()}: {getattr(modem.settings, name)}")

    return handler


_HANDLERS: dict[str, Callable[[WioE5, list[str]], None]] = {
    "AT": WioE5.attention,
    "AT+VER": WioE5.version,
    "AT+ID": WioE5.identity,
    "AT+KEY": WioE5.key,
    "AT+MODE": WioE5.mode,
    "AT+DR": WioE5.data_rate,
    "AT+ADR": WioE5.adr,
    "AT+CLASS": WioE5.device_class,
    "AT+PORT": _number("port", 1, 255),
    "AT+RETRY": _number("retry", 1, 254),
    "AT+REPT": _number("rept", 1, 15),
    "AT+LW": WioE5.lorawan,
    "AT+RTC": WioE5.rtc,
    "AT+LOWPOWER": WioE5.low_power,
    "AT+RESET": WioE5.reset,
    "AT+FDEFAULT": WioE5.factory_default,
    "AT+JOIN": WioE5.join,
    "AT+MSGHEX": lambda modem, words: modem.message("MSGHEX", False, words),
    "AT+CMSGHEX": lambda modem, words: modem.message("CMSGHEX", True, words),
}

"""Wio-E5 (LoRa-E5) AT modem at byte level, written from the AT specification V1.0 and recorded sessions.

Faults: those of `lorawan_modem`.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from luftpegel_tools.air.airtime import EU868
from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, Network
from luftpegel_tools.virtual_board.chips.at_modem import FLASH_US
from luftpegel_tools.virtual_board.chips.lorawan_modem import GPS_EPOCH, LEAP_SECONDS, BadParameterError
from luftpegel_tools.virtual_board.chips.lorawan_stack import Frame
from luftpegel_tools.virtual_board.chips.wio_e5_settings import ModemSettings, Settings, number, one_of

LONGEST_COMMAND = 528
WAKE_BYTES = 4
RTC_START = 1_577_836_800  # 2020-01-01: where the modem's clock starts
BANNER = b"\xff\x00\xfe\r\nSTM32WLE5 bootloader\r\nModem ready\r\n"

ERROR_PARAMETER = -1
ERROR_COMMAND = -10
ERROR_TOO_LONG = -21


class WioE5(ModemSettings):
    """The modem on a `network`, with its factory `dev_eui` (8 bytes)."""

    banner = BANNER

    def __init__(self, network: Network, dev_eui: bytes):
        super().__init__(network, dev_eui)
        self._volatile(0)

    # --- power ---

    def begin(self) -> None:
        """Lose what is not in flash."""
        self._volatile(self.clock.now_us)

    def _volatile(self, now_us: int) -> None:
        self._sleep = "awake"  # "auto": sleeps after each command; "deep": until any byte
        self._wake_bytes = 0
        self._rtc = (RTC_START * 1_000_000, now_us)  # Unix µs, and the virtual time at which that was true

    def factory_reset(self) -> None:
        """What AT+FDEFAULT does: settings as delivered; the nonce of joins goes on."""
        self.settings = Settings(self._factory_eui)
        self.stack.end_session()

    def hears(self, byte: int) -> bool:
        """In AUTO mode only what follows four bytes 0xFF; from deep sleep, once answered, not the first."""
        if self._sleep == "deep" and self.clock.now_us >= self.line_free_us:
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

    def lorawan(self, words: list[str]) -> None:
        """AT+LW."""
        what = words[0].upper()
        session = self.stack.session
        if what == "LEN":
            self.say(f"+LW: LEN, {self.stack.max_payload(self.rate_now())}")
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
        seconds, micros = divmod(unix_us + self.clock.now_us - since_us, 1_000_000)
        text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
        if words and one_of(words[0], ("UTCMS",)):
            text += f".{micros // 1000:03}"
        self.say(f"+RTC: {text}")

    def low_power(self, words: list[str]) -> None:
        """AT+LOWPOWER."""
        if not words:
            self.say("+LOWPOWER: SLEEP")
            self._sleep = "deep"
            return
        word = one_of(words[0], ("AUTOON", "AUTOOFF"))
        self._sleep = "auto" if word == "AUTOON" else "awake"
        self.say(f"+LOWPOWER: {word}")

    def reset(self, _words: list[str]) -> None:
        """AT+RESET."""
        self.say("+RESET: OK")
        self.restart_later(FLASH_US)

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
        elif self.stack.session is not None and not (words and one_of(words[0], ("FORCE",))):
            self.say("+JOIN: Joined already")
        elif refusal := self._refusal():
            self.say(f"+JOIN: {refusal}")
        else:
            self.stack.end_session()
            self.say("+JOIN: Start", "+JOIN: NORMAL")
            rate = min(self.settings.data_rate, EU868.join_data_rates[1])
            self.transmit(lambda: self._send_join(rate))

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
        rate = self.rate_now()
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
            eui = self.settings.dev_eui
            self.transmit(lambda: self.stack.uplink(self.clock, eui, frame, lambda d: self._sent(name, d)))

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


_HANDLERS: dict[str, Callable[[WioE5, list[str]], None]] = {
    "AT": WioE5.attention,
    "AT+VER": WioE5.version,
    "AT+ID": WioE5.identity,
    "AT+KEY": WioE5.key,
    "AT+MODE": WioE5.mode,
    "AT+DR": WioE5.data_rate,
    "AT+ADR": WioE5.adr,
    "AT+CLASS": WioE5.device_class,
    "AT+PORT": number("port", 1, 255),
    "AT+RETRY": number("retry", 1, 254),
    "AT+REPT": number("rept", 1, 15),
    "AT+LW": WioE5.lorawan,
    "AT+RTC": WioE5.rtc,
    "AT+LOWPOWER": WioE5.low_power,
    "AT+RESET": WioE5.reset,
    "AT+FDEFAULT": WioE5.factory_default,
    "AT+JOIN": WioE5.join,
    "AT+MSGHEX": lambda modem, words: modem.message("MSGHEX", False, words),
    "AT+CMSGHEX": lambda modem, words: modem.message("CMSGHEX", True, words),
}

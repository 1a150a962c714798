"""RAK3172 AT modem at byte level, written from the source of its firmware (RUI 5.0) and RAK's AT manual.

It is deaf while it boots and while it writes flash; in LPM mode it sleeps 3 ms after the last byte, and the
byte that wakes it arrives damaged, as users have seen. Faults: those of `lorawan_modem`, and "boot_loop"
(starts again and again).
"""

from collections.abc import Callable
from datetime import UTC, datetime

from luftpegel_tools.air.airtime import EU868
from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, Network
from luftpegel_tools.virtual_board.chips.base import BITS_PER_BYTE
from luftpegel_tools.virtual_board.chips.lorawan_modem import (
    BOOT_US,
    GPS_EPOCH,
    LEAP_SECONDS,
    BadParameterError,
)
from luftpegel_tools.virtual_board.chips.lorawan_stack import Frame
from luftpegel_tools.virtual_board.chips.rak3172_settings import (
    SETTINGS,
    ModemSettings,
    RefusedError,
    Settings,
    number,
)

BACKSPACE = 0x08
DOZE_US = 3_000
LONGEST_COMMAND = 2047
LONGEST_DATA = 250
NULL_PORT = 1
RX_TIMEOUT = 4  # LoRaMac's status of a frame that nobody acknowledged
RESTRICTED_MS = 3_600_000
BANNER = b"RAKwireless RAK3172-E Example\r\n------------------------\r\nCurrent Work Mode: LoRaWAN.\r\n"

LTIME_FORMATS = {"slashes": "%Hh%Mm%Ss on %m/%d/%Y", "dashes": "%Hh%Mm%Ss %d-%m-%Y"}


class Rak3172(ModemSettings):
    """The modem on a `network`, with its factory `dev_eui` (8 bytes).

    `separator` parts the parameters of AT+JOIN, and `ltime` is the form of its clock: both differ between
    versions of its firmware.
    """

    banner = BANNER

    def __init__(self, network: Network, dev_eui: bytes, separator: str = ":", ltime: str = "slashes"):
        super().__init__(network, dev_eui)
        self.trampled = 0  # bytes of commands that came while it was deaf
        self._separator = separator
        self._ltime_format = LTIME_FORMATS[ltime]
        self._volatile(0)

    # --- power ---

    def begin(self) -> None:
        """Lose what is not in flash; boot."""
        self._volatile(self.clock.now_us)
        self._deaf_until_us = self.clock.now_us + BOOT_US
        if not self.powered:
            return
        if "boot_loop" in self.faults:
            self.restart_later(BOOT_US, BANNER)
        else:
            self.send(BANNER, BOOT_US)

    def _volatile(self, now_us: int) -> None:
        self._deaf_until_us = 0
        self._stirred_us = now_us
        self._asks_time = False
        self._clock_set = (0, now_us)  # UTC and leap seconds, and the virtual time at which that was true

    def factory_reset(self) -> None:
        """What ATR does, without its restart: settings as delivered; the nonce of joins goes on."""
        self.settings = Settings(self._factory_eui)
        self.stack.end_session()

    # --- line ---

    def receive(self, data: bytes) -> None:
        """Bytes from the board; the first is damaged if the modem slept."""
        began_us = self.clock.now_us - len(data) * BITS_PER_BYTE * 1_000_000 // self.baudrate
        if self.settings.lpm and began_us - max(self._stirred_us, self.line_free_us) > DOZE_US:
            data = bytes([data[0] | 0x80]) + data[1:]
        self._stirred_us = self.clock.now_us
        super().receive(data)

    def hears(self, byte: int) -> bool:
        """Not while it is deaf; a backspace deletes."""
        if self.clock.now_us < max(self._deaf_until_us, self.unsettled_until_us):
            self.trampled += byte not in b"\r\n"
            return False
        if byte == BACKSPACE:
            del self._line[-1:]
        return byte != BACKSPACE

    def obey(self, line: str) -> None:
        """Take a command: `AT+X=?` is a question, `AT+X=value` and `AT+X` are orders."""
        self.commands.append(line)
        head, given, tail = line[:LONGEST_COMMAND].partition("=")
        name = head.upper()
        try:
            if given and not tail and (name in _HANDLERS or name in SETTINGS):
                raise RefusedError("AT_PARAM_ERROR")
            self._dispatch(name, tail if given else None)
        except RefusedError as refusal:
            self.say(str(refusal))
        except (BadParameterError, ValueError, LookupError):
            self.say("AT_PARAM_ERROR")

    def _dispatch(self, name: str, tail: str | None) -> None:
        handler = _HANDLERS.get(name)
        if handler is None and name not in SETTINGS:
            raise RefusedError("AT_COMMAND_NOT_FOUND")
        if not self.settings.nwm and name not in _IN_EACH_MODE:
            raise RefusedError("AT_MODE_NO_SUPPORT")
        if handler is not None:
            handler(self, tail)
        else:
            self.tell_or_set(name, tail)

    # --- commands ---

    def attention(self, tail: str | None) -> None:
        """AT."""
        _no_parameter(tail)
        self.say("OK")

    def version(self, tail: str | None) -> None:
        """AT+VER."""
        _question_only(tail)
        self.say("AT+VER=RUI_5.0.0_RAK3172-E", "", "OK")

    def reset(self, tail: str | None) -> None:
        """ATZ: answers nothing."""
        _no_parameter(tail)
        self.restart(self._starts)

    def mode(self, tail: str | None) -> None:
        """AT+NWM: set, it forgets its settings and starts anew; its OK has no end of line."""
        if tail == "?":
            self.say(f"AT+NWM={self.settings.nwm}", "", "OK")
            return
        nwm = number(0, 1)(tail or "")
        self.factory_reset()
        self.settings.nwm = nwm
        self.send(b"OK")
        self.restart_later(self.line_free_us - self.clock.now_us)

    def join_status(self, tail: str | None) -> None:
        """AT+NJS."""
        _question_only(tail)
        self.say(f"AT+NJS={int(self.stack.session is not None)}", "", "OK")

    def time_request(self, tail: str | None) -> None:
        """AT+TIMEREQ: with the next frame."""
        if tail == "?":
            self.say(f"AT+TIMEREQ={int(self._asks_time)}", "", "OK")
            return
        wanted = number(0, 1)(tail or "")
        if self.stack.session is None:
            raise RefusedError("AT_NO_NETWORK_JOINED")
        self._asks_time = bool(wanted)
        self.say("OK")

    def local_time(self, tail: str | None) -> None:
        """AT+LTIME: leap seconds go off a 32-bit count of seconds, also from one that was never set."""
        _question_only(tail)
        seconds, since_us = self._clock_set
        count = (seconds + (self.clock.now_us - since_us) // 1_000_000 - LEAP_SECONDS) % 2**32
        self.say(f"AT+LTIME={datetime.fromtimestamp(count, UTC).strftime(self._ltime_format)}", "", "OK")

    # --- radio ---

    def join(self, tail: str | None) -> None:
        """AT+JOIN=start:automatic:period:attempts; its session, if any, ends."""
        separator = self._separator
        if tail == "?":
            self.say("AT+JOIN=" + separator.join("0080"), "", "OK")
            return
        bounds = ((0, 1), (0, 1), (7, 255), (0, 255))
        words = tail.split(separator) if tail is not None else ["1"]
        if len(words) > len(bounds):
            raise RefusedError("AT_PARAM_ERROR")
        values = [number(*bound)(word) for word, bound in zip(words, bounds, strict=False)]
        if not values[0]:
            self.say("OK")
            return
        self._check_air()
        self.stack.end_session()
        self.say("OK")
        ours = self.settings
        rate = min(ours.data_rate, EU868.join_data_rates[1])
        self.transmit(
            lambda: self.stack.join(
                self.clock, (ours.dev_eui, ours.join_eui, ours.app_key), rate, self._joined
            )
        )

    def _joined(self, accept: JoinAccept | None) -> None:
        self.say("+EVT:JOINED" if accept else "+EVT:JOIN_FAILED_RX_TIMEOUT")

    def message(self, tail: str | None) -> None:
        """AT+SEND=port:hex. What is too long is refused, and an empty frame goes out in its place."""
        port, digits = (tail or "").split(":")
        f_port = number(1, 223)(port)
        data = bytes.fromhex(digits)
        if not 0 < len(data) <= LONGEST_DATA:
            raise RefusedError("AT_PARAM_ERROR")
        if self.stack.session is None:
            raise RefusedError("AT_NO_NETWORK_JOINED")
        self._check_air(busy_only=True)
        self.stack.device_time_request = self._asks_time
        too_long = len(data) > self.stack.max_payload(self.rate_now())
        self._check_air()
        confirmed = bool(self.settings.cfm) and not too_long
        self.say("AT_PARAM_ERROR" if too_long else "OK")
        self._uplink(NULL_PORT if too_long else f_port, b"" if too_long else data, confirmed)

    def _check_air(self, busy_only: bool = False) -> None:
        """Refuse what cannot go on the air now."""
        if "busy" in self.faults or self.stack.busy:
            raise RefusedError("AT_BUSY_ERROR")
        if busy_only:
            return
        wait_ms = -(-self.stack.wait_us(self.clock.now_us) // 1000)
        if "no_free_channel" in self.faults:
            wait_ms = RESTRICTED_MS
        if wait_ms:
            self.say(f"Restricted_Wait_{wait_ms}_ms")
            raise RefusedError("AT_BUSY_ERROR")

    def _uplink(self, port: int, data: bytes, confirmed: bool) -> None:
        ours = self.settings
        tries = ours.rety + 1 if confirmed else 1
        frame = Frame(port, data, confirmed, ours.adr, self.rate_now(), tries)
        self.transmit(
            lambda: self.stack.uplink(
                self.clock, ours.dev_eui, frame, lambda downlink: self._sent(confirmed, downlink)
            )
        )

    def _sent(self, confirmed: bool, downlink: Downlink | None) -> None:
        """What LoRaMac tells of a frame, in its order; then fetch what is pending, without being asked."""
        acknowledged = downlink is not None and downlink.acknowledges
        end = "OK" if acknowledged else f"FAILED({RX_TIMEOUT})"
        lines = [f"SEND_CONFIRMED_{end}" if confirmed else "TX_DONE"]
        if self._asks_time:
            self._asks_time = False
            told = downlink.device_time if downlink else None
            lines.append("TIMEREQ_FAILED" if told is None else "TIMEREQ_OK")
            if told is not None:
                self._clock_set = (told + GPS_EPOCH, self.stack.sent_us)
        if downlink is not None and downlink.data:
            where = f"RX_{downlink.window}:{downlink.rssi}:{downlink.snr}"
            lines.append(f"{where}:UNICAST:{downlink.f_port}:{downlink.data.hex()}")
        self.say(*(f"+EVT:{line}" for line in lines))
        wanted = downlink is not None and (downlink.f_pending or downlink.confirmed)
        if wanted and not self.stack.wait_us(self.clock.now_us):
            self.clock.call_later(0, self._fetch, self._starts)

    def _fetch(self, started: int) -> None:
        if self.powered and started == self._starts and not self.stack.busy:
            self._uplink(NULL_PORT, b"", False)


def _question_only(tail: str | None) -> None:
    if tail != "?":
        raise RefusedError("AT_PARAM_ERROR")


def _no_parameter(tail: str | None) -> None:
    if tail is not None:
        raise RefusedError("AT_PARAM_ERROR")


_IN_EACH_MODE = ("AT", "ATZ", "AT+VER", "AT+NWM", "AT+LPM")
_HANDLERS: dict[str, Callable[[Rak3172, str | None], None]] = {
    "AT": Rak3172.attention,
    "ATZ": Rak3172.reset,
    "AT+VER": Rak3172.version,
    "AT+NWM": Rak3172.mode,
    "AT+DR": Rak3172.data_rate,
    "AT+NJS": Rak3172.join_status,
    "AT+TIMEREQ": Rak3172.time_request,
    "AT+LTIME": Rak3172.local_time,
    "AT+JOIN": Rak3172.join,
    "AT+SEND": Rak3172.message,
}

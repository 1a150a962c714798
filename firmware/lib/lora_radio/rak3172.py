# RAK3172 AT modem, after RAK's RUI3 AT Command Manual and the source of its firmware, RUI 5.0.
#
# The modem has its own LoRaWAN stack and keeps the session while it has power. A question `AT+X=?` is
# answered by `AT+X=value` and `OK`, an order by `OK` or `AT_..._ERROR`; what happens later comes as `+EVT:`
# lines. Low power is its LPM mode, which is never left: it sleeps by itself a few milliseconds after each
# byte, so a glitch on the UART while the board boots cannot leave it awake. The byte that wakes it arrives
# damaged. So four backspaces go before each command, and delete the first of themselves.

from lora_radio import (
    BUSY,
    JOIN_FAILED,
    NO_CHANNEL,
    NOT_JOINED,
    PROTOCOL,
    TOO_LONG,
    RadioError,
)
from lora_radio.modem import (
    BUSY_WAIT_MS,
    JOIN_MS,
    QUICK_MS,
    SAME_ANSWER_MS,
    SEND_MS,
    WAKE_MS,
    WAKE_TRIES,
    Modem,
    name_of,
    true_time,
)
from lora_radio.rui_words import downlink, unix_time
from lora_radio.words import integer, to_hex

ERASERS = b"\x08\x08\x08\x08"
SETTLE_MS = 500  # after a setting was written: it is deaf while its flash is erased
RESTART_MS = 1000  # until its banner is out
FOLLOW_MS = 8000  # after a downlink: it fetches the next one by an empty frame of its own
MOST_FOLLOWING = 8  # events after the end of a frame
PROBE = "AT+NWM"  # a question that every firmware answers in each mode; 1: LoRaWAN
BANDS = {"EU433": "0", "IN865": "3", "EU868": "4"}
PAYLOADS = (51, 51, 51, 115, 242, 242, 242, 242)  # of each, by data rate: the modem tells only that

# Marks of lines.
EVENT = "+EVT:"
WAIT = "Restricted_Wait_"  # told before AT_BUSY_ERROR: the duty cycle is used up
REFUSED = "AT_"
OK = "OK"
LOST = ""  # in place of an event that did not come

# Behind "AT_": the kind of failure, when to ask again, what to do.
FAILURES = {
    "BUSY_ERROR": (BUSY, BUSY_WAIT_MS, "at an earlier command: try later, or take its power away"),
    "NO_NETWORK_JOINED": (NOT_JOINED, 0, "no session: join first"),
    "COMMAND_NOT_FOUND": (PROTOCOL, SETTLE_MS, "does not know the command: its firmware must be RUI3"),
    "MODE_NO_SUPPORT": (PROTOCOL, 0, "not in LoRaWAN mode: configure first"),
    "UNSUPPORTED_BAND": (PROTOCOL, 0, "not made for this region: take the variant that is"),
}
REFUSAL = (PROTOCOL, 0, "refuses the command: check data_rate and the modem's firmware")
SILENCE = (PROTOCOL, 0, "not answered: try again, then take the modem's power away")


class Rak3172(Modem):
    BAUD = 115200
    _asks_time = False  # whether the next frame carries the question for the time, one byte

    # --- the radio interface ---

    def configure(self, region, dev_eui, join_eui, app_key, data_rate, adr):  # noqa: PLR0917 - the interface
        if region not in BANDS:
            raise RadioError(PROTOCOL, "modem's driver does not know the region: check station.json")
        self._key = app_key
        self.wake()
        self._hold(PROBE, "1")
        identity = [("AT+BAND", BANDS[region]), ("AT+NJM", "1")]
        for name, value in (("AT+DEVEUI", dev_eui), ("AT+APPEUI", join_eui), ("AT+APPKEY", app_key)):
            if value is not None:
                identity.append((name, to_hex(value)))
        if self._hold_all(identity):
            # A session belongs to its identity. The restart ends it, and shows that flash has the settings.
            self._restart("ATZ")
            if self._hold_all(identity):
                raise RadioError(PROTOCOL, "modem forgets its settings at a restart: replace it")
        self._hold("AT+DCS", "1")  # duty cycle: kept
        self._hold("AT+PNM", "1")  # a public network's sync word
        self._hold("AT+CLASS", "A")
        self._hold("AT+RETY", "0")  # a frame that the modem repeats tells a wrong age
        self._hold("AT+LPM", "1")
        self._hold("AT+ADR", "1" if adr else "0")
        if not adr or not self.joined():
            # It tells and sets the rate of the next frame, which in a session is the network's with ADR.
            self._hold("AT+DR", str(data_rate))

    def joined(self):
        return self._ask("AT+NJS") == "1"

    def join(self, anew=False):
        if self._key is None:
            raise RadioError(JOIN_FAILED, "no key: configure first")
        # A join in a session ends it.
        return (not anew and self.joined()) or self._persist(self._join)

    def max_payload(self):
        rate = integer(self._ask("AT+DR"))
        if rate is None or not 0 <= rate < len(PAYLOADS):
            raise RadioError(PROTOCOL, "modem tells no data rate: check its firmware")
        return PAYLOADS[rate] - self._asks_time

    def send(self, port, payload, confirmed=False):
        self.acknowledged = False
        # Kept in flash, there is no other way. A station confirms a few frames a day.
        self._hold("AT+CFM", "1" if confirmed else "0")
        end = "SEND_CONFIRMED_" if confirmed else "TX_DONE"
        for _ in range(2):
            # What is refused as too long has carried away answers of the modem's MAC that waited: try again.
            if self._persist(lambda: self._send(port, payload, end)):
                return self._taken()
        raise RadioError(TOO_LONG, "modem: frame too long for the data rate: send less")

    def network_time(self, ask=True):
        first = unix_time(self._ask("AT+LTIME"))
        second = unix_time(self._ask("AT+LTIME"))
        if ask:
            self._persist(lambda: self._order("AT+TIMEREQ=1"))
            self._asks_time = True
        return true_time(first, second)

    def sleep(self):
        # It does by itself. AT+SLEEP is not used: whatever woke it from that would leave it awake.
        self._hold("AT+LPM", "1")
        self._awake = False

    # --- settings ---

    def _wakes(self):
        # Also the way back into step with a modem that did not answer: spoil and end its half line, which
        # could be a frame, and ask again.
        for tries in range(WAKE_TRIES):
            self._begin("!\r\n" + PROBE + "=?", (PROBE + "=", OK), WAKE_MS)
            self._awake = self._value()[0] is not None
            if self._awake:
                if tries:
                    self._drain()
                return True
        return False

    def _drain(self):
        # Answers to earlier tries may still come, and an "OK" does not say to what.
        for _ in range(2 * WAKE_TRIES):
            self._serial.allow(WAKE_MS + SAME_ANSWER_MS)
            if self._serial.reply() is None:
                return

    def _value(self):
        # The answer to the question in progress, up to its OK: (value or None, refusal or "").
        value = None
        while True:
            reply = self._serial.marked_reply()
            if reply is None:
                return value, ""
            mark, text = reply
            if mark == REFUSED:
                return value, text
            if mark != OK:
                if value is None and text != "?":  # that would be an echo
                    value = text.strip()
                    self._serial.allow(SAME_ANSWER_MS)
            elif value is not None and not text:
                return value, ""

    def _ask(self, name):
        # The value of a setting.
        for tries in range(3):
            self._command(name + "=?", (name + "=", REFUSED, OK), QUICK_MS)
            value, refusal = self._value()
            if value is not None:
                return value
            self._awake = not tries  # a lost line first
        raise _failure(name, refusal)

    def _has(self, name, value):
        return self._ask(name) == value

    def _write(self, name, value):
        command = name + "=" + value
        if name == PROBE:
            self._restart(command)
        else:
            self._persist(lambda: self._order(command))
            self._clock.sleep_ms(SETTLE_MS)

    def _order(self, command):
        # A command that is answered by OK only.
        for _ in range(3):
            self._command(command, (REFUSED, OK), QUICK_MS)
            refusal = self._status()
            if refusal == "":
                return
            self._awake = False
            if refusal not in (None, "COMMAND_NOT_FOUND"):
                break
        raise _failure(command, refusal)

    def _status(self):
        # "" for OK, what stands behind "AT_" for a refusal, None when neither came.
        while True:
            reply = self._serial.marked_reply()
            if reply is None:
                return None
            mark, text = reply
            if mark == REFUSED or not text:
                return text

    def _restart(self, command):
        # Neither a restart nor a change of mode is answered by a whole line.
        self._command(command, (), 0)
        self._asks_time = False
        self._clock.sleep_ms(RESTART_MS)
        self._awake = False
        self.wake()

    # --- frames ---

    def _join(self):
        # One request, and no further ones by itself: they would keep the modem busy. Manuals and firmware
        # differ in what parts the parameters.
        for separator in ":,":
            event = self._exchange(separator.join(("AT+JOIN=1", "0", "8", "0")), JOIN_MS, "JOIN")
            if event == LOST and not self.joined():
                raise self._lost()
            if event is not None:
                return event in (LOST, "JOINED")
        raise RadioError(JOIN_FAILED, "modem does not take AT+JOIN: check its firmware")

    def _send(self, port, payload, end):
        # False when the frame was too long for what the modem's MAC had to say besides.
        data = payload() if callable(payload) else payload
        most = self.max_payload()
        if len(data) > most:
            raise RadioError(TOO_LONG, "frame too long for the data rate: send at most %d bytes" % most)
        if not data:
            raise RadioError(PROTOCOL, "modem cannot send an empty frame: give it a byte at least")
        event = self._exchange("AT+SEND=%d:%s" % (port, to_hex(data)), SEND_MS, end)
        if event == LOST:
            raise self._lost()
        # Refused, it sends an empty frame in place of this one.
        self._collect(SEND_MS if event is None else SAME_ANSWER_MS)
        self.acknowledged = event == "SEND_CONFIRMED_OK"
        return event is not None

    def _exchange(self, command, limit_ms, end):
        # A command with radio, to the event that begins with `end`, or LOST; None if its parameters are
        # refused. An event before OK is the late end of an earlier command.
        self._command(command, (EVENT, WAIT, REFUSED, OK), limit_ms)
        accepted = False
        wait_ms = 0
        while True:
            reply = self._serial.marked_reply()
            if reply is None:
                return LOST
            mark, text = reply
            if mark == WAIT:
                wait_ms = integer(text.split("_")[0]) or 0
            elif mark == REFUSED:
                if text == "PARAM_ERROR":
                    return None
                raise _failure(command, text, wait_ms)
            elif mark == OK:
                accepted = accepted or not text
            else:
                self._heed(text)
                if accepted and text.startswith(end):
                    return text

    def _collect(self, first_ms):
        # Events after the end of a frame: downlinks, and those that the modem fetches by itself thereupon.
        self._serial.allow(first_ms)
        for _ in range(MOST_FOLLOWING):
            reply = self._serial.marked_reply()
            if reply is None:
                return
            mark, text = reply
            if mark == EVENT:
                self._serial.allow(FOLLOW_MS if self._heed(text) else SAME_ANSWER_MS)

    def _heed(self, text):
        # Takes what an event tells besides; True for a downlink.
        if text.startswith("TIMEREQ_"):
            self._asks_time = False
        received = downlink(text)
        if received is not None:
            self._keep(received)
        return received is not None

    def _command(self, command, marks, limit_ms):
        if not self._awake:
            self.wake()
        self._begin(command, marks, limit_ms)

    def _begin(self, command, marks, limit_ms):
        # What still waited belongs to earlier commands; a late downlink among it is not lost.
        for line in self._serial.begin(ERASERS + command.encode(), marks, limit_ms):
            if EVENT in line:
                self._heed(line[line.find(EVENT) + len(EVENT) :])


def _failure(command, refusal, wait_ms=0):
    # refusal: what stood behind "AT_"; "" or None when nothing was answered.
    kind, usual_ms, advice = FAILURES.get(refusal, REFUSAL if refusal else SILENCE)
    if kind == BUSY and wait_ms > 0:
        return RadioError(NO_CHANNEL, "modem: duty cycle used up: try later", wait_ms)
    return RadioError(kind, "modem: %s: %s" % (name_of(command), advice), usual_ms)

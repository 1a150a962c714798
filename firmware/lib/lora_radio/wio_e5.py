# Wio-E5 (LoRa-E5) AT modem, after Seeed's LoRa-E5 AT Command Specification V1.0 and its firmware 4.0.11.
#
# The modem has its own LoRaWAN stack and keeps the session while it has power. It answers in `+NAME: text`
# lines. Low power is its AUTO mode: after each command it sleeps again by itself, so a glitch on the UART
# while the board boots cannot leave it awake. In that mode it hears only a command behind four bytes 0xFF.

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
    BOOT_MS,
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
from lora_radio.wio_words import colons, downlink, first_word, signal, unix_time
from lora_radio.words import integer, to_hex

LARGEST_PAYLOAD = 242

# Words of a status line, the kind of failure, what to do.
FAILURES = (
    ("modem is busy", BUSY, "at an earlier command: try later, or take its power away"),
    ("join network first", NOT_JOINED, "no session: join first"),
    ("No free channel", NO_CHANNEL, "no free channel: try later"),
    ("No band in", NO_CHANNEL, "duty cycle used up: try later"),
    ("Length error", TOO_LONG, "frame too long for the data rate: ask max_payload() and send less"),
    ("Not in JOIN mode", JOIN_FAILED, "not in OTAA mode: configure first"),
    ("DR error", PROTOCOL, "no channel has this data rate: check region and data_rate"),
    ("ERROR(", PROTOCOL, "refuses the command: check region, data_rate and the modem's firmware"),
)


class WioE5(Modem):
    BAUD = 9600
    _half = None  # a downlink whose signal line is still to come
    _refused = False  # the modem itself said that there is no session

    # --- the radio interface ---

    def configure(self, region, dev_eui, join_eui, app_key, data_rate, adr):  # noqa: PLR0917 - the interface
        self._key = app_key
        self.wake()
        identity = [_setting("MODE", "LWOTAA")]
        for name, eui in (("DevEui", dev_eui), ("AppEui", join_eui)):
            if eui is not None:
                query = "AT+ID=" + name
                identity.append((query, "+ID: " + name + ", ", colons(eui), '%s,"%s"' % (query, to_hex(eui))))
        identity.append(_setting("DR", region))
        if self._hold_all(identity):
            # A session belongs to its identity. The restart ends it, and shows that flash has the settings.
            self._restart()
            if self._hold_all(identity):
                raise RadioError(PROTOCOL, "modem forgets its settings at a restart: replace it")
        # One try, also of what is to be confirmed: a frame that the modem repeats tells a wrong age.
        rest = ("DR%d" % data_rate, "ON" if adr else "OFF", "A", "1", "1")
        self._hold_all([_setting(*pair) for pair in zip(("DR", "ADR", "CLASS", "REPT", "RETRY"), rest)])

    def joined(self):
        # The modem has no question for this, but its uplink counter is above 0 only in a session. Right after
        # a join it is 0: then join() finds out at no cost ("Joined already").
        counters = self._ask("AT+LW=ULDL", "+LW: ULDL, ").split(",")
        return not self._refused and (integer(counters[0]) or 0) > 0

    def join(self, anew=False):
        if self._key is None:
            raise RadioError(JOIN_FAILED, "no key: configure first")
        if anew:
            self._restart()
        self._ask('AT+KEY=APPKEY,"%s"' % to_hex(self._key), "+KEY: APPKEY")
        outcome = []

        def heed(text):
            if "joined" in text or "Joined" in text or "NetID" in text:
                outcome.append(text)
            return "already" in text

        self._exchange(lambda: "AT+JOIN", "+JOIN: ", JOIN_MS, heed)
        self._refused = not outcome
        return bool(outcome)

    def max_payload(self):
        length = self._length()
        if length == 0:
            # Answers of the modem's MAC wait and fill the frame: an empty uplink carries them away.
            self._transmit(lambda: "AT+MSGHEX", "+MSGHEX: ")
            length = self._length()
        return min(length, LARGEST_PAYLOAD)

    def send(self, port, payload, confirmed=False):
        self.acknowledged = self.pending = False
        self._ask("AT+PORT=%d" % port, "+PORT: ", str(port))
        name = "CMSGHEX" if confirmed else "MSGHEX"

        def command():
            return 'AT+%s="%s"' % (name, to_hex(payload() if callable(payload) else payload))

        self._transmit(command, "+" + name + ": ")
        return self._taken()

    def network_time(self, ask=True):
        first = unix_time(self._ask("AT+RTC=UTCMS", "+RTC: "))
        second = unix_time(self._ask("AT+RTC=UTCMS", "+RTC: "))
        if ask:
            self._ask("AT+LW=DTR", "+LW: DTR")
        return true_time(first, second)

    def sleep(self):
        self._ask("AT+LOWPOWER=AUTOON", "+LOWPOWER: ", "AUTOON")
        self._awake = False

    # --- commands ---

    def _wakes(self):
        # Also the way back into step with a modem that did not answer: end its half line, drain, ask again.
        for _ in range(WAKE_TRIES):
            self._begin(b"\r\n\xff\xff\xff\xffAT+LOWPOWER=AUTOOFF", ("+LOWPOWER: AUTOOFF",), WAKE_MS)
            if self._serial.reply() is not None:
                self._awake = True
                return True
        self._awake = False
        return False

    def _ask(self, command, prefix, want=None):
        # The text behind `prefix` of the answer to a command without radio. With `want`, its first word must
        # be that, so that the late answer to an earlier command is not taken for it.
        for _ in range(3):
            self._command(command, prefix, QUICK_MS)
            while True:
                text = self._serial.reply()
                if text is None or "ERROR(" in text:
                    break
                if want is None or first_word(text) == want:
                    return text
            self._awake = False
        raise RadioError(
            PROTOCOL, "modem does not take %s: check station.json, its firmware" % name_of(command)
        )

    def _write(self, _, prefix, value, command):
        self._ask(command, prefix, value)

    def _has(self, query, prefix, value, _):
        # Whether a line of the answer begins with `value`; an answer may have several lines.
        for _ in range(3):
            self._command(query, prefix, QUICK_MS)
            answered = False
            while True:
                text = self._serial.reply()
                if text is None:
                    break
                answered = True
                if first_word(text) == value:
                    return True
                self._serial.allow(SAME_ANSWER_MS)
            if answered:
                return False
            self._awake = False
        raise RadioError(PROTOCOL, "modem does not answer %s" % name_of(query))

    def _restart(self):
        self._ask("AT+RESET", "+RESET: ", "OK")
        self._clock.sleep_ms(BOOT_MS)
        self.wake()

    def _length(self):
        length = integer(self._ask("AT+LW=LEN", "+LW: LEN").lstrip(", "))
        if length is None:
            raise RadioError(PROTOCOL, "modem tells no frame length: check its firmware")
        return length

    def _transmit(self, command, prefix):
        self._exchange(command, prefix, SEND_MS, self._heed_send)
        self._keep_half()

    def _exchange(self, command, prefix, limit_ms, heed):
        # A command with radio, from Start to Done; command() makes it anew for each try. `heed` gets each
        # line between; True from it is the end.
        def attempt():
            self._command(command(), prefix, limit_ms)
            self._follow(heed)

        self._persist(attempt)

    def _follow(self, heed):
        # A Done before Start is the late end of an earlier command.
        started = False
        while True:
            text = self._serial.reply()
            if text is None:
                raise self._lost()
            if text.startswith("Start"):
                started = True
            elif text.startswith("Done") and started:
                return
            elif heed(text):
                return
            else:
                self._refused = self._refused or "join network first" in text
                _raise_failure(text)

    def _heed_send(self, text):
        # Takes what a line tells about the frame that was sent, or about a downlink.
        self.acknowledged = self.acknowledged or "ACK Received" in text
        self.pending = self.pending or "FPENDING" in text
        received = downlink(text)
        if received is not None:
            self._keep_half()
            self._half = received
        elif self._half is not None and "RXWIN" in text:
            self._half.rssi, self._half.snr = signal(text)
            self._keep_half()
        return False

    def _keep_half(self):
        if self._half is not None:
            self._keep(self._half)
            self._half = None

    def _command(self, command, prefix, limit_ms):
        if not self._awake:
            self.wake()
        self._begin(command.encode(), (prefix, "+AT: "), limit_ms)

    def _begin(self, command, prefixes, limit_ms):
        # What still waited belongs to earlier commands; a late downlink among it is not lost.
        for line in self._serial.begin(command, prefixes, limit_ms):
            if "; RX: " in line or "RXWIN" in line:
                self._heed_send(line)


def _setting(name, value):
    # What _hold() takes: question, answer's prefix, value, command.
    return "AT+" + name, "+" + name + ": ", value, "AT+" + name + "=" + value


def _raise_failure(text):
    for words, kind, advice in FAILURES:
        if words in text:
            wait_ms = BUSY_WAIT_MS if kind == BUSY else 0
            if words == "No band in":
                wait_ms = integer(text[text.find(words) + len(words) :].strip().rstrip("ms")) or 0
            raise RadioError(kind, "modem: " + advice, wait_ms)

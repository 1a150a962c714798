"""A device and its network on one virtual clock, in words that scenarios read well with."""

import json
from dataclasses import dataclass, replace

from lorawan_network import Network

from lorawan import (  # noqa: F401  (tests take them from here)
    ACKNOWLEDGED,
    BUSY,
    DEVICE_TIME,
    DOWNLINK,
    JOIN_FAILED,
    JOINED,
    LINK_CHECK,
    NO_CHANNEL,
    NOT_JOINED,
    RECEIVED,
    TOO_LONG,
)

APP_KEY = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
DEV_EUI = bytes.fromhex("70b3d57ed0001234")
JOIN_EUI = bytes.fromhex("0102030405060708")


class RefusedError(Exception):
    def __init__(self, kind, wait_ms):
        super().__init__(kind, wait_ms)
        self.kind = kind
        self.wait_ms = wait_ms


class PowerCutError(Exception):
    pass


@dataclass(frozen=True)
class Window:
    delay_us: int
    frequency_hz: int
    sf: int
    bandwidth_hz: int


@dataclass(frozen=True)
class Transmission:
    at: int
    frequency_hz: int
    sf: int
    bandwidth_hz: int
    power_dbm: int
    payload: bytes
    rx1: Window
    rx2: Window

    def airtime_us(self):
        """By the formula of the data sheet in exact fractions: explicit header, CRC, 4/5."""
        symbol = 2**self.sf * 1_000_000 / self.bandwidth_hz
        low_rate = 1 if symbol > 16_000 else 0
        bits = 8 * len(self.payload) - 4 * self.sf + 28 + 16
        blocks = max(0, -(-bits // (4 * (self.sf - 2 * low_rate))))
        return symbol * (8 + 4.25 + 8 + 5 * blocks)


class Remote:
    """The device's words as methods. RefusedError: its MacError. PowerCutError: its storage's."""

    def __init__(self, transport):
        self._transport = transport

    def __getattr__(self, name):
        return lambda *arguments: self._ask(name, *arguments)

    def _ask(self, *word):
        answer = json.loads(self._transport.ask(json.dumps(_words(word))))
        if answer[0] == "error":
            raise RefusedError(*answer[1:])
        if answer[0] == "cut":
            raise PowerCutError
        return _plain(answer[1])


def _words(value):
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return [_words(part) for part in value] if isinstance(value, list | tuple) else value


def _plain(value):
    if isinstance(value, str) and value.startswith("0x"):
        return bytes.fromhex(value[2:])
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        value = {name: _plain(part) for name, part in value.items()}
        if "rx1" in value:
            windows = {name: Window(*value[name]) for name in ("rx1", "rx2")}
            return Transmission(**{**value, **windows})
    return value


class Town:
    """`now` is the clock in ms; `sent` all transmissions; `log` what the network decoded of them."""

    def __init__(self, device, region="eu868", **options):
        self.device = device
        self.region = region
        self.options = options
        self.now = 1_000_000
        self.sent = []
        self.network = Network(APP_KEY)
        self.power_on()

    def power_on(self):
        self.device.create(self.region, DEV_EUI, JOIN_EUI, APP_KEY, self.options)

    def call(self, name, *arguments):
        return self.device.call(name, *arguments)

    def get(self, path):
        return self.device.get(path)

    def session(self, name):
        return self.device.get("session." + name)

    def _on_air(self, transmission):
        """The transmission, at its time; the clock then stands at its end."""
        self.now = max(self.now, transmission.at)
        self.sent.append(replace(transmission, at=self.now))
        self.now += int(transmission.airtime_us() / 1000) + 1
        return transmission

    def wait_for_join(self):
        self.now = self.call("next_join_at", self.now)

    def wait_for_uplink(self, length):
        self.now = self.call("next_transmission_at", length, self.now)

    def request_join(self):
        """A join request when it may go; the network has noted it."""
        self.wait_for_join()
        transmission = self._on_air(self.call("join_request", self.now))
        assert self.network.join_request(transmission.payload)[:2] == (JOIN_EUI, DEV_EUI)
        return transmission

    def join(self, lost=0, **accept):
        """Joins; the first `lost` requests stay without answer. Events of the accept."""
        for _ in range(lost):
            self.request_join()
            assert self.silence() is None
        self.request_join()
        return self.hear(self.network.accept(**accept))

    def hear(self, frame, snr_tenths=75):
        return self.device.received(frame, snr_tenths, self.now)

    def silence(self, seconds=2):
        """The windows pass; the repetition that goes then, sent, or None."""
        self.now += 1000 * seconds
        again = self.call("windows_closed", self.now)
        return None if again is None else self._on_air(again)

    def send(self, payload=b"reading", port=1, confirmed=False):
        """An uplink when it may go, as the network decoded it."""
        self.wait_for_uplink(len(payload))
        self._on_air(self.call("uplink", port, payload, confirmed, self.now))
        return self.network.uplink(self.sent[-1].payload)

    def quiet(self, count=1, **uplink):
        """So many uplinks that nobody answers (repetitions too); the last one."""
        for _ in range(count):
            heard = self.send(**uplink)
            while self.silence():
                pass
        return heard

    def command(self, commands, **downlink):
        """An uplink that is answered with MAC commands; then the next one, unanswered, as decoded."""
        self.send()
        assert self.hear(self.network.downlink(options=commands, **downlink))[0][0] == DOWNLINK
        self.silence()
        return self.quiet()

# A MAC with its storage, told by words what to do, so that one test drives it under CPython and in a process
# of the 32-bit MicroPython. A word is a JSON list: method, then arguments; bytes are strings "0x...".

import json
import sys
from binascii import hexlify, unhexlify

from lorawan import MacError
from lorawan.mac import Mac
from lorawan.personalise import activate


class PowerCutError(Exception):
    pass


class Storage:
    # Keeps what was written; `cut` (n, done): the power fails at the n-th write, before or after it is done.
    def __init__(self):
        self.values = {}
        self.writes = 0
        self.cut = None

    def read(self, name):
        return self.values.get(name, 0)

    def write(self, name, value):
        self.writes += 1
        failing = self.cut and self.cut[0] == self.writes
        if failing and not self.cut[1]:
            raise PowerCutError()
        self.values[name] = value
        if failing:
            raise PowerCutError()


class Dice:
    # The same numbers on each engine (a linear congruential generator with the constants of glibc).
    def __init__(self, seed):
        self.state = seed

    def __call__(self, count):
        self.state = (1103515245 * self.state + 12345) & 0x7FFFFFFF
        return (self.state >> 16) % count


class Packet:
    def __init__(self, payload, snr_tenths):
        self.payload = payload
        self.snr_tenths = snr_tenths


class Device:
    def __init__(self):
        self.storage = Storage()
        self.dice = Dice(1)
        self.mac = None

    def create(self, region, dev_eui, join_eui, app_key, options):
        # Power comes: a new Mac on the storage that there is.
        data = getattr(__import__("lorawan.regions." + region).regions, region)
        self.mac = Mac(data, self.storage, self.dice, dev_eui, join_eui, app_key, **options)

    def activate(self, address, keys):
        activate(self.mac, self.storage, address, keys)

    def wipe(self, seed):
        self.storage = Storage()
        self.dice = Dice(seed)

    def cut(self, number, done):
        # At the n-th write from now; 0: never.
        self.storage.cut = (self.storage.writes + number, done) if number else None

    def writes(self):
        return self.storage.writes

    def stored(self):
        return self.storage.values

    def received(self, payload, snr_tenths, now):
        return self.mac.received(Packet(payload, snr_tenths), now)

    def call(self, name, *arguments):
        return getattr(self.mac, name)(*arguments)

    def get(self, path):
        # "session.channels.mask" of the Mac.
        value = self.mac
        for name in path.split("."):
            value = getattr(value, name)
        return value

    def put(self, path, value):
        *way, last = path.split(".")
        setattr(self.get(".".join(way)) if way else self.mac, last, value)

    def package(self, module, name, *arguments):
        # Makes an application package that works on the Mac, to be reached as `mac.package`.
        self.mac.package = getattr(getattr(__import__("lorawan." + module), module), name)(
            self.mac, *arguments
        )

    def handle(self, events):
        return self.mac.package.handle(events)

    def do(self, word):
        # The answer to a word: ["ok", value], ["error", kind, wait_ms] or ["cut"].
        name, *arguments = [_plain(argument) for argument in word]
        try:
            return ["ok", _words(getattr(self, name)(*arguments))]
        except MacError as error:
            return ["error", error.kind, error.wait_ms]
        except PowerCutError:
            return ["cut"]


def _plain(word):
    if isinstance(word, str) and word[:2] == "0x":
        return unhexlify(word[2:])
    return [_plain(part) for part in word] if isinstance(word, list) else word


def _words(value):
    if isinstance(value, (bytes, bytearray)):
        return "0x" + hexlify(value).decode()
    if isinstance(value, (list, tuple)):
        return [_words(part) for part in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    fields = value if isinstance(value, dict) else value.__dict__
    return {name: _words(fields[name]) for name in fields}


def serve():
    # One word a line, until the input ends.
    device = Device()
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        print(json.dumps(device.do(json.loads(line))))


if __name__ == "__main__":
    serve()

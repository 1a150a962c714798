"""A station whose sensors are written into its journal by the test, and whose radio plays by a script."""

from luftpegel_wire import decode
from station.history import Layout
from station.journal import Journal
from station.memory import Memory
from station.remote import in_force
from station.uplink import Uplink

UNIX = 1_700_000_000
CLIMATE = ((2, 4), (10, 50))
WATER = ((8,), (10,))


class Storage(dict):
    def sizes(self):
        return [(name, len(data)) for name, data in self.items()]

    def read(self, name, offset, count):
        return self[name][offset : offset + count]

    def append(self, name, data):
        self[name] = self.get(name, b"") + data

    def remove(self, name):
        del self[name]


class Checkpoint:
    value = 0

    def read(self):
        return self.value

    def write(self, value):
        self.value = value


class Nvs:
    def __init__(self):
        self.blobs = {"app_key": bytes(16), "join_eui": bytes(8)}
        self.numbers = {}

    def get_blob(self, key, into):
        if key not in self.blobs:
            raise OSError(-4354)
        into[:] = self.blobs[key]

    def get_i32(self, key):
        if key not in self.numbers:
            raise OSError(-4354)
        return self.numbers[key]

    def set_blob(self, key, value):
        self.blobs[key] = bytes(value)

    def set_i32(self, key, value):
        self.numbers[key] = value

    def commit(self):
        pass


class Radio:
    KEEPS_SETTINGS = True
    rx_offset_us = rx_spread_us = None
    behind = 0

    def __init__(self):
        self.session = True
        self.accepts = True
        self.limit = 51
        self.sent = []
        self.joins = self.configured = 0
        self.answers = []
        self.unix = None
        self.fails = self.refuses = None
        self.waits = None  # for a free channel, before each frame
        self.confirms = True
        self.acknowledged = self.wanted = False
        self.asleep = False
        self.at_send = lambda _sent: []  # more answers, by the number of the frame in this wake

    def configure(self, *identity):
        self.configured += 1

    def joined(self):
        if self.fails:
            raise self.fails
        return self.session

    def join(self, anew=False):
        assert anew == self.session
        if self.refuses:
            raise self.refuses
        self.joins += 1
        self.session = self.session or self.accepts
        return self.accepts

    def max_payload(self):
        return self.limit

    def send(self, port, payload, confirmed=False):
        if self.waits:
            self.waits()
        payload = payload() if callable(payload) else payload
        assert len(payload) <= self.limit
        self.sent.append((port, decode(port, payload)))
        self.wanted = confirmed
        self.acknowledged = confirmed and self.confirms
        answers, self.answers = self.answers, []
        return answers + self.at_send(len(self.sent))

    def network_time(self, ask=True):
        return self.unix

    def sleep(self):
        self.asleep = True


class Rtc:
    kept = b""

    def memory(self, data=None):
        if data is None:
            return self.kept
        self.kept = bytes(data)
        return None


class Station:
    """A station whose sensors are written into its journal by the test."""

    def __init__(self):
        self.radio, self.nvs, self.state = Radio(), Nvs(), Memory(Rtc())
        self.journal = Journal(Storage(), Checkpoint(), 1 << 20)
        self.now = 1000
        self.columns = CLIMATE
        self.written = {}
        self.state.era, self.state.interval = 1, 600
        self.state.status_next = 1 << 31
        self.settings = {"station": "LP-1", "interval_s": 600, "radio": {
            "driver": "wio_e5", "region": "EU868", "data_rate": 5, "adr": False, "frame_bytes": 242
        }}  # fmt: skip
        in_force(self.nvs, self.settings, self.state)

    def sample(self, seconds=600):
        self.now += seconds
        width = len(self.columns[0])
        layout = Layout(*self.columns, self.state.era, self.state.offset)
        seq = self.journal.next_seq
        self.row = self.journal.append(self.now, [100 * (seq % 50)] * width, [0] * width, layout)
        self.written[seq] = self.row
        return self.row

    def skip(self, count):
        """What a wiped file system does to the numbers."""
        self.journal = Journal(Storage(self.journal._storage), Checkpoint(), 1 << 20)
        self.journal.next_seq += count
        self.journal._grown = None

    def wake(self, seconds=600):
        self.sample(seconds)
        self.radio.sent = []
        self.forgotten = []
        handed = self.settings, self.state, self.nvs, self.radio, lambda: self.now + 7, lambda: None
        self.waited = []
        Uplink(*handed, lambda *names: self.forgotten.extend(names), self.waited.append).run(
            self.journal, self.row
        )
        return self.radio.sent

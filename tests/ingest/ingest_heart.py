"""Boards that measure and send, clocks right or wrong, and the gateway's heart without its sockets."""

import base64
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from luftpegel_gateway.ingest.decide import Decider
from luftpegel_gateway.journal.sqlite.backend import SqliteLog
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.model.observations import AlarmRaised
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sources import chirpstack_events
from luftpegel_wire import (
    PORT_ALARM,
    PORT_READINGS,
    PORT_STATUS,
    Row,
    encode_alarm,
    encode_readings,
    encode_status,
)
from luftpegel_wire.quantities import channel_of

NOON = 1_782_907_200  # 2026-07-01 12:00 UTC
CHANNELS = (channel_of("temperature"), channel_of("humidity"))
ROOF, TOWER = "0016c001f0000001", "0016c001f0000002"


def rfc3339(unix_s):
    return datetime.fromtimestamp(unix_s, UTC).isoformat().replace("+00:00", "Z")


@dataclass
class Board:
    """One board: samples each interval from `begin` on, numbers from `first`. Values are noise of its own."""

    dev_eui: str = "70b3d57ed0000001"
    begin: int = NOON
    first: int = 0
    interval: int = 600
    seed: int = 1
    dev_addr: str = "01020304"
    constant: tuple = None
    values_of: dict = field(default_factory=dict)
    absent: set = field(default_factory=set)
    sent: int = 0

    def time(self, seq):
        return self.begin + (seq - self.first) * self.interval

    def values(self, seq):
        if self.constant or seq in self.values_of:
            return self.values_of.get(seq, self.constant)
        noise = random.Random(f"{self.seed} {seq}")
        day = (self.time(seq) % 86400) / 86400
        return (
            1500 + int(800 * day) // 10 * 10 + 10 * noise.randint(-4, 4),
            6000 + 50 * noise.randint(-6, 6),
        )

    def row(self, seq, age):
        if seq in self.absent or seq < self.first:
            return Row(seq, age, self.interval, (None, None), [8, 8], True)
        newer = next(number for number in count(seq + 1) if number not in self.absent)
        return Row(seq, age, (newer - seq) * self.interval, self.values(seq), [0, 0])

    def payload(self, newest, history=12, delay=7, oldest=None):
        """A readings frame: `newest` and up to `history` older ones, sent `delay` seconds after sampling."""
        lowest = max(self.first if oldest is None else oldest, newest - history)
        rows = [
            self.row(seq, delay + (newest - seq) * self.interval) for seq in range(newest, lowest - 1, -1)
        ]
        return bytes(encode_readings(CHANNELS, rows, 242)[0])

    def uplink(self, newest, *, history=12, delay=7, oldest=None, sent_at=None, **clocks):
        """The event of that frame; sent when `newest` was sampled unless told otherwise."""
        sent = self.time(newest) + delay if sent_at is None else sent_at
        age = sent - self.time(newest)
        return self.event(self.payload(newest, history, age, oldest), sent, **clocks)

    def event(
        self,
        data,
        sent,
        *,
        port=PORT_READINGS,
        told=0,
        network=None,
        gateway=None,
        roof=ROOF,
        others=(),
        f_cnt=None,
    ):
        """An uplink event. `told`, `network`, `gateway`: what each clock says beside the truth; None:
        nothing. `others`: (radio gateway, its clock beside the truth) of further receptions."""
        self.sent += 1
        receptions = []
        for rssi, (name, wrong) in enumerate([(roof, gateway), *others]):
            reception = {"gatewayId": name, "rssi": -97 - rssi, "snr": 7.5}
            if wrong is not None:
                reception["gwTime"] = rfc3339(sent + wrong)
            if network is not None:
                reception["nsTime"] = rfc3339(sent + network)
            receptions.append(reception)
        event = {
            "deduplicationId": f"{self.sent:032x}",
            "deviceInfo": {"applicationId": "app", "devEui": self.dev_eui},
            "devAddr": self.dev_addr,
            "dr": 0,
            "fCnt": self.sent if f_cnt is None else f_cnt,
            "fPort": port,
            "data": base64.b64encode(data).decode(),
            "rxInfo": receptions,
        }
        if told is not None:
            event["time"] = rfc3339(sent + told)
        return Message("up", json.dumps(event).encode(), self.dev_eui, sent)

    def status(self, sent, **fields):
        return self.event(bytes(encode_status(fields)), sent, port=PORT_STATUS, network=0)

    def alarm(self, sent, seq, value, threshold):
        data = bytes(encode_alarm(seq, 3, CHANNELS[0], 1, value, threshold))
        return self.event(data, sent, port=PORT_ALARM, network=0)

    def join(self, sent):
        event = {"deviceInfo": {"devEui": self.dev_eui}, "devAddr": self.dev_addr, "time": rfc3339(sent)}
        self.sent = 0
        return Message("join", json.dumps(event).encode(), self.dev_eui, sent)

    def truth(self, numbers):
        """What must be stored of these readings: number -> (time, values)."""
        return {seq: (self.time(seq), *self.values(seq)) for seq in numbers}


@dataclass(frozen=True)
class Message:
    kind: str
    payload: bytes
    dev_eui: str
    sent: int

    @property
    def delivery(self):
        topic = f"application/app/device/{self.dev_eui}/event/{self.kind}"
        return Delivery("chirpstack", "chirpstack-mqtt", topic, self.payload)


class Heart:
    """Decider and journal, with a clock that is set by hand, and a sink that only remembers."""

    def __init__(self, path, stations=()):
        stations = stations or [Station("LP-0001", "70b3d57ed0000001", "Mühlbach", "climate")]
        self.path = path
        self.stations = {station.dev_eui: station for station in stations}
        self.decider = Decider(self.parse, lambda _source, dev_eui: self.stations.get(dev_eui))
        self.log = SqliteLog(path)
        self.log._database.execute("PRAGMA synchronous = OFF")
        self.items = []
        self.stored = {}
        self.alarms = []
        self.downlinks = []
        self.ahead = 0

    @staticmethod
    def parse(delivery):
        return chirpstack_events.parse(delivery.topic, delivery.payload)

    def take(self, *messages, at=None, queued=1):
        """Take these in one batch; our clock says `at`, or `queued` seconds after the last was sent."""
        now = at if at is not None else messages[-1].sent + queued + self.ahead
        answers = self.log.transact([message.delivery for message in messages], self.decider.decide, now)
        self.downlinks += [answer for answer in answers if answer]
        self._deliver(now)
        return answers

    def _deliver(self, now):
        while batch := self.log.after("sink", 100):
            for item in batch.items:
                self.items.append(item)
                if isinstance(item, AlarmRaised):
                    self.alarms.append(item)
                    continue
                place = (item.ref.station, item.ref.life, item.reading.seq)
                assert place not in self.stored or item.reading.revision > self.stored[place].revision, item
                self.stored[place] = item.reading
            self.log.advance("sink", batch.position, (), now)

    def readings(self, life=0, station="LP-0001"):
        """What the sink has: number -> (time, values)."""
        return {
            seq: (reading.time, *(cell.value for cell in reading.cells))
            for (name, number, seq), reading in sorted(self.stored.items())
            if (name, number) == (station, life)
        }

    def state(self, station="LP-0001"):
        return self.log._memory.state(("", station))

    def faults(self):
        rows = self.log._database.execute("SELECT code, detail FROM quarantine WHERE resolved_at IS NULL")
        return rows.fetchall()

    def restart(self):
        """End and begin again: what was only in memory is gone."""
        self.log.close()
        self.log = SqliteLog(self.path)
        self.log._database.execute("PRAGMA synchronous = OFF")

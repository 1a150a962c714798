"""Run with the code of version 0.2.0 on the path: does what it is told to a journal, and tells what is in it.

Reads {"path", "stations", "steps"} as JSON from standard input; prints a list with an answer for each step.
"""

import base64
import json
import sys
from contextlib import closing
from pathlib import Path

from luftpegel_gateway.events import Delivery
from luftpegel_gateway.journal.database import open_for_reading
from luftpegel_gateway.journal.journal import Journal, Ledger, Rejection
from luftpegel_gateway.process import Fault
from luftpegel_gateway.stations import Station

from luftpegel_gateway.journal import quarantine


class Old:
    def __init__(self, path, stations):
        self.path = path
        self.now = 0
        self.journal = Journal(path, [Station(*station) for station in stations], lambda: self.now)

    def take(self, messages, now):
        self.now = now
        deliveries = [Delivery(kind, topic, base64.b64decode(data)) for kind, topic, data in messages]
        answers = self.journal.take(deliveries)
        return [answer and answer.id for answer in answers]

    def deliver(self, sink, limit, refused):
        """Hand up to `limit` frames to a sink that refuses those with these numbers."""
        frames = self.journal.after(self.journal.cursor(sink), limit)
        bad = [
            Rejection(frame.id, Fault("LP-423", "no"))
            for frame in frames
            if any(reading.seq in refused for reading in frame.readings)
        ]
        if frames:
            self.journal.advance(sink, frames[-1].id, bad)
        return [
            [
                frame.station,
                reading.seq,
                reading.time,
                [[cell.channel, cell.value, cell.quality] for cell in reading.cells],
            ]
            for frame in frames
            for reading in frame.readings
        ]

    def replay(self, entry):
        fault = self.journal.replay(entry)
        return fault and fault.code

    def tidy(self, sinks, days, mib, now):
        self.now = now
        return self.journal.tidy(sinks, days, mib)

    def look(self, sinks):
        with closing(open_for_reading(self.path)) as database:
            found = quarantine.entries(database) + quarantine.entries(database, resolved=True)
            account = quarantine.account(database, sinks)
            notices = database.execute("SELECT taken_at, dev_eui, level, code, text FROM notice").fetchall()
            readings = database.execute("SELECT station, seq, time FROM reading ORDER BY 1, 2").fetchall()
            states = database.execute("SELECT id FROM station ORDER BY 1").fetchall()
            ledger = [(name, self._state(database, name)) for (name,) in states]
        return {
            "entries": [
                [one.id, one.code, one.sink, one.times, one.dev_eui, base64.b64encode(one.payload).decode()]
                for one in found
            ],
            "frames": account.frames,
            "waiting": account.waiting,
            "notices": notices,
            "readings": readings,
            "states": dict(ledger),
        }

    @staticmethod
    def _state(database, name):
        state = Ledger(database).state(name)
        asked = state.asked
        return {
            "seen": state.seen.ranges,
            "absent": state.absent.ranges,
            "frames": state.frames,
            "asked": asked and [asked.first, asked.count, asked.uplinks, asked.patience],
            "oldest": state.oldest,
            "heard_at": state.heard_at,
            "rssi": state.rssi,
        }


told = json.load(sys.stdin)
old = Old(Path(told["path"]), told["stations"])
print(json.dumps([getattr(old, name)(*values) for name, *values in told["steps"]]))
old.journal.close()

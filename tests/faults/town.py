"""One gateway, whole, with a journal of its own, and everything that is connected to it; what it is told, and
what comes of it.

Two stations speak often (`series`), and many once (`visitors`): a platform that wants only the present hears
those. Every reading is told in one frame alone, so no frame may be lost. The store `witness` is never touched
by a fault: what waits for a broken sink must be there at once.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.gateway.conftest import FakeStation, Site

PATIENCE_S = 60
INTERVAL_S = 600
MOST_VISITORS = 80
BEGAN_S = 20 * 86_400  # no reading is of the future
WITNESS, WITNESS_FILE = "witness", "store.sqlite"
JUMPING = Path(__file__).with_name("jumping_gateway.py")
QUANTITIES = ("temperature", "humidity")


def value(seq):
    """Nothing that a check doubts."""
    return 2000 + 3 * (seq % 97), 5000 + 5 * (seq % 97)


def until(true, what, patience_s=PATIENCE_S):
    """Wait for a state of the world; fails with `what()` if it does not come."""
    deadline = time.monotonic() + patience_s
    while not (found := true()):
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)
    return found


class Zygote:
    """See zygote.py."""

    def __init__(self):
        words = [sys.executable, str(Path(__file__).with_name("zygote.py"))]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, words, log):
        print(json.dumps([words, str(log)]), file=self._process.stdin, flush=True)
        return Forked(int(self._process.stdout.readline()), self._process.stdout)

    def close(self):
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()


@dataclass
class Forked:
    """A gateway that the zygote forked; as much of `Popen` as is used."""

    pid: int
    _told: object
    returncode: int | None = None

    def send_signal(self, number):
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def wait(self, _timeout=None):
        if self.returncode is None:
            self.returncode = int(self._told.readline())
        return self.returncode

    def poll(self):
        return self.returncode


@dataclass
class Cell:
    """What became of the readings that a part was to take or tell, in one fault. `untold`: by its promise."""

    sent: int = 0
    delivered: int = 0
    waiting: int = 0
    quarantined: int = 0
    doubled: int = 0
    lost: int = 0
    untold: int = 0
    kills: int = 0
    troubles: list[str] = field(default_factory=list)


class Town(Site):
    """`number` makes its names its own. `sources`, `sinks`: parts; `zygote`: what starts it."""

    def __init__(self, folder, number, sources, sinks, zygote):
        self.number, self.sources, self.sinks, self.zygote = number, sources, sinks, zygote
        now = int(time.time())
        self.series, self.visitors = {}, {}  # id -> FakeStation
        for place in range(len(sources) if len(sources) > 1 else 2):
            self._settle(self.series, f"F{number}S{place}", now - BEGAN_S)
        for place in range(MOST_VISITORS if sinks else 0):
            self._settle(self.visitors, f"F{number}V{place}", now)
        self.sent, self.broken = [], {}  # (station, number); by source, how many that no parser takes
        self.kills = 0
        self.codes_seen = {}  # sink or source -> what was told of it
        self._clock = folder / "clock"
        self._visited = iter(self.visitors.values())
        folder.mkdir()
        super().__init__(folder, 0)
        (folder / "stations.toml").write_text("".join(self._station(one) for one in self.ids()))

    def _settle(self, group, name, start):
        eui = f"{self.number:04x}{len(self.series) + len(self.visitors):012x}"
        station = FakeStation(eui, INTERVAL_S, 1, value, start=datetime.fromtimestamp(start, UTC))
        station.id, station.next = name, 0
        group[name] = station

    def _station(self, name):
        eui = (self.series | self.visitors)[name].dev_eui
        return (
            f'[[station]]\nid = "{name}"\ndev_eui = "{eui}"\nname = "{name}"\nkind = "climate"\n'
            "latitude = 50.1\nlongitude = 8.6\n"
        )

    def ids(self):
        return [*self.series, *self.visitors]

    def number_at(self, station, moment):
        return round((moment - self.series[station].start.timestamp()) / INTERVAL_S)

    def write_config(self, sinks=""):
        """Called by `Site`."""
        super().write_config()
        told = '[gateway]\ndata = "data"\nstations = "stations.toml"\n'
        for part in self.sources:
            told += f'[[source]]\nkind = "{part.kind}"\n{part.settings(self)}'
        told += f'[[sink]]\nkind = "store"\nname = "{WITNESS}"\n'
        for part in self.sinks:
            told += f'[[sink]]\nkind = "{part.kind}"\nname = "{part.told_as}"\n{part.settings(self)}'
        self.config.write_text(f"{told}[page]\nport = {self.page}\n")

    def secret(self, name, content):
        """A file with a secret; its path in the configuration."""
        file = self.folder / f"{name}.secret"
        file.write_text(content)
        file.chmod(0o600)
        return file.name

    def troubles(self):
        """What /readyz says is wrong, also of sinks; None while nobody answers."""
        status, body = self.get("/readyz")
        if status is None:
            return None
        return {found["subject"]: found["code"] for found in json.loads(body)["findings"] if found["code"]}

    # Its life.

    def start(self, *program, **options):
        if program or options:
            return super().start(*program, **options)
        words = ["gateway", "run", "--config", str(self.config)]
        self.process = self.zygote.start(words, self.log)
        return self

    def ready(self):
        """Wait until it knows what it is connected to."""
        until(lambda: self.troubles() is not None, self.told)
        until(lambda: all(part.listens(self) for part in self.sources), self.told)

    def kill(self):
        super().kill()
        self.kills += 1

    def stop(self):
        """In good order; it may have ended already."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)

    def end(self):
        """However it fared."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE_S)

    def told(self):
        """For whoever reads a failure."""
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        broken = [(entry.code, entry.detail) for entry in self.entries()][:5]
        short = len(set(self.sent) - self.witnessed()), len(self.sent)
        state = f"not stored {short}, quarantine {broken}, waiting {self.waiting()}"
        return f"{state}, troubles {self.troubles()}\n{log[-3000:]}"

    # What it is told.

    def send(self, count):
        """So many readings from each source; from one alone, of two stations and the visitors."""
        stations = list(self.series.values())
        for _ in range(count):
            for place, part in enumerate(self.sources):
                turn = len(self.sent)
                station = stations[place if len(self.sources) > 1 else turn % len(stations)]
                if self.visitors and turn % 4 == 3:
                    station = next(self._visited, station)
                self._send(part, station)

    def _send(self, part, station):
        seq, station.next = station.next, station.next + 1
        part.send(station, seq)
        self.sent.append((station.id, seq))

    def station_of(self, source):
        """The one that speaks through this source."""
        return list(self.series.values())[self.sources.index(source)]

    # Faults of its own.

    def limit_files(self, *, full):
        """A limit on the size of files stands in for the full disk: every write fails, without root."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (1 if full else hard, hard))

    def start_with_clock(self):
        """A process of its own, whose clock `set_clock` moves; what counts seconds goes on as ever."""
        self.set_clock(0)
        super().start(sys.executable, str(JUMPING), str(self._clock))

    def set_clock(self, ahead_s):
        """It jumps: so many seconds ahead of the world's."""
        new = self._clock.with_suffix(".new")
        new.write_text(f"{ahead_s:+d}")
        new.rename(self._clock)

    # What came of it.

    def witnessed(self):
        """(station, number) that the store has that no fault touches."""
        rows = self.rows("SELECT station, seq, count(*) FROM readings GROUP BY 1, 2", file=WITNESS_FILE)
        return {(station, seq) for station, seq, count in rows if count == len(QUANTITIES)}

    def wait_for_witness(self):
        until(lambda: self.witnessed() >= set(self.sent), self.told)

    def waiting(self):
        """By sink."""
        account = self.account(WITNESS, *(part.told_as for part in self.sinks))
        return dict(account.waiting) if account else {}

    def note_troubles(self):
        for name, code in (self.troubles() or {}).items():
            if name not in self.series and name not in self.visitors:
                self.codes_seen.setdefault(name, set()).add(code)

    def quarantined(self, part):
        """How many items or messages of a part."""
        mine = "sink" if part in self.sinks else "source"
        return sum(entry.times for entry in self.entries() if getattr(entry, mine) == part.told_as)

    def sent_to(self, part):
        """The readings that this part is to take, or to tell."""
        if part in self.sinks:
            return [told for told in self.sent if part.wants(self, told[0])]
        name = self.station_of(part).id
        return [told for told in self.sent if told[0] == name]

    def held_of(self, part):
        """(station, number) -> how often it is there at the part's end, whole."""
        if part in self.sinks:
            there = part.held(self)
            return {
                told: max(there[*told, quantity] for quantity in QUANTITIES)
                for told in self.sent_to(part)
                if all(there[*told, quantity] for quantity in QUANTITIES)
            }
        seen = self.witnessed()
        return {told: 1 for told in self.sent_to(part) if told in seen}

    def has_all(self, parts):
        """Whether nothing waits for, or from, these parts."""
        self.note_troubles()
        if parts and parts[0] in self.sinks:
            waiting = self.waiting()
            return self.witnessed() >= set(self.sent) and all(waiting[one.told_as] == 0 for one in parts)
        return all(self.cell(part).delivered + self.quarantined(part) >= self.told_by(part) for part in parts)

    def told_by(self, source):
        return len(self.sent_to(source)) + self.broken.get(source.kind, 0)

    def cell(self, part):
        """The counts of a part, as they are now."""
        there, sent = self.held_of(part), len(self.sent_to(part))
        cell = Cell(sent, len(there), quarantined=self.quarantined(part), kills=self.kills)
        cell.doubled = sum(times > 1 for times in there.values())
        cell.troubles = sorted(self.codes_seen.get(part.told_as, ()))
        if part in self.sinks:
            cell.waiting = self.waiting()[part.told_as]
        else:
            cell.sent = self.told_by(part)
        missing = cell.sent - cell.delivered - cell.quarantined - cell.waiting
        cell.untold = missing if part.promise == "at most once" else self._kept_back(part, there)
        cell.lost = missing - cell.untold
        return cell

    def _kept_back(self, part, there):
        """How many a public platform is not told because a check doubts them, its time for one."""
        if not part.public:
            return 0
        doubted = set(self.rows("SELECT DISTINCT station, seq FROM readings WHERE flags <> ''"))
        return len(doubted.intersection(self.sent_to(part)) - there.keys())

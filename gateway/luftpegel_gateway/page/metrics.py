"""Metrics in Prometheus's text format (version 0.0.4). Names stay; counters are kept in the journal, so they
never fall."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from luftpegel_gateway.model.quality import words_of
from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_gateway.views.stations import Overview, View
from luftpegel_gateway.views.verdict import Finding, Verdict, waited


class Seen(msgspec.Struct, frozen=True):
    """All that metrics are made from; `now` is Unix seconds. `overview`: None while there is no journal."""

    overview: Overview | None
    verdict: Verdict
    now: float


Samples = Iterable[tuple[dict[str, str], float | None]]
Metric = tuple[str, str, str, Callable[[Overview, float], Samples]]


def _labels(view: View) -> dict[str, str]:
    """A station's labels; the tenant only where there are some."""
    return {"station": view.station.id} | ({"tenant": view.station.tenant} if view.station.tenant else {})


def _stations(value: Callable[[View, float], float | None]) -> Callable[[Overview, float], Samples]:
    return lambda seen, now: ((_labels(view), value(view, now)) for view in seen.stations)


def _waiting(seen: Overview, _now: float) -> Samples:
    return (({"sink": sink}, number) for sink, number in seen.account.waiting.items())


def _waiting_since(seen: Overview, now: float) -> Samples:
    return (({"sink": sink}, waited(since, now)) for sink, since in seen.account.waiting_since.items())


def _passed(seen: Overview, _now: float) -> Samples:
    return (({"reason": reason}, number) for reason, number in seen.account.passed.items())


def _flags(seen: Overview, _now: float) -> Samples:
    """One sample for each objection to a newest value."""
    for view in seen.stations:
        if view.newest is not None:
            reading = view.newest[1]
            for cell in reading.cells:
                for word in words_of(reading.flags_of(cell)):
                    yield _labels(view) | {"quantity": name_of(cell.channel), "flag": word}, 1


def _values(seen: Overview, _now: float) -> Samples:
    """The newest reading of each station, in the quantities' units; what has no number is left out."""
    for view in seen.stations:
        for cell in view.newest[1].cells if view.newest is not None else ():
            quantity = of_channel(cell.channel)
            if cell.value is not None and quantity is not None:
                labels = {"quantity": name_of(cell.channel), "unit": quantity.unit}
                yield _labels(view) | labels, float(decimal(cell.channel, cell.value))


def _measured(view: View, _now: float) -> float | None:
    return None if view.newest is None else view.newest[1].time


def _heard(view: View, now: float) -> float | None:
    ago = view.ago(now)
    return None if ago is None else now - ago


def troubles(verdict: Verdict) -> list[Finding]:
    """What is told as a trouble of a part: whatever has a code."""
    return [finding for finding in verdict.findings if finding.code]


# name, type, help, samples; a sample without a value is left out
METRICS: Sequence[Metric] = (
    ("frames_total", "counter", "Frames taken since the journal began.",
     lambda seen, _: [({}, seen.account.frames)]),
    ("quarantined_frames", "gauge", "Entries in quarantine.",
     lambda seen, _: [({}, seen.account.quarantined)]),
    ("quarantine_discarded_total", "counter", "Entries that left a full quarantine.",
     lambda seen, _: [({}, seen.account.discarded)]),
    ("passed_total", "counter", "Messages that were nothing for this gateway.", _passed),
    ("waiting_readings", "gauge", "Readings that a sink has not taken yet.", _waiting),
    ("waiting_seconds", "gauge", "Age of the oldest reading that waits for a sink.", _waiting_since),
    ("station_received_readings", "gauge", "Readings here.", _stations(lambda view, _: view.state.received)),
    ("station_missing_readings", "gauge", "Readings missing.", _stations(lambda view, _: view.state.missing)),
    ("station_frames_total", "counter", "Frames of the station.",
     _stations(lambda view, _: view.state.frames)),
    ("station_repeated_frames_total", "counter", "Frames that came again.",
     _stations(lambda view, _: view.state.repeated_frames)),
    ("station_heard_timestamp_seconds", "gauge", "When the station was last heard.", _stations(_heard)),
    ("station_silent", "gauge", "1 when the station is overdue or was never heard.",
     _stations(lambda view, now: view.condition(now) in {"silent", "new"})),
    ("station_life", "gauge", "The numbering that the station counts in now; 0 is the first.",
     _stations(lambda view, _: view.state.life.number)),
    ("station_twin", "gauge", "1 when two boards share the station's id.",
     _stations(lambda view, _: view.state.twin is not None)),
    ("station_battery_percent", "gauge", "The device's battery, as the network server was told.",
     _stations(lambda view, _: view.state.network.battery if view.state.network else None)),
    ("station_margin_db", "gauge", "Margin of the device's last downlink, as the network server was told.",
     _stations(lambda view, _: view.state.network.margin if view.state.network else None)),
    ("station_value", "gauge", "The newest value; unit: UCUM. Its flags: station_flag.", _values),
    ("station_value_timestamp_seconds", "gauge", "When the newest values were measured.",
     _stations(_measured)),
    ("station_flag", "gauge", "1 for each objection of a check to a newest value.", _flags),
)  # fmt: skip


def metrics(seen: Seen) -> str:
    """The whole answer. Without a journal only what is wrong is told."""
    told = _metric("trouble", "gauge", "1 for each thing that does not work.", _troubles(seen.verdict))
    told += _metric("well", "gauge", "1 when everything works.", [({}, seen.verdict.well)])
    if seen.overview is not None:
        for name, kind, text, samples in METRICS:
            told += _metric(name, kind, text, samples(seen.overview, seen.now))
    return told


def _troubles(verdict: Verdict) -> Samples:
    return (({"part": finding.subject, "code": finding.code}, 1) for finding in troubles(verdict))


def _metric(name: str, kind: str, text: str, samples: Samples) -> str:
    head = f"# HELP luftpegel_{name} {text}\n# TYPE luftpegel_{name} {kind}\n"
    return head + "".join(_lines(name, samples))


def _lines(name: str, samples: Samples) -> Iterator[str]:
    for labels, value in samples:
        if value is not None:
            told = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
            yield f"luftpegel_{name}{'{' + told + '}' if told else ''} {float(value):.15g}\n"


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

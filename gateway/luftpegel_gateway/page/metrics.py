"""Metrics in Prometheus's text format (version 0.0.4)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from luftpegel_gateway.conditions.health import Trouble
from luftpegel_gateway.journal.sqlite.quarantine import Account
from luftpegel_gateway.views.overview import View


@dataclass(frozen=True, slots=True)
class Seen:
    """All that metrics are made from; `now` is unix seconds."""

    stations: Sequence[View]
    counted: Account
    troubles: Mapping[str, Trouble]
    now: float


Samples = Iterable[tuple[dict[str, str], float | None]]


def _stations(value: Callable[[View], float | None]) -> Callable[[Seen], Samples]:
    return lambda seen: (({"station": view.station.id}, value(view)) for view in seen.stations)


def _waiting(seen: Seen) -> Samples:
    return (({"sink": sink}, number) for sink, number in seen.counted.waiting.items())


def _waiting_since(seen: Seen) -> Samples:
    since = seen.counted.waiting_since.items()
    return (({"sink": sink}, None if begin is None else seen.now - begin) for sink, begin in since)


def _troubles(seen: Seen) -> Samples:
    return (({"part": part, "code": trouble.code}, 1) for part, trouble in seen.troubles.items())


# name, type, help, samples; a sample without a value is left out
METRICS: tuple[tuple[str, str, str, Callable[[Seen], Samples]], ...] = (
    ("frames_total", "counter", "Frames written to the journal.", lambda seen: [({}, seen.counted.frames)]),
    ("quarantined_frames", "gauge", "Frames in quarantine.", lambda seen: [({}, seen.counted.quarantined)]),
    ("waiting_frames", "gauge", "Frames that a sink has not taken yet.", _waiting),
    ("waiting_seconds", "gauge", "Age of the oldest frame that waits for a sink.", _waiting_since),
    ("trouble", "gauge", "1 for each part of the gateway that does not work.", _troubles),
    ("station_received_readings", "gauge", "Readings here.", _stations(lambda view: view.state.received)),
    ("station_missing_readings", "gauge", "Readings missing.", _stations(lambda view: view.state.missing)),
    (
        "station_repeated_frames_total",
        "counter",
        "Frames that came again.",
        _stations(lambda view: view.state.repeated_frames),
    ),
    (
        "station_heard_timestamp_seconds",
        "gauge",
        "When the station was last heard.",
        _stations(lambda view: view.state.taken_at),
    ),
)


def metrics(seen: Seen) -> str:
    """The whole answer."""
    return "".join(
        f"# HELP luftpegel_{name} {text}\n# TYPE luftpegel_{name} {kind}\n"
        + "".join(_lines(name, samples(seen)))
        for name, kind, text, samples in METRICS
    )


def _lines(name: str, samples: Samples) -> Iterator[str]:
    for labels, value in samples:
        if value is not None:
            told = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
            yield f"luftpegel_{name}{'{' + told + '}' if told else ''} {value:.15g}\n"


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

"""From readings to Observations: one row a value, with the name by which it is found again. Pure.

A reading whose time nobody knows is no row: SensorThings wants a time, and a server that gets none takes its
own. It comes again, as a correction, when its time is known.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from luftpegel_gateway.model.names import Name
from luftpegel_gateway.model.observations import Item, Observed
from luftpegel_gateway.model.quality import quality_of, words_of
from luftpegel_gateway.model.quantities import decimal
from luftpegel_wire import quality

COMPONENTS = ("phenomenonTime", "result", "resultTime", "resultQuality", "parameters", "FeatureOfInterest/id")
TIME_UNKNOWN = "time-unknown"  # told with a time that turned out to be none
_WORDS = {
    getattr(quality, name): name.lower().replace("_", "-")
    for name in dir(quality)
    if name.isupper() and isinstance(getattr(quality, name), int)
}
_NULL = msgspec.Raw(b"null")


class Row(msgspec.Struct, frozen=True):
    """One Observation. `place`: its item in the batch. `time` is None in a correction that takes it back."""

    place: int
    name: Name
    revision: int
    time: str | None
    result: msgspec.Raw
    quality: str
    parameters: Mapping[str, Any]

    def body(self) -> dict[str, Any]:
        """The Observation without its links; a time that is not known is left as it was."""
        times = {} if self.time is None else {"phenomenonTime": self.time, "resultTime": self.time}
        return {
            **times,
            "result": self.result,
            "resultQuality": self.quality,
            "parameters": self.parameters,
        }

    def listed(self, feature: Any) -> list[Any]:
        """As `COMPONENTS`."""
        return [self.time, self.result, self.time, self.quality, self.parameters, feature]

    def says(self, observation: Mapping[str, Any]) -> bool:
        """Whether an Observation on the server says the same already."""
        told = observation.get("parameters") or {}
        return (
            told.get("flags") == list(self.parameters["flags"])
            and observation.get("resultQuality") == self.quality
            and observation.get("result") == msgspec.json.decode(self.result)
            and (self.time is None or _same_time(observation.get("phenomenonTime"), self.time))
        )


def rows_of(items: Sequence[Item], *, nulls: bool) -> list[Row]:
    """The values of a batch, each once with its highest revision. `nulls`: also those without a number."""
    newest: dict[Name, Row] = {}
    for place, item in enumerate(items):
        if not isinstance(item, Observed):
            continue  # alarms: what was measured comes as a reading, too
        for row in _rows(place, item, nulls):
            before = newest.get(row.name)
            if before is None or before.revision <= row.revision:
                newest[row.name] = row
    return sorted(newest.values(), key=lambda row: row.place)


def _rows(place: int, item: Observed, nulls: bool) -> list[Row]:
    ref, reading = item.ref, item.reading
    if reading.time is None and not reading.revision:
        return []
    rows = []
    for cell in reading.cells:
        if cell.value is None and not nulls and not reading.revision:
            continue
        flags = reading.flags_of(cell)
        words = [*words_of(flags), *([TIME_UNKNOWN] if reading.time is None else [])]
        parameters = {
            "tenant": ref.tenant,
            "station": ref.station,
            "life": ref.life,
            "seq": reading.seq,
            "channel": cell.channel,
            "revision": reading.revision,
            "flags": words,
            "late": item.late,
        }
        number = _NULL if cell.value is None else msgspec.Raw(decimal(cell.channel, cell.value).encode())
        rows.append(
            Row(
                place,
                Name(ref, reading.seq, cell.channel),
                reading.revision,
                None if reading.time is None else stamp(reading.time),
                number,
                word_of(quality_of(cell.wire, flags)),
                parameters,
            )
        )
    return rows


def word_of(number: int) -> str:
    """A quality as a word: `ok`, `range`, `silent`."""
    return _WORDS.get(number, _WORDS[quality.UNKNOWN])


def stamp(time: int) -> str:
    """Unix seconds as ISO 8601 with the zone: servers refuse, or guess, what has none."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _same_time(told: Any, time: str) -> bool:
    try:
        return datetime.fromisoformat(str(told)) == datetime.fromisoformat(time)
    except (ValueError, TypeError):
        return False

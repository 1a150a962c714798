"""Which of some rows the server has already, asked by what the server has an index for: Datastream and time.

A row that was told with another time before is found by its number instead. Where a name is there twice (a
request that was thought lost was carried out late), the younger one is removed.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from luftpegel_gateway.model.names import Name, Ref
from luftpegel_gateway.sinks.sensorthings_api import TERMS, Api, Entity, literal, older
from luftpegel_gateway.sinks.sensorthings_directory import Address
from luftpegel_gateway.sinks.sensorthings_rows import Row

log = logging.getLogger("luftpegel.gateway")
_SELECT = "id,phenomenonTime,result,resultQuality,parameters"


class Told(msgspec.Struct, frozen=True):
    """What the parameters of an Observation of ours say at least."""

    tenant: str
    station: str
    life: int
    seq: int
    channel: int
    revision: int = 0

    @property
    def name(self) -> Name:
        """Which value it is."""
        return Name(Ref(self.tenant, self.station, self.life), self.seq, self.channel)


Addresses = Mapping[Name, Address]


async def observations(api: Api, rows: Sequence[Row], addresses: Addresses) -> dict[Name, Entity]:
    """The Observations of these rows that are there, by name. Raises OtherEndDown."""
    there: dict[Name, Entity] = {}
    wanted = {row.name for row in rows}
    found = await api.find("Observations", _terms(rows, addresses), select=_SELECT)
    for entity in sorted({one["@iot.id"]: one for one in found}.values(), key=older):
        told = told_by(entity)
        if told is None or (name := told.name) not in wanted:
            continue
        if name not in there:
            there[name] = entity
        elif not await api.remove("Observations", entity["@iot.id"]):
            log.warning("Observation %s is there twice, and may not be deleted", entity["@iot.id"])
    return there


async def at_the_front(api: Api, rows: Sequence[Row], addresses: Addresses) -> set[Ref]:
    """Those lives of which the server has nothing newer than these rows. Raises OtherEndDown."""
    newest: dict[Ref, tuple[str, Row]] = {}
    for row in rows:
        if row.time is not None and row.time > newest.get(row.name.ref, ("",))[0]:
            newest[row.name.ref] = row.time, row
    ahead: set[Ref] = set()
    refs = list(newest)
    for start in range(0, len(refs), TERMS):
        some = refs[start : start + TERMS]
        terms = [
            _term(addresses, row, f"phenomenonTime gt {time}") for time, row in (newest[ref] for ref in some)
        ]
        if not await api.any("Observations", terms):
            ahead |= set(some)
    return ahead


def _terms(rows: Iterable[Row], addresses: Addresses) -> list[str]:
    """A window for each Datastream: of time, or of numbers."""
    by_time: dict[object, list[Row]] = {}
    by_number: dict[object, list[Row]] = {}
    for row in rows:
        stream = addresses[row.name].datastream
        if row.revision or row.time is None:
            by_number.setdefault((stream, row.name.ref.life), []).append(row)
        else:
            by_time.setdefault(stream, []).append(row)
    return [*(_window(some, addresses) for some in by_time.values()),
            *(_numbers(some, addresses) for some in by_number.values())]  # fmt: skip


def _window(rows: Sequence[Row], addresses: Addresses) -> str:
    times = [row.time for row in rows if row.time is not None]
    return _term(addresses, rows[0], f"phenomenonTime ge {min(times)} and phenomenonTime le {max(times)}")


def _numbers(rows: Sequence[Row], addresses: Addresses) -> str:
    seqs = [row.name.seq for row in rows]
    life = f"parameters/life eq {rows[0].name.ref.life}"
    return _term(
        addresses, rows[0], f"{life} and parameters/seq ge {min(seqs)} and parameters/seq le {max(seqs)}"
    )


def _term(addresses: Addresses, row: Row, condition: str) -> str:
    return f"(Datastream/id eq {literal(addresses[row.name].datastream)} and {condition})"


def told_by(entity: Entity) -> Told | None:
    """Whose Observation it is; None for one that is not ours: others may write to our Datastreams, too."""
    try:
        return msgspec.convert(entity.get("parameters"), Told)
    except msgspec.ValidationError:
        return None

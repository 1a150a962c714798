"""What the sink "webhook" posts: batches as JSON, and their keys. Pure.

Numbers are exact decimals in the quantity's unit (UCUM). Each item has a key of its own: after a crash
a batch may be cut in another place, and then only the items' keys tell a receiver what it has.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised, Item, Observed, Stranger
from luftpegel_gateway.model.quality import quality_of, words_of
from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_gateway.model.station import Station

SCHEMA = "luftpegel-webhook/1"
_NULL = msgspec.Raw(b"null")
Stations = Callable[[str, str], Station | None]


class Place(msgspec.Struct):
    """What stations.toml says of a station. Degrees, WGS 84."""

    name: str
    kind: str
    latitude: float | None
    longitude: float | None


class Value(msgspec.Struct):
    """One channel of a reading; `value` null where the sensor gave none, `quality` then says why."""

    channel: int
    quantity: str
    unit: str | None
    value: msgspec.Raw
    quality: int
    flags: tuple[str, ...]


class Posted(msgspec.Struct, tag_field="kind", tag="reading"):
    """One reading. `late`: the station's newer readings were told before. Higher `revision`: a correction."""

    key: str
    tenant: str
    station: str
    life: int
    seq: int
    revision: int
    corrected: bool
    late: bool
    time: str | None
    place: Place | None
    values: list[Value]


class PostedAlarm(msgspec.Struct, tag_field="kind", tag="alarm"):
    """One alarm that a station raised. `alarm`: above, below, rate, fault, over."""

    key: str
    tenant: str
    station: str
    life: int
    seq: int
    alarm: str
    channel: int
    quantity: str
    unit: str | None
    value: msgspec.Raw
    threshold: msgspec.Raw
    time: str | None
    received: str
    place: Place | None


class PostedRaw(msgspec.Struct, tag_field="kind", tag="raw"):
    """A frame of a device that is no station. `data`: Base64; `object`: as the network server decoded it."""

    key: str
    tenant: str
    dev_eui: str
    f_port: int | None
    f_cnt: int | None
    data: bytes
    object: msgspec.Raw
    received: str
    source: str
    application: str
    rssi: int | None
    snr: float | None
    dr: int | None
    gateway: str


class Answer(msgspec.Struct):
    """What a receiver may answer: items that it will never take."""

    refused: list["Refusal"] = []


class Refusal(msgspec.Struct):
    """One of them."""

    key: str
    reason: str = ""


def key_of(item: Item) -> str:
    """The name of an item, and of this telling of it: the same however often it is sent."""
    ref = item.ref
    life: tuple[object, ...] = (ref.tenant, ref.station, ref.life)
    words: tuple[object, ...]
    if isinstance(item, Stranger):
        digest = hashlib.sha256(item.data).hexdigest()[:16]
        words = ("raw", ref.tenant, ref.station, item.f_cnt, item.f_port, digest)
    elif isinstance(item, AlarmRaised):
        words = ("alarm", *life, item.seq, item.channel, item.kind)
    else:
        words = ("reading", *life, item.reading.seq, item.reading.revision)
    return "/".join(quote(str(word), safe="") for word in words)


def body_of(items: Sequence[Item], stations: Stations) -> bytes:
    """A batch."""
    posted = [_posted(item, stations) for item in items]
    return msgspec.json.encode({"schema": SCHEMA, "items": posted})


def _posted(item: Item, stations: Stations) -> Posted | PostedAlarm | PostedRaw:
    if isinstance(item, Stranger):
        return _raw(item)
    return _alarm(item, stations) if isinstance(item, AlarmRaised) else _reading(item, stations)


def _raw(item: Stranger) -> PostedRaw:
    return PostedRaw(
        key=key_of(item),
        tenant=item.ref.tenant,
        dev_eui=item.ref.station,
        f_port=item.f_port,
        f_cnt=item.f_cnt,
        data=item.data,
        object=msgspec.Raw(item.decoded) if item.decoded else _NULL,
        received=_moment(item.received_at // 1_000_000) or "",
        source=item.source,
        application=item.application,
        rssi=item.rssi,
        snr=item.snr,
        dr=item.dr,
        gateway=item.gateway,
    )


def batch_key(body: bytes) -> str:
    """The same for the same batch, another for every other, also where only a station's name has changed: a
    receiver may refuse a known key with another body."""
    return hashlib.sha256(body).hexdigest()


def refusals(body: bytes) -> dict[str, str]:
    """What a receiver says it will never take: key -> reason. An answer in other words refuses nothing."""
    try:
        answer = msgspec.json.decode(body, type=Answer)
    except (msgspec.DecodeError, ValueError):
        return {}
    return {one.key: one.reason or "no reason given" for one in answer.refused}


def _reading(item: Observed, stations: Stations) -> Posted:
    reading = item.reading
    values = [
        Value(
            cell.channel,
            name_of(cell.channel),
            _unit(cell.channel),
            _number(cell.channel, cell.value),
            quality_of(cell.wire, reading.flags_of(cell)),
            words_of(reading.flags_of(cell)),
        )
        for cell in reading.cells
    ]
    return Posted(
        key=key_of(item),
        tenant=item.ref.tenant,
        station=item.ref.station,
        life=item.ref.life,
        seq=reading.seq,
        revision=reading.revision,
        corrected=reading.revision > 0,
        late=item.late,
        time=_moment(reading.time),
        place=_place(item.ref, stations),
        values=values,
    )


def _alarm(item: AlarmRaised, stations: Stations) -> PostedAlarm:
    return PostedAlarm(
        key=key_of(item),
        tenant=item.ref.tenant,
        station=item.ref.station,
        life=item.ref.life,
        seq=item.seq,
        alarm=item.kind,
        channel=item.channel,
        quantity=name_of(item.channel),
        unit=_unit(item.channel),
        value=_number(item.channel, item.value),
        threshold=_number(item.channel, item.threshold),
        time=_moment(item.time),
        received=_moment(item.received_at // 1_000_000) or "",
        place=_place(item.ref, stations),
    )


def _place(ref: Ref, stations: Stations) -> Place | None:
    station = stations(ref.station, ref.tenant)
    if station is None:
        return None
    return Place(station.name, station.kind, station.latitude, station.longitude)


def _unit(channel: int) -> str | None:
    quantity = of_channel(channel)
    return quantity.unit if quantity else None


def _number(channel: int, value: int | None) -> msgspec.Raw:
    return _NULL if value is None else msgspec.Raw(decimal(channel, value).encode())


def _moment(time: int | None) -> str | None:
    return None if time is None else datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")

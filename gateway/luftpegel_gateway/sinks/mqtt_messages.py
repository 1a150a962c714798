"""What the sink "mqtt" publishes: topics and JSON. Numbers are exact decimals in the quantity's unit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised, Item, Observed, Stranger
from luftpegel_gateway.model.quality import quality_of, words_of
from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_gateway.model.station import Station


class Value(msgspec.Struct):
    """One value. (tenant, station, life, seq, channel) names it, so that a subscriber can tell a repeat.

    `late`: the station's newer values were told before. `corrected`: this value was told before with another
    time, quality or flags; the highest `revision` counts. `name`, `latitude` and `longitude`: the station's,
    as stations.toml has them now.
    """

    station: str
    seq: int
    channel: int
    quantity: str
    unit: str | None
    time: str | None
    quality: int
    value: msgspec.Raw
    life: int
    tenant: str
    flags: tuple[str, ...]
    revision: int
    late: bool
    corrected: bool
    name: str | None
    latitude: float | None
    longitude: float | None


class Raw(msgspec.Struct):
    """A frame of a device that is no station. `data`: Base64; `object`: what the network server made of it.

    May come twice; (dev_eui, f_cnt, data) tells a repeat.
    """

    dev_eui: str
    f_port: int | None
    f_cnt: int | None
    data: bytes
    object: msgspec.Raw
    received: str
    source: str
    tenant: str
    application: str
    rssi: int | None
    snr: float | None
    dr: int | None
    gateway: str


class Alarm(msgspec.Struct):
    """A station's own alarm. `kind`: above, below, rate, fault, over."""

    station: str
    seq: int
    channel: int
    quantity: str
    unit: str | None
    time: str | None
    kind: str
    value: msgspec.Raw
    threshold: msgspec.Raw
    life: int
    tenant: str
    received: str
    name: str | None
    latitude: float | None
    longitude: float | None


_encode = msgspec.json.Encoder().encode
_NULL = msgspec.Raw(b"null")


def messages_of(prefix: str, item: Item, station: Station | None = None) -> Iterator[tuple[str, bytes]]:
    """Topic and payload of each message that an item is. `station`: whose it is, where that is known."""
    if isinstance(item, Stranger):
        base = f"{prefix}/{item.ref.tenant}" if item.ref.tenant else prefix
        yield f"{base}/raw/{item.ref.station}", _raw(item)
        return
    topic = _station_topic(prefix, item.ref)
    if isinstance(item, AlarmRaised):
        yield f"{topic}/alarm", _alarm(item, station)
        return
    for channel, payload in _values(item, station):
        yield f"{topic}/{name_of(channel)}", payload


def _raw(item: Stranger) -> bytes:
    return _encode(
        Raw(
            dev_eui=item.ref.station,
            f_port=item.f_port,
            f_cnt=item.f_cnt,
            data=item.data,
            object=msgspec.Raw(item.decoded) if item.decoded else _NULL,
            received=_seconds(item.received_at // 1_000_000) or "",
            source=item.source,
            tenant=item.ref.tenant,
            application=item.application,
            rssi=item.rssi,
            snr=item.snr,
            dr=item.dr,
            gateway=item.gateway,
        )
    )


def _station_topic(prefix: str, ref: Ref) -> str:
    """Two tenants may have a station of one name."""
    return f"{prefix}/{ref.tenant}/{ref.station}" if ref.tenant else f"{prefix}/{ref.station}"


def _values(item: Observed, station: Station | None) -> Iterator[tuple[int, bytes]]:
    ref, reading = item.ref, item.reading
    time = _seconds(reading.time)
    for cell in reading.cells:
        flags = reading.flags_of(cell)
        yield (
            cell.channel,
            _encode(
                Value(
                    station=ref.station,
                    seq=reading.seq,
                    channel=cell.channel,
                    quantity=name_of(cell.channel),
                    unit=_unit(cell.channel),
                    time=time,
                    quality=quality_of(cell.wire, flags),
                    value=_number(cell.channel, cell.value),
                    life=ref.life,
                    tenant=ref.tenant,
                    flags=words_of(flags),
                    revision=reading.revision,
                    late=item.late,
                    corrected=reading.revision > 0,
                    **_place(station),
                )
            ),
        )


def _alarm(item: AlarmRaised, station: Station | None) -> bytes:
    return _encode(
        Alarm(
            station=item.ref.station,
            seq=item.seq,
            channel=item.channel,
            quantity=name_of(item.channel),
            unit=_unit(item.channel),
            time=_seconds(item.time),
            kind=item.kind,
            value=_number(item.channel, item.value),
            threshold=_number(item.channel, item.threshold),
            life=item.ref.life,
            tenant=item.ref.tenant,
            received=datetime.fromtimestamp(item.received_at // 1_000_000, UTC).isoformat(),
            **_place(station),
        )
    )


def _place(station: Station | None) -> dict[str, Any]:
    keys = ("name", "latitude", "longitude")
    return {key: getattr(station, key) if station else None for key in keys}


def _unit(channel: int) -> str | None:
    quantity = of_channel(channel)
    return quantity.unit if quantity else None


def _number(channel: int, value: int | None) -> msgspec.Raw:
    return _NULL if value is None else msgspec.Raw(decimal(channel, value).encode())


def _seconds(time: int | None) -> str | None:
    return None if time is None else datetime.fromtimestamp(time, UTC).isoformat()

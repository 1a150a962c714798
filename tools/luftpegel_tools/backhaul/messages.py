"""The words of ChirpStack v4's gateway protocol (`gw`), put together and taken apart.

The shapes are those that ChirpStack's own gateway software (Concentratord, MQTT Forwarder) and network server
use; deprecated `*_legacy` fields stay empty, as they do there.
"""

from dataclasses import dataclass
from typing import Any

from chirpstack_api import gw  # type: ignore[import-untyped]
from google.protobuf.duration_pb2 import Duration  # type: ignore[import-untyped]
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from luftpegel_tools.air.airtime import DataRate

CONTEXT_BYTES = 4  # of the concentrator's counter, most significant byte first
_COUNTER_MASK = 0xFFFFFFFF
_SPREADING_FACTORS = range(7, 13)
_BANDWIDTHS_HZ = (125_000, 250_000, 500_000)
_LONGEST_FRAME = 255
GPS_EPOCH_S = 315_964_800  # 1980-01-06 as Unix time
LEAP_SECONDS = 18  # GPS ahead of UTC since 2017


@dataclass(frozen=True)
class Order:
    """One item of a DownlinkFrame, in the units of the simulated air. Exactly one of the times is given."""

    frequency_hz: int
    spreading_factor: int
    bandwidth_hz: int
    power_dbm: int
    inverted: bool
    crc: bool
    preamble: int
    payload: bytes
    counter: int | None = None  # of the concentrator, 32 bits
    gps_us: int | None = None  # microseconds since 1980-01-06


class OrderError(ValueError):
    """A gateway cannot make anything of this item; the message says why."""


def event_topic(prefix: str, gateway_id: str, event: str) -> str:
    """Where a gateway tells of `up`, `stats` and `ack`; "+" for any. The prefix may be empty."""
    return _topic(prefix, gateway_id, "event", event)


def command_topic(prefix: str, gateway_id: str, command: str) -> str:
    """Where a gateway is told to send (`down`), and more; "+" for any."""
    return _topic(prefix, gateway_id, "command", command)


def state_topic(prefix: str, gateway_id: str) -> str:
    """Where the broker keeps whether a gateway is there."""
    return _topic(prefix, gateway_id, "state", "conn")


def _topic(prefix: str, gateway_id: str, kind: str, name: str) -> str:
    return f"{prefix}/gateway/{gateway_id}/{kind}/{name}".removeprefix("/")


def context(counter: int) -> bytes:
    """The blob that ties a downlink to its uplink."""
    return (counter & _COUNTER_MASK).to_bytes(CONTEXT_BYTES, "big")


def stamp(unix_us: int) -> Any:
    """A protobuf Timestamp."""
    return Timestamp(seconds=unix_us // 1_000_000, nanos=unix_us % 1_000_000 * 1000)


def duration(us: int) -> Any:
    """A protobuf Duration; not negative."""
    return Duration(seconds=us // 1_000_000, nanos=us % 1_000_000 * 1000)


def microseconds(value: Any) -> int:
    """Of a protobuf Duration or Timestamp."""
    return int(value.seconds) * 1_000_000 + int(value.nanos) // 1000


def gps_us(unix_us: int) -> int:
    """Unix time as time since the GPS epoch, which knows no leap seconds."""
    return unix_us - (GPS_EPOCH_S - LEAP_SECONDS) * 1_000_000


def lora(spreading_factor: int, bandwidth_hz: int, *, inverted: bool = False) -> Any:
    """A LoRa modulation."""
    return gw.Modulation(
        lora=gw.LoraModulationInfo(
            bandwidth=bandwidth_hz,
            spreading_factor=spreading_factor,
            code_rate=gw.CodeRate.CR_4_5,
            polarization_inversion=inverted,
        )
    )


def downlink_modulation(rate: DataRate) -> Any:
    """How a network sends at a data rate. ChirpStack leaves `no_crc` unset, so frames carry a CRC."""
    if rate.spreading_factor == 0:
        bits = rate.bandwidth_hz
        return gw.Modulation(fsk=gw.FskModulationInfo(datarate=bits, frequency_deviation=bits // 2))
    return lora(rate.spreading_factor, rate.bandwidth_hz, inverted=True)


def uplink_rate(tx_info: Any) -> tuple[int, int]:
    """(spreading factor, bandwidth in Hz) of an uplink; for FSK (0, bit rate)."""
    if tx_info.modulation.HasField("fsk"):
        return 0, int(tx_info.modulation.fsk.datarate)
    return int(tx_info.modulation.lora.spreading_factor), int(tx_info.modulation.lora.bandwidth)


def read_order(item: Any) -> Order:
    """Take a gw.DownlinkFrameItem apart.

    Raises:
        OrderError: no LoRa of this world, or its time is missing or makes no sense.
    """
    info = item.tx_info
    modulation = info.modulation.lora  # all 0 when it is none
    if modulation.spreading_factor not in _SPREADING_FACTORS or modulation.bandwidth not in _BANDWIDTHS_HZ:
        raise OrderError("only LoRa with SF7 to SF12 and 125 to 500 kHz can be sent here")
    if len(item.phy_payload) > _LONGEST_FRAME:
        raise OrderError(f"{len(item.phy_payload)} bytes are more than a frame holds")
    return Order(
        frequency_hz=info.frequency,
        spreading_factor=modulation.spreading_factor,
        bandwidth_hz=modulation.bandwidth,
        power_dbm=info.power,
        inverted=modulation.polarization_inversion,
        crc=not modulation.no_crc,
        preamble=modulation.preamble or 8,
        payload=bytes(item.phy_payload),
        **_read_timing(info),
    )


def _read_timing(info: Any) -> dict[str, int]:
    kind = info.timing.WhichOneof("parameters")
    if kind == "delay":
        if len(info.context) != CONTEXT_BYTES:
            raise OrderError(f"the context has {len(info.context)} bytes, not {CONTEXT_BYTES}")
        heard = int.from_bytes(info.context, "big")
        return {"counter": heard + microseconds(info.timing.delay.delay) & _COUNTER_MASK}
    if kind == "gps_epoch":
        return {"gps_us": microseconds(info.timing.gps_epoch.time_since_gps_epoch)}
    raise OrderError("only downlinks at a given time can be sent here: class A and B")

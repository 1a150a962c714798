"""The integration events of ChirpStack v4, built as protobuf: up, join, ack, txack, log, status.

Field by field after the server's own source (uplink/data.rs, uplink/join.rs, downlink/tx_ack.rs,
downlink/data.rs, maccommand/dev_status.rs). Times are virtual: nanoseconds of Unix time.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chirpstack_api import common, gw, integration  # type: ignore[import-untyped]
from google.protobuf.duration_pb2 import Duration  # type: ignore[import-untyped]
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from luftpegel_tools.air.modem_messages import Reception, Uplink
from luftpegel_tools.network_server.chirpstack.records import DeviceRecord, Records
from luftpegel_tools.network_server.lorawan.commands import DeviceStatus

REGION = "eu868"
GPS_EPOCH_S = 315_964_800  # 1980-01-06 as Unix time
LEAP_SECONDS = 18  # GPS ahead of UTC since 2017
RX1_DELAY_NS = 1_000_000_000
_RX2 = (869_525_000, 0)  # frequency, data rate


def spreading_factor(data_rate: int) -> tuple[int, int]:
    """EU868 data rate as (spreading factor, bandwidth in Hz); RP002 table 6."""
    return (7, 250_000) if data_rate == 6 else (12 - data_rate, 125_000)


def stamp(unix_ns: int) -> Any:
    """A protobuf Timestamp."""
    return Timestamp(seconds=unix_ns // 1_000_000_000, nanos=unix_ns % 1_000_000_000)


@dataclass(frozen=True)
class LogEntry:
    """A line of the device's log; `level` and `code` are names of LogLevel and LogCode."""

    level: str
    code: str
    description: str
    context: Mapping[str, str]


class EventMaker:
    """Makes events about devices of one server; randomness comes from the seeded generator."""

    def __init__(self, records: Records, rng: random.Random) -> None:
        self._records = records
        self._rng = rng

    def up(self, record: DeviceRecord, uplink: Uplink, heard: Sequence[Reception], sent_ns: int) -> Any:
        """An uplink: `time` is the end of its transmission by the gateways' clocks, not the sample's time."""
        _, bandwidth = spreading_factor(uplink.data_rate)
        return integration.UplinkEvent(
            deduplication_id=self._records.new_id(),
            time=stamp(sent_ns),
            device_info=self._device_info(record),
            dev_addr=f"{uplink.dev_addr:08x}",
            adr=uplink.adr,
            dr=uplink.data_rate,
            f_cnt=uplink.f_cnt,
            f_port=uplink.f_port,
            confirmed=uplink.confirmed,
            data=uplink.data,
            rx_info=[self._rx_info(reception, sent_ns) for reception in heard],
            tx_info=gw.UplinkTxInfo(
                frequency=uplink.frequency_hz,
                modulation=gw.Modulation(
                    lora=gw.LoraModulationInfo(
                        bandwidth=bandwidth,
                        spreading_factor=spreading_factor(uplink.data_rate)[0],
                        code_rate=gw.CodeRate.CR_4_5,
                    )
                ),
            ),
            region_config_id=REGION,
        )

    def join(self, record: DeviceRecord, dev_addr: int, sent_ns: int) -> Any:
        """A device was let in."""
        return integration.JoinEvent(
            deduplication_id=self._records.new_id(),
            time=stamp(sent_ns),
            device_info=self._device_info(record),
            dev_addr=f"{dev_addr:08x}",
            region_config_id=REGION,
        )

    def ack(self, record: DeviceRecord, item: Any, acknowledged: bool, when_ns: int) -> Any:
        """A confirmed downlink was answered, or was not."""
        return integration.AckEvent(
            deduplication_id=self._records.new_id(),
            time=stamp(when_ns),
            device_info=self._device_info(record),
            queue_item_id=item.id,
            acknowledged=acknowledged,
            f_cnt_down=item.f_cnt_down,
        )

    def txack(self, record: DeviceRecord, item: Any, uplink: Uplink, by: Reception, sent_ns: int) -> Any:
        """A gateway took a downlink for transmission in RX1, on the uplink's own frequency and data rate."""
        factor, bandwidth = spreading_factor(uplink.data_rate)
        return integration.TxAckEvent(
            downlink_id=self._rng.getrandbits(32),
            time=stamp(sent_ns + RX1_DELAY_NS),
            device_info=self._device_info(record),
            queue_item_id=item.id,
            f_cnt_down=item.f_cnt_down,
            gateway_id=by.gateway_id,
            tx_info=gw.DownlinkTxInfo(
                frequency=uplink.frequency_hz,
                power=16,
                modulation=gw.Modulation(
                    lora=gw.LoraModulationInfo(
                        bandwidth=bandwidth,
                        spreading_factor=factor,
                        code_rate=gw.CodeRate.CR_4_5,
                        polarization_inversion=True,
                    )
                ),
                timing=gw.Timing(delay=gw.DelayTimingInfo(delay=Duration(seconds=RX1_DELAY_NS // 10**9))),
                context=_context(sent_ns),
            ),
        )

    def log(self, record: DeviceRecord, entry: LogEntry, when_ns: int) -> Any:
        """Something the operator should know."""
        return integration.LogEvent(
            time=stamp(when_ns),
            device_info=self._device_info(record),
            level=integration.LogLevel.Value(entry.level),
            code=integration.LogCode.Value(entry.code),
            description=entry.description,
            context=dict(entry.context),
        )

    def status(self, record: DeviceRecord, status: DeviceStatus, when_ns: int) -> Any:
        """An answer to DevStatusReq."""
        measured = 0 < status.battery < 255
        return integration.StatusEvent(
            deduplication_id=self._records.new_id(),
            time=stamp(when_ns),
            device_info=self._device_info(record),
            margin=status.margin,
            external_power_source=status.battery == 0,
            battery_level_unavailable=status.battery == 255,
            battery_level=status.battery / 254 * 100 if measured else 0,
        )

    def _device_info(self, record: DeviceRecord) -> Any:
        device = record.device
        application = self._records.applications[device.application_id]
        profile = self._records.profiles[device.device_profile_id]
        tenant = self._records.tenants[application.tenant_id]
        return integration.DeviceInfo(
            tenant_id=tenant.id,
            tenant_name=tenant.name,
            application_id=application.id,
            application_name=application.name,
            device_profile_id=profile.id,
            device_profile_name=profile.name,
            device_name=device.name,
            dev_eui=device.dev_eui,
            device_class_enabled=common.DeviceClass.CLASS_A,
            tags=dict(self._records.tags_of(device)),
        )

    def _rx_info(self, heard: Reception, sent_ns: int) -> Any:
        info = gw.UplinkRxInfo(
            gateway_id=heard.gateway_id,
            uplink_id=self._rng.getrandbits(32),
            gw_time=stamp(sent_ns),
            ns_time=stamp(sent_ns + heard.latency_us * 1000),
            rssi=heard.rssi,
            snr=heard.snr,
            channel=heard.channel,
            rf_chain=heard.rf_chain,
            location=common.Location(
                latitude=heard.latitude, longitude=heard.longitude, altitude=heard.altitude
            ),
            context=_context(sent_ns),
            metadata={"region_config_id": REGION, "region_common_name": "EU868"},
            crc_status=gw.CRCStatus.CRC_OK,
        )
        if heard.has_gps:
            since_gps_ns = sent_ns - (GPS_EPOCH_S - LEAP_SECONDS) * 10**9
            info.time_since_gps_epoch.CopyFrom(
                Duration(seconds=since_gps_ns // 10**9, nanos=since_gps_ns % 10**9)
            )
        return info


def _context(sent_ns: int) -> bytes:
    """The concentrator's free-running 32-bit microsecond counter, as gateways hand it round."""
    return (sent_ns // 1000 % 2**32).to_bytes(4, "big")

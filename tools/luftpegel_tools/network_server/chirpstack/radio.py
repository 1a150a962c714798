"""The radio side of the network server: real LoRaWAN frames from gateways become records and events.

The core checks, decrypts and answers; here its outcomes meet queues, logs and applications.
"""

import random
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chirpstack_api import gw  # type: ignore[import-untyped]

from luftpegel_tools.air.modem_messages import Reception, Uplink
from luftpegel_tools.network_server.chirpstack.bus import EventBus
from luftpegel_tools.network_server.chirpstack.events import GPS_EPOCH_S, LEAP_SECONDS, EventMaker, LogEntry
from luftpegel_tools.network_server.chirpstack.records import DeviceRecord, Records, Session
from luftpegel_tools.network_server.gateway_side import Answer, best
from luftpegel_tools.network_server.lorawan import (
    Downlink,
    Heard,
    Identity,
    Joined,
    NetworkServer,
    Payload,
    Plan,
    Reason,
    Refused,
)
from luftpegel_tools.network_server.lorawan.commands import DeviceStatus, DevStatusReq

_WRONG_KEY = "MIC of join-request is invalid, make sure keys are correct"
_LOG_OF = {  # level, code, description
    Reason.USED_NONCE: ("ERROR", "OTAA", "DevNonce has already been used"),
    Reason.WRONG_MIC: ("ERROR", "UPLINK_MIC", _WRONG_KEY),
    Reason.REPLAYED: ("WARNING", "UPLINK_F_CNT_RESET", "Frame-counter reset or rollover detected"),
    Reason.COUNTER_USED_TWICE: (
        "WARNING",
        "UPLINK_F_CNT_RESET",
        "Frame-counter reset or rollover detected",
    ),
}
_REPEATED = (
    "WARNING",
    "UPLINK_F_CNT_RETRANSMISSION",
    "Uplink was flagged as re-transmission / frame-counter did not increment",
)


class Applications(Protocol):
    """The network server's other side, as the radio side needs it: records, queues, events."""

    records: Records
    events: EventMaker
    changed: threading.Condition
    bus: EventBus

    def publish(self, name: str, record: DeviceRecord, event: Any) -> None:
        """Send an event."""

    def log(self, record: DeviceRecord, entry: LogEntry, when_ns: int) -> None:
        """Tell the operator."""

    def frame_context(self, **more: str) -> dict[str, str]:
        """What a log entry about a frame says."""

    def tell_uplink(
        self, record: DeviceRecord, uplink: Uplink, heard: Sequence[Reception], sent_ns: int
    ) -> None:
        """Publish a frame that counts."""

    def let_applications_answer(self, commands_seen: int) -> None:
        """Wait for a downlink that shall ride on the answer to this very uplink."""

    def next_item(self, record: DeviceRecord, room: int, now_ns: int) -> Any | None:
        """The next downlink that can be sent, still queued."""

    def status_due(self, record: DeviceRecord, sent_ns: int) -> bool:
        """Whether to ask for the device's status now; counts as asked."""


class RadioSide:
    """An `Application` of the gateways' network side."""

    def __init__(self, server: Applications, *, seed: int, adr: bool) -> None:
        self._server = server
        self.core = NetworkServer(
            self._identity,
            random.Random(f"lorawan/{seed}"),  # noqa: S311 - a run must repeat
            Plan(adr=adr),
        )
        self._items: dict[tuple[bytes, int], Any] = {}  # queue items under way, by device and counter

    def heard(self, outcome: Heard | Joined | Refused, frames: Any, room: int) -> Answer | None:
        """See `Application`."""
        sent_ns = self._sent_ns(frames)
        if isinstance(outcome, Heard):
            return self._data(outcome, frames, room, sent_ns)
        if isinstance(outcome, Joined):
            self._joined(outcome, sent_ns)
        else:
            self._refused(outcome, sent_ns)
        return None

    def sent(self, downlink: Downlink, ack: Any) -> None:
        """See `Application`: tell the application, or keep its payload for the next uplink."""
        server = self._server
        item, uplink, by, sent_ns = self._items.pop(
            (downlink.dev_eui, -1 if downlink.f_cnt is None else downlink.f_cnt), (None,) * 4
        )
        if item is None:
            return
        with server.changed:
            record = server.records.device(downlink.dev_eui.hex())
            statuses = [gw.TxAckStatus.Name(status.status) for status in ack.items]
            if "OK" in statuses:
                if not item.confirmed:
                    record.queue.remove(item)
                server.publish("txack", record, server.events.txack(record, item, uplink, by, sent_ns))
            else:
                item.is_pending = False
                entry = LogEntry("ERROR", "DOWNLINK_GATEWAY", statuses[-1], {"queue_item_id": item.id})
                server.log(record, entry, sent_ns)

    def stats(self, stats: Any) -> None:
        """See `Application`: nothing is kept of them."""

    def _identity(self, dev_eui: bytes) -> Identity | None:
        record = self._server.records.devices.get(dev_eui.hex())
        if record is None or record.keys is None or record.device.is_disabled:
            return None
        join_eui = bytes.fromhex(record.device.join_eui)
        return Identity(dev_eui, bytes.fromhex(record.keys.nwk_key), join_eui if any(join_eui) else None)

    def _joined(self, joined: Joined, sent_ns: int) -> None:
        server = self._server
        with server.changed:
            record = server.records.device(joined.dev_eui.hex())
            session = self.core.session(joined.dev_eui)
            record.session = Session(joined.dev_addr, session.application_key, session.network_key)
            if server.records.profiles[record.device.device_profile_id].flush_queue_on_activate:
                record.queue.clear()
            server.publish("join", record, server.events.join(record, joined.dev_addr, sent_ns))

    def _refused(self, refused: Refused, sent_ns: int) -> None:
        context = {"dev_nonce": refused.dev_nonce, "f_cnt_up": refused.f_cnt}
        with self._server.changed:
            record = self._server.records.devices.get(refused.dev_eui.hex()) if refused.dev_eui else None
            if record is not None and refused.reason in _LOG_OF:
                self._log(record, _LOG_OF[refused.reason], context, sent_ns)

    def _data(self, heard: Heard, frames: Any, room: int, sent_ns: int) -> Answer | None:
        server = self._server
        commands_seen = server.bus.commands
        uplink = _uplink(heard)
        receptions = [_reception(info) for info in frames.rx_info]
        with server.changed:
            record = server.records.device(heard.dev_eui.hex())
            if heard.repeated:
                self._log(record, _REPEATED, {"f_cnt_up": heard.f_cnt}, sent_ns)
                return None
            if record.session is not None:
                record.session.f_cnt_up = heard.f_cnt + 1
                record.session.f_cnt_down = heard.session.next_f_cnt_down
            server.tell_uplink(record, uplink, receptions, sent_ns)
            self._status(record, heard, sent_ns)
        server.let_applications_answer(commands_seen)
        with server.changed:
            item = server.next_item(record, room, sent_ns)
            if item is None:
                return Answer()
            item.f_cnt_down = heard.session.next_f_cnt_down
            by = next(one for one in receptions if one.gateway_id == best(frames).gateway_id)
            self._items[heard.dev_eui, item.f_cnt_down] = (item, uplink, by, sent_ns)
            payload = Payload(item.f_port, bytes(item.data), item.confirmed)
            return Answer(payload, more=len(record.queue) > 1)

    def _status(self, record: DeviceRecord, heard: Heard, sent_ns: int) -> None:
        """Ask as often as the profile says; tell what was answered."""
        server = self._server
        for settled in heard.settled:
            for request, word in zip(settled.requests, settled.answers, strict=True):
                if isinstance(request, DevStatusReq) and word is not None:
                    event = server.events.status(record, DeviceStatus.of(word), sent_ns)
                    server.publish("status", record, event)
        if server.status_due(record, sent_ns):
            heard.session.dialogue.ask(DevStatusReq())

    def _log(
        self,
        record: DeviceRecord,
        what: tuple[str, str, str],
        context: Mapping[str, int | None],
        sent_ns: int,
    ) -> None:
        known = {name: str(value) for name, value in context.items() if value is not None}
        self._server.log(record, LogEntry(*what, self._server.frame_context(**known)), sent_ns)

    def _sent_ns(self, frames: Any) -> int:
        for info in frames.rx_info:
            if info.HasField("time_since_gps_epoch"):
                gps = info.time_since_gps_epoch
                return (int(gps.seconds) + GPS_EPOCH_S - LEAP_SECONDS) * 1_000_000_000 + int(gps.nanos)
        return int(frames.rx_info[0].gw_time.ToNanoseconds())


def _uplink(heard: Heard) -> Uplink:
    arrival = heard.arrival
    return Uplink(
        dev_eui=heard.dev_eui,
        dev_addr=heard.session.dev_addr,
        f_cnt=heard.f_cnt,
        f_port=heard.f_port or 0,
        data=heard.data,
        confirmed=heard.confirmed,
        adr=heard.adr,
        data_rate=arrival.data_rate,
        frequency_hz=arrival.frequency_hz,
        sent_us=0,
        airtime_us=0,
        acknowledges=heard.acknowledged is not None,
    )


def _reception(info: Any) -> Reception:
    return Reception(
        gateway_id=info.gateway_id,
        rssi=info.rssi,
        snr=info.snr,
        channel=info.channel,
        rf_chain=info.rf_chain,
        has_gps=info.HasField("time_since_gps_epoch"),
        latitude=info.location.latitude,
        longitude=info.location.longitude,
        altitude=info.location.altitude,
    )

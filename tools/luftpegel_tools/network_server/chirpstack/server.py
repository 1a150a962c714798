"""The network server itself: lets devices in, counts frames, publishes events, keeps downlinks for an uplink.

It stands in for ChirpStack v4 with EU868, LoRaWAN 1.0.4, OTAA and class A. Not modelled: JavaScript codecs
(an event's `object` is absent, as for a profile without codec), roaming, relays, classes B and C.
"""

import json
import logging
import random
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chirpstack_api import api, integration  # type: ignore[import-untyped]
from google.protobuf import json_format  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Reception, Uplink
from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.network_server.chirpstack import adr
from luftpegel_tools.network_server.chirpstack.bus import EventBus
from luftpegel_tools.network_server.chirpstack.events import GPS_EPOCH_S, LEAP_SECONDS, EventMaker, LogEntry
from luftpegel_tools.network_server.chirpstack.pbjson import to_json
from luftpegel_tools.network_server.chirpstack.radio import RadioSide
from luftpegel_tools.network_server.chirpstack.records import DeviceRecord, RecordError, Records, Session
from luftpegel_tools.network_server.lorawan.commands import DeviceStatus

log = logging.getLogger(__name__)

MAX_PAYLOAD = (51, 51, 51, 115, 242, 242, 242)  # bytes by EU868 data rate
_WRONG_KEY = "MIC of join-request is invalid, make sure keys are correct"
_USED_NONCE = "DevNonce has already been used"
_REPEATED = (
    "UPLINK_F_CNT_RETRANSMISSION",
    "Uplink was flagged as re-transmission / frame-counter did not increment",
)
_RESET = ("UPLINK_F_CNT_RESET", "Frame-counter reset or rollover detected")
_EXPIRED = "Device queue-item discarded because it has expired"
_TOO_LONG = "Device queue-item discarded because it exceeds the max. payload size"
EVENT_HISTORY = 10  # what the server keeps of a device for its event stream


@dataclass(frozen=True)
class Settings:
    """How the server behaves."""

    epoch_s: int  # Unix seconds at virtual time 0
    seed: int = 1
    json: bool = True  # False: events and commands as protobuf
    adr: bool = False  # steer the data rate of devices that allow it
    answer_wait_s: float = 0.003  # real time that an application has to answer within the same receive window
    broker_wait_s: float = 5.0  # longest real time that an event waits for a broker that is there


@dataclass(frozen=True)
class LoggedEvent:
    """An event as the event stream tells it."""

    number: int
    name: str
    message: Any


class ChirpStack:
    """The double. Its methods may be called from the simulation, the MQTT thread and gRPC threads."""

    def __init__(self, settings: Settings, broker: BrokerAddress) -> None:
        self.settings = settings
        self._rng = random.Random(f"chirpstack/{settings.seed}")  # noqa: S311 - a run must repeat
        self.records = Records(self._rng)
        self.changed = threading.Condition(threading.RLock())  # guards everything; told of each event
        self.events = EventMaker(self.records, self._rng)
        self._history: dict[str, deque[LoggedEvent]] = defaultdict(lambda: deque(maxlen=EVENT_HISTORY))
        self._event_count = 0
        self._on_event: list[Callable[[str, Any], None]] = []
        self.radio = RadioSide(self, seed=settings.seed, adr=settings.adr)
        self.bus = EventBus(broker, self._command)

    def close(self) -> None:
        """End the connection to the broker."""
        self.bus.close()

    def watch(self, on_event: Callable[[str, Any], None]) -> None:
        """Call with (event name, protobuf event) for each event, before it is published."""
        self._on_event.append(on_event)

    def history(self, dev_eui: str, after: int) -> list[LoggedEvent]:
        """Events of a device later than number `after`, as far as they are kept."""
        with self.changed:
            return [event for event in self._history[dev_eui] if event.number > after]

    def join(self, request: JoinRequest, heard: Sequence[Reception]) -> JoinAccept | None:
        """Let a device in, if its key is right and its nonce is new."""
        with self.changed:
            record = self.records.devices.get(request.dev_eui.hex())
            if record is None or record.device.is_disabled:
                return None
            sent_ns = self._unix_ns(request.sent_us)
            if record.keys is None or bytes.fromhex(record.keys.nwk_key) != request.app_key:
                self.log(record, LogEntry("ERROR", "UPLINK_MIC", _WRONG_KEY, self.frame_context()), sent_ns)
                return None
            if request.dev_nonce in record.used_nonces:
                context = self.frame_context(
                    join_eui=request.join_eui.hex(), dev_nonce=str(request.dev_nonce)
                )
                self.log(record, LogEntry("ERROR", "OTAA", _USED_NONCE, context), sent_ns)
                return None
            record.used_nonces.add(request.dev_nonce)
            record.session = self._new_session()
            if self.records.profiles[record.device.device_profile_id].flush_queue_on_activate:
                record.queue.clear()
            self.publish("join", record, self.events.join(record, record.session.dev_addr, sent_ns))
            best = _best(heard)
            return JoinAccept(record.session.dev_addr, rssi=best.rssi, snr=round(best.snr))

    def uplink(self, uplink: Uplink, heard: Sequence[Reception]) -> Downlink | None:
        """Take a frame; gives what a gateway sends back, None when there is nothing to say."""
        commands = self.bus.commands
        with self.changed:
            record = self._accept(uplink)
            if record is None:
                return None
            sent_ns = self._unix_ns(uplink.sent_us)
            self.tell_uplink(record, uplink, heard, sent_ns)
            if self.status_due(record, sent_ns):
                margin = max(-32, min(31, round(_best(heard).snr)))  # six bits, signed: LoRaWAN 5.5
                event = self.events.status(record, DeviceStatus(255, margin), sent_ns)
                self.publish("status", record, event)
        self.let_applications_answer(commands)
        with self.changed:
            return self._answer(record, uplink, heard)

    def flush_nonces(self, dev_eui: str) -> None:
        """Forget the numbers of a device's joins, on both ways into the server; our own go on counting."""
        with self.changed:
            self.records.flush_nonces(dev_eui)
            self.radio.core.forget_dev_nonces(bytes.fromhex(dev_eui))

    def flush_queue(self, dev_eui: str, *, pending: bool = False) -> None:
        """Forget the downlinks of a device; those under way only with `pending`."""
        with self.changed:
            record = self.records.device(dev_eui)
            record.queue = [item for item in record.queue if item.is_pending and not pending]

    def _new_session(self) -> Session:
        # NetID 000000: the seven highest bits of a DevAddr are 0.
        return Session(self._rng.getrandbits(25), self._rng.randbytes(16), self._rng.randbytes(16))

    def _accept(self, uplink: Uplink) -> DeviceRecord | None:
        """The device of a frame, if its session and counter are in order (LoRaWAN 1.0.4, 4.3.1.5)."""
        record = self.records.devices.get(uplink.dev_eui.hex())
        if record is None or record.session is None or record.device.is_disabled:
            return None
        session = record.session
        if session.dev_addr != uplink.dev_addr:
            return None
        if uplink.f_cnt < session.f_cnt_up and not record.device.skip_fcnt_check:
            repeated = uplink.f_cnt == session.f_cnt_up - 1
            code, text = _REPEATED if repeated else _RESET
            context = self.frame_context(f_cnt_up=str(uplink.f_cnt))
            self.log(record, LogEntry("WARNING", code, text, context), self._unix_ns(uplink.sent_us))
            return None
        session.f_cnt_up = uplink.f_cnt + 1
        return record

    def tell_uplink(
        self, record: DeviceRecord, uplink: Uplink, heard: Sequence[Reception], sent_ns: int
    ) -> None:
        """Publish a frame that counts, and the acknowledgement that came with it."""
        if record.session is not None:
            record.session.snr_history = [*record.session.snr_history, _best(heard).snr][-adr.HISTORY :]
        self.publish("up", record, self.events.up(record, uplink, heard, sent_ns))
        if uplink.acknowledges and record.queue and record.queue[0].is_pending:
            item = record.queue.pop(0)
            self.publish("ack", record, self.events.ack(record, item, True, sent_ns))

    def status_due(self, record: DeviceRecord, sent_ns: int) -> bool:
        """Whether to ask for the status now, as often as the profile says (times a day); counts as asked."""
        often = self.records.profiles[record.device.device_profile_id].device_status_req_interval
        now_s = sent_ns / 1e9
        if often == 0 or (record.last_status_s is not None and now_s < record.last_status_s + 86400 / often):
            return False
        record.last_status_s = now_s
        return True

    def let_applications_answer(self, commands_seen: int) -> None:
        """Virtual time stands still here, so that a downlink can ride on the answer to this very uplink."""
        if self.bus.wait_acknowledged(self.settings.broker_wait_s):
            self.bus.wait_command(commands_seen, self.settings.answer_wait_s)

    def _answer(self, record: DeviceRecord, uplink: Uplink, heard: Sequence[Reception]) -> Downlink | None:
        session = record.session
        if session is None:
            return None
        best = _best(heard)
        sent_ns = self._unix_ns(uplink.sent_us)
        asked = uplink.confirmed or uplink.device_time_request or uplink.link_check_request
        item = self.next_item(record, MAX_PAYLOAD[uplink.data_rate], sent_ns)
        if item is not None and not item.confirmed:
            record.queue.remove(item)
        steer = adr.better_rate(uplink.data_rate, session.snr_history) if self._may_steer(uplink) else None
        if not (asked or item or steer is not None):
            return None
        gps_s = uplink.sent_us // 1_000_000 + self.settings.epoch_s - GPS_EPOCH_S + LEAP_SECONDS
        answer = Downlink(
            f_port=item.f_port if item else None,
            data=item.data if item else b"",
            acknowledges=uplink.confirmed,
            confirmed=bool(item and item.confirmed),
            f_pending=any(not queued.is_pending for queued in record.queue),
            rssi=best.rssi,
            snr=round(best.snr),
            adr_data_rate=steer,
            device_time=gps_s if uplink.device_time_request else None,
            link_check=(adr.margin_db(uplink.data_rate, best.snr), len(heard))
            if uplink.link_check_request
            else None,
        )
        if item is not None:
            item.f_cnt_down = session.f_cnt_down
            self.publish("txack", record, self.events.txack(record, item, uplink, best, sent_ns))
        session.f_cnt_down += 1
        return answer

    def _may_steer(self, uplink: Uplink) -> bool:
        return self.settings.adr and uplink.adr

    def next_item(self, record: DeviceRecord, room: int, now_ns: int) -> Any | None:
        """The next downlink that can be sent, still queued; those that cannot are thrown away and told of."""
        while record.queue:
            item = record.queue[0]
            if item.is_pending:
                record.queue.pop(0)
                self.publish("ack", record, self.events.ack(record, item, False, now_ns))
            elif item.HasField("expires_at") and item.expires_at.ToNanoseconds() < now_ns:
                record.queue.pop(0)
                entry = LogEntry("ERROR", "EXPIRED", _EXPIRED, {"queue_item_id": item.id})
                self.log(record, entry, now_ns)
            elif len(item.data) > room:
                record.queue.pop(0)
                context = {
                    "max_payload_size": str(room),
                    "item_size": str(len(item.data)),
                    "queue_item_id": item.id,
                }
                self.log(record, LogEntry("ERROR", "DOWNLINK_PAYLOAD_SIZE", _TOO_LONG, context), now_ns)
            else:
                item.is_pending = item.confirmed  # stays until the device acknowledges
                return item
        return None

    def frame_context(self, **more: str) -> dict[str, str]:
        """What a log entry about a frame says."""
        return {"deduplication_id": self.records.new_id(), **more}

    def log(self, record: DeviceRecord, entry: LogEntry, when_ns: int) -> None:
        """Tell the operator."""
        self.publish("log", record, self.events.log(record, entry, when_ns))

    def publish(self, name: str, record: DeviceRecord, event: Any) -> None:
        """Send an event, and keep it for the event stream."""
        self._event_count += 1
        self._history[record.device.dev_eui].append(LoggedEvent(self._event_count, name, event))
        for on_event in self._on_event:
            on_event(name, event)
        topic = f"application/{record.device.application_id}/device/{record.device.dev_eui}/event/{name}"
        payload = (
            json.dumps(to_json(event), separators=(",", ":")).encode()
            if self.settings.json
            else event.SerializeToString()
        )
        self.bus.publish(topic, payload)
        self.changed.notify_all()

    def _command(self, topic: str, payload: bytes) -> None:
        """A downlink by MQTT. As in the original, a bad one is only told in the server's own log."""
        try:
            command = self._parse_command(payload)
            with self.changed:
                record = self.records.device(command.dev_eui)
                if record.device.application_id != topic.split("/")[1]:
                    raise RecordError("application of the topic is not the application of the device")
                item = api.DeviceQueueItem(
                    dev_eui=command.dev_eui,
                    confirmed=command.confirmed,
                    f_port=command.f_port,
                    data=command.data,
                )
                if command.HasField("expires_at"):
                    item.expires_at.CopyFrom(command.expires_at)
                self.records.enqueue(item, command.id or None)
        except (json_format.ParseError, DecodeError, UnicodeDecodeError, RecordError) as error:
            log.warning("downlink command refused: %s", error)

    def _parse_command(self, payload: bytes) -> Any:
        command = integration.DownlinkCommand()
        if self.settings.json:
            return json_format.Parse(payload, command, ignore_unknown_fields=True)
        command.ParseFromString(payload)
        return command

    def _unix_ns(self, virtual_us: int) -> int:
        return self.settings.epoch_s * 1_000_000_000 + virtual_us * 1000


def _best(heard: Iterable[Reception]) -> Reception:
    """The gateway that hears the device best answers it."""
    return max(heard, key=lambda reception: (reception.snr, reception.rssi))

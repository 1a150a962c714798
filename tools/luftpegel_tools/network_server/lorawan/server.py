"""The core of a LoRaWAN 1.0.4 network server for class A devices: frames in, what they mean and answers out.

No I/O, no clock, no queue of application payloads: frames come with their time, answers are made when the
caller has collected what the application has to say. Not thread-safe; its owner locks.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from luftpegel_tools.network_server.lorawan import adr, commands, crypto, frames
from luftpegel_tools.network_server.lorawan.commands import Cid, Command
from luftpegel_tools.network_server.lorawan.dialogue import Settled
from luftpegel_tools.network_server.lorawan.outcomes import (
    Arrival,
    Downlink,
    Heard,
    Identity,
    Joined,
    Payload,
    Plan,
    Reason,
    Refused,
)
from luftpegel_tools.network_server.lorawan.region import Window
from luftpegel_tools.network_server.lorawan.session import Session

_DEV_ADDR_BITS = 25  # of a NetID of type 0; the upper seven are its NwkID
_HIGHEST_COUNTER = 0xFFFFFFFF
_MAX_JOIN_NONCE = 0xFFFFFF
_MOST_MARGIN = 254  # of a LinkCheckAns, dB


@dataclass
class Member:
    """What outlives a device's sessions."""

    last_dev_nonce: int = -1
    next_join_nonce: int = 1
    session: Session | None = None
    pending: Session | None = None  # of the last join, until the device uses it


@dataclass
class NetworkServer:
    """The core. `find` gives the identity of a DevEUI that may take part now, None for the others."""

    find: Callable[[bytes], Identity | None]
    rng: random.Random
    plan: Plan = field(default_factory=Plan)
    members: dict[bytes, Member] = field(default_factory=dict)

    def receive(self, arrival: Arrival) -> Joined | Heard | Refused:
        """Take an uplink."""
        try:
            frame = frames.parse_uplink(arrival.phy_payload)
        except frames.FrameError:
            return Refused(Reason.MALFORMED)
        if isinstance(frame, frames.JoinRequest):
            return self._join(frame, arrival)
        return self._data(frame, arrival)

    def session(self, dev_eui: bytes) -> Session:
        """The session that the device was given last; LookupError when it never joined."""
        member = self.members.get(dev_eui, Member())
        session = member.pending or member.session
        if session is None:
            raise LookupError(f"device {dev_eui.hex()} has no session")
        return session

    def activate(self, dev_eui: bytes, dev_addr: int, network_key: bytes, application_key: bytes) -> Session:
        """Give a device a session without a join (ABP), with the region's defaults; gives it to adapt."""
        session = self._new_session(
            dev_addr, network_key, application_key, Plan(self.plan.region, extra_channels_hz=())
        )
        self.members.setdefault(dev_eui, Member()).session = session
        return session

    def request(self, dev_eui: bytes, *requests: Command) -> None:
        """Ask a device for something in the next downlink: MAC commands that travel together."""
        self.session(dev_eui).dialogue.ask(*requests)

    def room(self, heard: Heard) -> int:
        """How many bytes of application payload an answer can carry in its first window."""
        return self._windows(heard)[0].room - len(self._replies(heard))

    def forget_dev_nonces(self, dev_eui: bytes) -> None:
        """Take the numbers of a device's earlier joins again; the numbers of our answers go on."""
        if (member := self.members.get(dev_eui)) is not None:
            member.last_dev_nonce = -1

    def answer(
        self, heard: Heard, payload: Payload | None = None, *, more: bool = False, force: bool = False
    ) -> Downlink | None:
        """What to send back, None when there is nothing to say; uses up a frame counter.

        `more`: further payloads wait. `force`: answer even with nothing to say.

        Raises:
            ValueError: the payload is too long for each window, or its port is not 1..255.
        """
        if payload is not None:
            self._check(payload, self.room(heard))
        session = heard.session
        self._steer(heard)
        replies = self._replies(heard)
        owed = heard.confirmed or heard.adr_ack_req or heard.sticky
        if not (owed or force or replies or session.dialogue.waiting or payload):
            return None
        windows = self._windows(heard)
        frame = self._compose(heard, payload, replies, windows[0].room, more)
        session.next_f_cnt_down += 1
        if frame.confirmed:
            session.confirmed_f_cnt = frame.f_cnt
        length = len(frame.f_opts) + len(frame.payload)
        return Downlink(
            dev_eui=heard.dev_eui,
            phy_payload=frame.sealed(session.network_key, session.application_key),
            windows=tuple(window for window in windows if length <= window.room),
            f_cnt=frame.f_cnt,
        )

    def _join(self, request: frames.JoinRequest, arrival: Arrival) -> Joined | Refused:
        identity = self.find(request.dev_eui)
        if identity is None or identity.join_eui not in {None, request.join_eui}:
            return Refused(Reason.UNKNOWN_DEVICE, request.dev_eui)
        if not request.is_signed_with(identity.app_key):
            return Refused(Reason.WRONG_MIC, request.dev_eui, dev_nonce=request.dev_nonce)
        member = self.members.setdefault(request.dev_eui, Member())
        if request.dev_nonce <= member.last_dev_nonce:
            return Refused(Reason.USED_NONCE, request.dev_eui, dev_nonce=request.dev_nonce)
        if member.next_join_nonce > _MAX_JOIN_NONCE:
            return Refused(Reason.NO_NONCE_LEFT, request.dev_eui, dev_nonce=request.dev_nonce)
        member.last_dev_nonce = request.dev_nonce
        join_nonce = member.next_join_nonce
        member.next_join_nonce += 1
        keys = crypto.session_keys(identity.app_key, join_nonce, self.plan.net_id, request.dev_nonce)
        session = member.pending = self._new_session(self._free_address(), *keys, self.plan)
        accept = frames.JoinAccept(
            join_nonce=join_nonce,
            net_id=self.plan.net_id,
            dev_addr=session.dev_addr,
            rx1_dr_offset=session.rx1_dr_offset,
            rx2_data_rate=session.rx2_data_rate,
            rx_delay_s=session.rx1_delay_s,
            extra_channels_hz=self.plan.cf_list_hz,
        )
        windows = self.plan.region.join_windows(arrival.frequency_hz, arrival.data_rate)
        answer = Downlink(request.dev_eui, accept.sealed(identity.app_key), windows)
        return Joined(request.dev_eui, session.dev_addr, request.dev_nonce, answer)

    def _data(self, frame: frames.DataUp, arrival: Arrival) -> Heard | Refused:
        refused = Refused(Reason.UNKNOWN_DEVICE, f_cnt=frame.f_cnt)
        for dev_eui, session in self._sessions(frame.dev_addr):
            if self.find(dev_eui) is None:
                continue
            f_cnt = session.full_counter(frame.f_cnt)
            if f_cnt <= _HIGHEST_COUNTER and frame.is_signed_with(session.network_key, f_cnt):
                return self._take(frame, arrival, dev_eui, session, f_cnt)
            old = f_cnt - 0x10000
            if old >= 0 and frame.is_signed_with(session.network_key, old):
                return Refused(Reason.REPLAYED, dev_eui, old)
            refused = Refused(Reason.WRONG_MIC, dev_eui, frame.f_cnt)
        return refused

    def _take(
        self, frame: frames.DataUp, arrival: Arrival, dev_eui: bytes, session: Session, f_cnt: int
    ) -> Heard | Refused:
        """A frame whose sender is proved."""
        repeated = f_cnt == session.last_f_cnt
        if repeated and arrival.phy_payload != session.last_frame:
            return Refused(Reason.COUNTER_USED_TWICE, dev_eui, f_cnt)
        member = self.members[dev_eui]
        if session is member.pending:
            member.session, member.pending = session, None
        data = frame.decrypted(session.application_key if frame.f_port else session.network_key, f_cnt)
        words, not_understood = commands.parse_words(data if frame.f_port == 0 else frame.f_opts)
        settled: list[Settled] = []
        awaited = None
        if not repeated:
            session.last_frame = arrival.phy_payload
            settled = session.settle(words)  # first: a device uses a new data rate with its answer already
            session.observe(f_cnt, arrival.data_rate, arrival.snr)
            awaited, session.confirmed_f_cnt = session.confirmed_f_cnt, None
        return Heard(
            dev_eui=dev_eui,
            session=session,
            f_cnt=f_cnt,
            f_port=frame.f_port,
            data=b"" if frame.f_port == 0 else data,
            confirmed=frame.confirmed,
            adr=frame.adr,
            adr_ack_req=frame.adr_ack_req,
            repeated=repeated,
            acknowledged=awaited if frame.ack else None,
            unacknowledged=None if frame.ack else awaited,
            words=tuple(words),
            not_understood=not_understood,
            settled=tuple(settled),
            arrival=arrival,
        )

    def _check(self, payload: Payload, room: int) -> None:
        if not 1 <= payload.f_port <= 255:
            raise ValueError(f"port {payload.f_port} is not 1..255")
        if len(payload.data) > room:
            raise ValueError(f"{len(payload.data)} bytes of payload, at most {room} fit")

    def _compose(
        self, heard: Heard, payload: Payload | None, replies: bytes, room: int, more: bool
    ) -> frames.DataDown:
        """Commands go into FOpts; more than fit there, with no payload to carry, go to port 0."""
        session = heard.session
        if payload is not None:
            room = min(frames.MAX_F_OPTS, room - len(payload.data))
        said = replies + session.dialogue.take(room - len(replies), heard.sticky)
        on_port_0 = len(said) > frames.MAX_F_OPTS
        carried = Payload(0, said) if on_port_0 else payload
        return frames.DataDown(
            dev_addr=session.dev_addr,
            f_cnt=session.next_f_cnt_down,
            confirmed=bool(carried and carried.confirmed),
            adr=self.plan.adr,
            ack=heard.confirmed,
            f_pending=more or session.dialogue.waiting > 0,
            f_opts=b"" if on_port_0 else said,
            f_port=carried.f_port if carried else None,
            payload=carried.data if carried else b"",
        )

    def _replies(self, heard: Heard) -> bytes:
        """Answers to what the device asked, each once; at most 9 bytes."""
        arrival = heard.arrival
        asked = {word.cid for word in heard.words}
        replies = b""
        if Cid.LINK_CHECK in asked:
            margin = int(arrival.snr - self.plan.region.snr_floor(arrival.data_rate))
            gateways = min(255, arrival.gateways)
            replies += bytes(commands.LinkCheckAns(max(0, min(_MOST_MARGIN, margin)), gateways))
        if Cid.DEVICE_TIME in asked:
            replies += bytes(commands.DeviceTimeAns(arrival.gps_us))
        return replies

    def _steer(self, heard: Heard) -> None:
        """Ask for a better tuning, unless that is being asked already."""
        session = heard.session
        if not (self.plan.adr and heard.adr) or session.dialogue.concerns(commands.LinkAdrReq):
            return
        floor_db = self.plan.region.snr_floor(session.tuning.data_rate)
        wanted = adr.advise(session.tuning, session.history, floor_db, session.bounds)
        if wanted != session.tuning:
            session.dialogue.ask(
                commands.LinkAdrReq(wanted.data_rate, wanted.tx_power, session.ch_mask, wanted.nb_trans)
            )

    def _windows(self, heard: Heard) -> tuple[Window, ...]:
        return heard.session.windows(self.plan.region, heard.arrival.frequency_hz, heard.arrival.data_rate)

    def _new_session(self, dev_addr: int, network_key: bytes, application_key: bytes, plan: Plan) -> Session:
        region = plan.region
        channels = region.channels(plan.cf_list_hz)
        return Session(
            dev_addr=dev_addr,
            network_key=network_key,
            application_key=application_key,
            channels=channels,
            bounds=adr.Bounds(region.max_adr_data_rate, region.max_tx_power_index),
            rx1_delay_s=plan.rx1_delay_s,
            rx1_dr_offset=plan.rx1_dr_offset,
            rx2_data_rate=region.radio.rx2_data_rate if plan.rx2_data_rate is None else plan.rx2_data_rate,
            rx2_frequency_hz=region.rx2_frequency_hz,
            ch_mask=sum(1 << index for index in channels),
        )

    def _sessions(self, dev_addr: int) -> Iterator[tuple[bytes, Session]]:
        """Those with this address; devices activated by hand may share one."""
        for dev_eui, member in self.members.items():
            for session in (member.pending, member.session):
                if session is not None and session.dev_addr == dev_addr:
                    yield dev_eui, session

    def _free_address(self) -> int:
        while True:
            low_bits = self.rng.getrandbits(_DEV_ADDR_BITS)
            dev_addr = (self.plan.net_id & 0x3F) << _DEV_ADDR_BITS | low_bits
            if next(self._sessions(dev_addr), None) is None:
                return dev_addr

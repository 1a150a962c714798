"""A gateway and a network server in one, without a broker: for the devices on an air of their own.

Real LoRaWAN frames on the air become the words that a `Network` understands, so that whoever plays the
network for a simulated modem plays it for a LoRa chip, too.
"""

import random
from collections.abc import Callable
from typing import Any

from luftpegel_tools.air.airtime import lora_airtime_us
from luftpegel_tools.air.modem_messages import JoinRequest, Network, Uplink
from luftpegel_tools.air.shared_air import Frame, SharedAir
from luftpegel_tools.network_server.lorawan import (
    Arrival,
    Downlink,
    Heard,
    Identity,
    Joined,
    NetworkServer,
    Payload,
    Plan,
    Refused,
)
from luftpegel_tools.network_server.lorawan.region import Window
from luftpegel_tools.virtual_time.clock import VirtualClock

UNIX_GPS_S = 315_964_800 - 18  # Unix seconds at GPS second 0, less the leap seconds since


class LoneGateway:
    """Listens to all channels of an air; answers in the window `answers_in` (0: RX1, 1: RX2).

    Its answers come `late_us` late, as if the device's clock went wrong. `refused` keeps what was heard and
    not accepted. `known` is the one device that may join, or gives the identity of a DevEUI that may.
    """

    def __init__(
        self,
        clock: VirtualClock,
        air: SharedAir,
        network: Network,
        known: Identity | Callable[[bytes], Identity | None],
        **plan: Any,
    ) -> None:
        self._clock = clock
        self._air = air
        self._network = network
        self.core = NetworkServer(
            {known.dev_eui: known}.get if isinstance(known, Identity) else known,
            random.Random(1),  # noqa: S311 - a run must repeat
            Plan(**({"adr": False} | plan)),
        )
        self.refused: list[Refused] = []
        self.answers_in = 0
        self.late_us = 0
        air.observers.append(self._hear)

    def _hear(self, frame: Frame) -> None:
        if frame.tuning.inverted:
            return
        radio = self.core.plan.region
        data_rate = radio.data_rate_of(frame.tuning.sf, frame.tuning.bandwidth_hz)
        gps_us = (self._clock.epoch - UNIX_GPS_S) * 1_000_000 + frame.end_us
        outcome = self.core.receive(Arrival(frame.payload, frame.tuning.frequency_hz, data_rate, gps_us, 8.0))
        downlink = None
        if isinstance(outcome, Joined):
            downlink = self._let_in(outcome, frame)
        elif isinstance(outcome, Heard):
            downlink = self._take(outcome, frame)
        else:
            self.refused.append(outcome)
        if downlink is not None:
            window = downlink.windows[min(self.answers_in, len(downlink.windows) - 1)]
            start_us = frame.end_us + window.delay_us + self.late_us
            self._clock.call_at(start_us, self._send, downlink.phy_payload, window)

    def _let_in(self, joined: Joined, frame: Frame) -> Downlink | None:
        identity = self.core.find(joined.dev_eui)
        assert identity is not None  # the core has just let it in
        request = JoinRequest(
            dev_eui=joined.dev_eui,
            join_eui=identity.join_eui or bytes(8),
            app_key=identity.app_key,
            dev_nonce=joined.dev_nonce,
            data_rate=12 - frame.tuning.sf,
            frequency_hz=frame.tuning.frequency_hz,
            sent_us=frame.end_us,
            airtime_us=frame.end_us - frame.start_us,
        )
        return None if self._network.join(request) is None else joined.accept

    def _take(self, heard: Heard, frame: Frame) -> Downlink | None:
        if heard.repeated:
            return self.core.answer(heard)
        reply = self._network.uplink(
            Uplink(
                dev_eui=heard.dev_eui,
                dev_addr=heard.session.dev_addr,
                f_cnt=heard.f_cnt,
                f_port=heard.f_port or 0,
                data=heard.data,
                confirmed=heard.confirmed,
                adr=heard.adr,
                data_rate=heard.arrival.data_rate,
                frequency_hz=frame.tuning.frequency_hz,
                sent_us=frame.end_us,
                airtime_us=frame.end_us - frame.start_us,
                acknowledges=heard.acknowledged is not None,
            )
        )
        payload = None
        if reply is not None and reply.f_port is not None:
            payload = Payload(reply.f_port, reply.data, reply.confirmed)
        return self.core.answer(heard, payload, more=reply is not None and reply.f_pending)

    def _send(self, phy_payload: bytes, window: Window) -> None:
        rate = self.core.plan.region.radio.data_rates[window.data_rate]
        sf, bandwidth_hz = rate.spreading_factor, rate.bandwidth_hz
        start_us = self._clock.now_us
        end_us = start_us + lora_airtime_us(len(phy_payload), sf, bandwidth_hz, crc=False)
        self._air.transmit(
            self, window.frequency_hz, sf, bandwidth_hz, window.power_dbm, True, False, phy_payload,
            start_us, end_us,
        )  # fmt: skip

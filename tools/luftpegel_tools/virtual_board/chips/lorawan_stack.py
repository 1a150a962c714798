"""The LoRaWAN stack inside a simulated modem: session, airtime, duty cycle, receive windows in virtual time.

Class A of LoRaWAN 1.0.4 as far as the words of `air.modem_messages` go: no cryptography, which the words
leave out. `dev_nonce` is what a modem keeps in flash; everything else is lost with its power.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from luftpegel_tools.air.airtime import (
    EU868,
    JOIN_ACCEPT_BYTES,
    JOIN_REQUEST_BYTES,
    MAC_OVERHEAD,
    Band,
    symbol_us,
)
from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Network, Uplink
from luftpegel_tools.virtual_time.clock import Timer, VirtualClock

SECOND_US = 1_000_000
RX1_DELAY_US = {"join": 5 * SECOND_US, "uplink": SECOND_US}  # RX2 opens one second later
ACK_TIMEOUT_US = (SECOND_US, 3 * SECOND_US)
LONGEST_RETRY_WAIT_US = 10 * SECOND_US
LINK_ADR_ANS_BYTES = 2
REQUEST_BYTES = 1  # DeviceTimeReq, LinkCheckReq


@dataclass
class Session:
    """What a join begins and a power cut ends."""

    dev_addr: int
    f_cnt_up: int = 0
    f_cnt_down: int = 0
    adr_data_rate: int | None = None  # set by the network
    mac_answer_bytes: int = 0  # answers to MAC commands that the next uplink carries


@dataclass(frozen=True)
class Frame:
    """An uplink that a modem is told to send; `tries` counts all its transmissions."""

    port: int
    data: bytes
    confirmed: bool
    adr: bool
    data_rate: int
    tries: int


class LoRaWANStack:
    """One device's stack on a network; one join or frame at a time."""

    def __init__(self, network: Network, dev_eui: bytes):
        self.network = network
        self.dev_nonce = 0
        self.airtime_us = 0  # all transmissions so far
        self.sent_us = 0  # end of the latest transmission
        self.deaf = False  # tuned to channels where no network is
        self.session: Session | None = None
        self.device_time_request = False
        self.link_check_request = False
        self._random = random.Random(dev_eui)  # noqa: S311 - channel hopping, the same in each run
        self._band_free_us: dict[Band, int] = {}
        self._timer: Timer | None = None

    @property
    def busy(self) -> bool:
        """Whether a join or a frame is under way."""
        return self._timer is not None and self._timer.active

    def power_off(self) -> None:
        """Forget all that is not in flash."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self.session = None
        self.device_time_request = self.link_check_request = False
        self._band_free_us.clear()

    def end_session(self) -> None:
        """Forget the session only."""
        self.session = None

    def max_payload(self, data_rate: int) -> int:
        """Bytes of application payload that the next uplink may carry."""
        return EU868.data_rates[data_rate].max_payload - self._options_bytes()

    def wait_us(self, now_us: int) -> int:
        """How long until a channel is within its duty cycle; 0 for now."""
        free = [self._band_free_us.get(EU868.band_of(hz), 0) for hz in EU868.join_channels_hz]
        return max(0, min(free) - now_us)

    def join(
        self,
        clock: VirtualClock,
        eui_and_key: tuple[bytes, bytes, bytes],
        data_rate: int,
        done: Callable[[JoinAccept | None], None],
    ) -> None:
        """Send a join request (DevEUI, JoinEUI, AppKey); `done` hears the answer after the windows."""
        self.dev_nonce += 1  # in flash before it is on the air
        dev_eui, join_eui, app_key = eui_and_key

        def sent(frequency_hz: int, airtime_us: int) -> None:
            request = JoinRequest(
                dev_eui, join_eui, app_key, self.dev_nonce, data_rate, frequency_hz, clock.now_us, airtime_us
            )
            self.sent_us = clock.now_us
            accept = None if self.deaf else self.network.join(request)
            window = accept.window if accept else None
            heard_us = self._heard_us("join", window, JOIN_ACCEPT_BYTES, data_rate)
            self._timer = clock.call_later(heard_us, answered, accept)

        def answered(accept: JoinAccept | None) -> None:
            if accept is not None:
                self.session = Session(accept.dev_addr)
            done(accept)

        self._transmit(clock, JOIN_REQUEST_BYTES, data_rate, sent)

    def uplink(
        self, clock: VirtualClock, dev_eui: bytes, frame: Frame, done: Callable[[Downlink | None], None]
    ) -> None:
        """Send a frame in the session; `done` hears the downlink, or None, when the last window is over."""
        session = self.session
        if session is None:
            raise RuntimeError("uplink without a session")
        phy_bytes = MAC_OVERHEAD + len(frame.data) + self._options_bytes()
        time_request, link_request = self.device_time_request, self.link_check_request
        left = frame.tries

        def sent(frequency_hz: int, airtime_us: int) -> None:
            nonlocal left
            left -= 1
            self.sent_us = clock.now_us
            uplink = Uplink(
                dev_eui=dev_eui,
                dev_addr=session.dev_addr,
                f_cnt=session.f_cnt_up,
                f_port=frame.port,
                data=frame.data,
                confirmed=frame.confirmed,
                adr=frame.adr,
                data_rate=frame.data_rate,
                frequency_hz=frequency_hz,
                sent_us=clock.now_us,
                airtime_us=airtime_us,
                device_time_request=time_request,
                link_check_request=link_request,
            )
            downlink = None if self.deaf else self.network.uplink(uplink)
            window = downlink.window if downlink else None
            size = MAC_OVERHEAD + len(downlink.data) if downlink else 0
            heard_us = self._heard_us("uplink", window, size, frame.data_rate)
            self._timer = clock.call_later(heard_us, answered, downlink)

        def answered(downlink: Downlink | None) -> None:
            wait_us = self.wait_us(clock.now_us)
            if downlink is None and left and wait_us < LONGEST_RETRY_WAIT_US:
                pause_us = max(wait_us, self._random.randint(*ACK_TIMEOUT_US))
                self._timer = clock.call_later(pause_us, again)
                return
            session.f_cnt_up += 1
            session.mac_answer_bytes = 0
            self.device_time_request = self.link_check_request = False
            if downlink is not None:
                self._obey(session, frame, downlink)
            done(downlink)

        def again() -> None:
            self._transmit(clock, phy_bytes, frame.data_rate, sent)

        again()

    def _obey(self, session: Session, frame: Frame, downlink: Downlink) -> None:
        session.f_cnt_down += 1
        if downlink.adr_data_rate is not None and frame.adr:
            session.adr_data_rate = downlink.adr_data_rate
            session.mac_answer_bytes = LINK_ADR_ANS_BYTES

    def _options_bytes(self) -> int:
        answers = self.session.mac_answer_bytes if self.session else 0
        return answers + REQUEST_BYTES * (self.device_time_request + self.link_check_request)

    def _transmit(
        self, clock: VirtualClock, phy_bytes: int, data_rate: int, sent: Callable[[int, int], None]
    ) -> None:
        """Put a frame on a free channel; `sent(frequency_hz, airtime_us)` runs at its end."""
        free = [
            hz
            for hz in EU868.join_channels_hz
            if self._band_free_us.get(EU868.band_of(hz), 0) <= clock.now_us
        ]
        frequency_hz = self._random.choice(free)
        band = EU868.band_of(frequency_hz)
        airtime_us = EU868.airtime_us(phy_bytes, data_rate)
        self._band_free_us[band] = clock.now_us + airtime_us * 1000 // band.duty_per_mille
        self.airtime_us += airtime_us
        self._timer = clock.call_later(airtime_us, sent, frequency_hz, airtime_us)

    @staticmethod
    def _heard_us(kind: str, window: int | None, phy_bytes: int, data_rate: int) -> int:
        """From the end of a transmission to the end of the downlink, or of an empty second window."""
        second = RX1_DELAY_US[kind] + SECOND_US
        if window is None:
            rate = EU868.data_rates[EU868.rx2_data_rate]
            return second + 8 * symbol_us(rate.spreading_factor, rate.bandwidth_hz)
        if window == 1:
            return RX1_DELAY_US[kind] + EU868.airtime_us(phy_bytes, data_rate, crc=False)
        return second + EU868.airtime_us(phy_bytes, EU868.rx2_data_rate, crc=False)

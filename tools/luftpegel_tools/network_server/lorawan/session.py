"""What the network knows of an activated device, and how the device's answers change it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from luftpegel_tools.network_server.lorawan import commands
from luftpegel_tools.network_server.lorawan.adr import HISTORY, Bounds, Sample, Tuning
from luftpegel_tools.network_server.lorawan.dialogue import Dialogue, Settled
from luftpegel_tools.network_server.lorawan.region import RX2_LATER_S, Channel, NetworkRegion, Window

_KEEP = 15  # LinkADRReq: leave data rate or power as it is (1.0.4, 5.2)
_ALL_CHANNELS = 6  # ChMaskCntl of dynamic regions: every defined channel


@dataclass
class Session:
    """An activation: keys, counters, and the radio settings that both ends have agreed on."""

    dev_addr: int
    network_key: bytes
    application_key: bytes
    channels: dict[int, Channel]
    bounds: Bounds
    rx1_delay_s: int = 1
    rx1_dr_offset: int = 0
    rx2_data_rate: int = 0
    rx2_frequency_hz: int = 0
    last_f_cnt: int | None = None  # of the last uplink taken, all 32 bits
    next_f_cnt_down: int = 0
    last_frame: bytes = b""  # tells a repetition from a counter used twice
    confirmed_f_cnt: int | None = None  # of the downlink whose acknowledgement is awaited
    tuning: Tuning = field(default_factory=lambda: Tuning(0, 0))
    ch_mask: int = 0  # bit n: channel n is in use
    max_duty_cycle: int = 0  # exponent, see DutyCycleReq
    status: commands.DeviceStatus | None = None
    history: list[Sample] = field(default_factory=list)
    dialogue: Dialogue = field(default_factory=Dialogue)

    def full_counter(self, low16: int) -> int:
        """The 32-bit counter that a frame must have that is new, or the last one once more (4.3.1.5)."""
        if self.last_f_cnt is None:
            return low16
        full = self.last_f_cnt & ~0xFFFF | low16
        return full if full >= self.last_f_cnt else full + 0x10000

    def windows(self, region: NetworkRegion, frequency_hz: int, data_rate: int) -> tuple[Window, ...]:
        """RX1 and RX2 after an uplink; no RX2 when a device agreed to a data rate that nobody has."""
        downlink_hz = next(
            (c.downlink_hz for c in self.channels.values() if c.uplink_hz == frequency_hz), frequency_hz
        )
        rx1_data_rate = region.rx1_data_rate(data_rate, self.rx1_dr_offset)
        rx1 = region.window(self.rx1_delay_s, downlink_hz, rx1_data_rate)
        if self.rx2_data_rate >= len(region.radio.data_rates):
            return (rx1,)
        rx2_delay_s = self.rx1_delay_s + RX2_LATER_S
        return rx1, region.window(rx2_delay_s, self.rx2_frequency_hz, self.rx2_data_rate)

    def observe(self, f_cnt: int, data_rate: int, snr: float) -> None:
        """Count an uplink; a device that changed its data rate by itself is at full power again."""
        self.last_f_cnt = f_cnt
        if data_rate != self.tuning.data_rate:
            self.tuning = replace(self.tuning, data_rate=data_rate, tx_power=0)
            self.history.clear()
        self.history = [*self.history, Sample(f_cnt, snr, self.tuning.tx_power)][-HISTORY:]

    def settle(self, words: Iterable[commands.Word]) -> list[Settled]:
        """Take over what the device agreed to; gives the requests that came to an end."""
        ended = self.dialogue.settle(words)
        for settled in ended:
            self._adopt(settled)
        return ended

    def _adopt(self, settled: Settled) -> None:
        if settled.requests and all(isinstance(r, commands.LinkAdrReq) for r in settled.requests):
            self._settle_link(settled)
            return
        for request, answer in zip(settled.requests, settled.answers, strict=True):
            if answer is not None and answer.accepted and type(request) in _EFFECTS:
                _EFFECTS[type(request)](self, request, answer)

    def _settle_link(self, settled: Settled) -> None:
        """A block counts as a whole; its last request's rates do (5.2)."""
        last: Any = settled.requests[-1]
        if settled.accepted:
            for request in settled.requests:
                self._mask(request)
            tuning = Tuning(
                self.tuning.data_rate if last.data_rate == _KEEP else last.data_rate,
                self.tuning.tx_power if last.tx_power == _KEEP else last.tx_power,
                last.nb_trans or self.tuning.nb_trans,
            )
            if tuning != self.tuning:
                self.history.clear()
            self.tuning = tuning
        elif settled.answers[-1] is not None:
            self._learn_bounds(last, settled.answers[-1].body[0])

    def _mask(self, request: Any) -> None:
        defined = sum(1 << index for index in self.channels)
        self.ch_mask = defined if request.ch_mask_cntl == _ALL_CHANNELS else request.ch_mask & defined

    def _learn_bounds(self, request: commands.LinkAdrReq, bits: int) -> None:
        """Do not ask again for a data rate or power that the device cannot do."""
        if not bits & 0b010:
            self.bounds = replace(self.bounds, max_data_rate=self.tuning.data_rate)
        if not bits & 0b100 and request.tx_power not in {0, _KEEP}:
            self.bounds = replace(self.bounds, max_tx_power=request.tx_power - 1)


def _rx_params(session: Session, request: commands.RxParamSetupReq, _answer: commands.Word) -> None:
    session.rx1_dr_offset = request.rx1_dr_offset
    session.rx2_data_rate = request.rx2_data_rate
    session.rx2_frequency_hz = request.rx2_frequency_hz


def _rx_timing(session: Session, request: commands.RxTimingSetupReq, _answer: commands.Word) -> None:
    session.rx1_delay_s = max(1, request.delay_s)


def _new_channel(session: Session, request: commands.NewChannelReq, _answer: commands.Word) -> None:
    if request.frequency_hz == 0:
        session.channels.pop(request.index, None)
        session.ch_mask &= ~(1 << request.index)
        return
    hertz = request.frequency_hz
    session.channels[request.index] = Channel(hertz, hertz, request.min_data_rate, request.max_data_rate)
    session.ch_mask |= 1 << request.index


def _dl_channel(session: Session, request: commands.DlChannelReq, _answer: commands.Word) -> None:
    channel = session.channels.get(request.index)
    if channel is not None:
        session.channels[request.index] = replace(channel, downlink_hz=request.frequency_hz)


def _duty_cycle(session: Session, request: commands.DutyCycleReq, _answer: commands.Word) -> None:
    session.max_duty_cycle = request.max_duty_cycle


def _status(session: Session, _request: commands.DevStatusReq, answer: commands.Word) -> None:
    session.status = commands.DeviceStatus.of(answer)


_EFFECTS: Mapping[type, Callable[[Session, Any, commands.Word], None]] = {
    commands.RxParamSetupReq: _rx_params,
    commands.RxTimingSetupReq: _rx_timing,
    commands.NewChannelReq: _new_channel,
    commands.DlChannelReq: _dl_channel,
    commands.DutyCycleReq: _duty_cycle,
    commands.DevStatusReq: _status,
}

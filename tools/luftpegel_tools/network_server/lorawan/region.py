"""What a network server must know of a region with dynamic channels: receive windows, powers, sizes.

LoRaWAN Regional Parameters RP002-1.0.4: section 2.4 for EU868. Data rates: `luftpegel_tools.air.airtime`.
"""

from dataclasses import dataclass

from luftpegel_tools.air import airtime

JOIN_DELAY_S = 5  # from the end of a JoinRequest to RX1
RX2_LATER_S = 1
_DEFAULT_EIRP_DBM = 16
# Demodulator floor by spreading factor, dB: SX1261/2 data sheet, section 6.1.1; FSK: none.
_FLOOR_DB = {12: -20.0, 11: -17.5, 10: -15.0, 9: -12.5, 8: -10.0, 7: -7.5, 0: 0.0}


@dataclass(frozen=True)
class Channel:
    """An uplink channel; `downlink_hz` is where RX1 listens after an uplink on it."""

    uplink_hz: int
    downlink_hz: int
    min_data_rate: int = 0
    max_data_rate: int = 5


@dataclass(frozen=True)
class Window:
    """One chance to reach a device: when after the end of its uplink, where, how fast and how loud."""

    delay_us: int
    frequency_hz: int
    data_rate: int
    power_dbm: int  # EIRP
    room: int  # bytes of application payload and FOpts together


@dataclass(frozen=True)
class NetworkRegion:
    """A region as its network servers see it."""

    radio: airtime.Region
    extra_channels_hz: tuple[int, ...]  # what the join hands out, at most five
    rx2_frequency_hz: int
    loud_band_hz: tuple[int, int]  # where the network may send with `loud_dbm`
    loud_dbm: int
    max_rx1_dr_offset: int = 5
    max_tx_power_index: int = 7  # 2 dB each, below the region's maximum
    max_adr_data_rate: int = 5

    def channels(self, extra_hz: tuple[int, ...]) -> dict[int, Channel]:
        """By number: the channels that every device of the region has, then those of a CFList."""
        low, high = self.radio.join_data_rates
        return {i: Channel(hz, hz, low, high) for i, hz in enumerate(self.radio.join_channels_hz + extra_hz)}

    def rx1_data_rate(self, uplink_data_rate: int, offset: int) -> int:
        """RP002 table 11; offsets 6 and 7 are reserved and count as 5."""
        return max(0, uplink_data_rate - min(offset, self.max_rx1_dr_offset))

    def window(self, delay_s: int, frequency_hz: int, data_rate: int) -> Window:
        """A receive window with the power that the network may use there."""
        low, high = self.loud_band_hz
        power = self.loud_dbm if low <= frequency_hz <= high else _DEFAULT_EIRP_DBM
        room = self.radio.data_rates[data_rate].max_payload
        return Window(delay_s * 1_000_000, frequency_hz, data_rate, power, room)

    def join_windows(self, frequency_hz: int, data_rate: int) -> tuple[Window, Window]:
        """Where a JoinAccept can be heard: always the region's defaults."""
        return (
            self.window(JOIN_DELAY_S, frequency_hz, self.rx1_data_rate(data_rate, 0)),
            self.window(JOIN_DELAY_S + RX2_LATER_S, self.rx2_frequency_hz, self.radio.rx2_data_rate),
        )

    def snr_floor(self, data_rate: int) -> float:
        """The SNR in dB below which a frame of this data rate is lost."""
        return _FLOOR_DB[self.radio.data_rates[data_rate].spreading_factor]

    def data_rate_of(self, spreading_factor: int, bandwidth_hz: int) -> int:
        """The number of a data rate (spreading factor 0 and the bit rate for FSK); LookupError: none."""
        for number, rate in enumerate(self.radio.data_rates):
            if (rate.spreading_factor, rate.bandwidth_hz) == (spreading_factor, bandwidth_hz):
                return number
        raise LookupError(f"{self.radio.name} has no SF{spreading_factor} with {bandwidth_hz} Hz")


EU868 = NetworkRegion(
    radio=airtime.EU868,
    extra_channels_hz=(867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000),
    rx2_frequency_hz=869_525_000,
    loud_band_hz=(869_400_000, 869_650_000),
    loud_dbm=29,  # 27 dBm ERP
)

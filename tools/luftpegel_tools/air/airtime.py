"""How long a LoRa frame is on the air, and what a region allows, in integers.

Time on air: Semtech SX1261/2 data sheet, section 6.1.4 (the same formula as AN1200.13). EU868: LoRaWAN
Regional Parameters RP002-1.0.4, section 2.4 (data rates, payload sizes without repeater), and ETSI
EN 300 220-2 annex B (bands and duty cycles).
"""

from dataclasses import dataclass

MAC_OVERHEAD = 13  # MHDR 1, DevAddr 4, FCtrl 1, FCnt 2, FPort 1, MIC 4; without FOpts
JOIN_REQUEST_BYTES = 23  # MHDR 1, JoinEUI 8, DevEUI 8, DevNonce 2, MIC 4
JOIN_ACCEPT_BYTES = 33  # with CFList, the longer kind
PREAMBLE_SYMBOLS = 8
LOW_RATE_SYMBOL_US = 16_000  # longer symbols need the low data rate optimisation
FSK_OVERHEAD = 11  # preamble 5, sync word 3, length 1, CRC 2


@dataclass(frozen=True)
class DataRate:
    """A modulation; spreading factor 0 is FSK, and `bandwidth_hz` then its bit rate."""

    spreading_factor: int
    bandwidth_hz: int
    max_payload: int  # bytes of application payload when no FOpts are sent


@dataclass(frozen=True)
class Band:
    """A piece of spectrum with one duty cycle, in thousandths."""

    low_hz: int
    high_hz: int
    duty_per_mille: int


@dataclass(frozen=True)
class Region:
    """What a device of a region may do."""

    name: str
    data_rates: tuple[DataRate, ...]
    join_channels_hz: tuple[int, ...]
    join_data_rates: tuple[int, int]  # lowest and highest
    bands: tuple[Band, ...]
    rx2_data_rate: int

    def band_of(self, frequency_hz: int) -> Band:
        """The band of a frequency; LookupError when the region does not allow it."""
        for band in self.bands:
            if band.low_hz <= frequency_hz <= band.high_hz:
                return band
        raise LookupError(f"{self.name} has no band at {frequency_hz} Hz")

    def airtime_us(self, phy_bytes: int, data_rate: int, *, crc: bool = True) -> int:
        """Time on air of `phy_bytes` (MAC header and MIC included) at a data rate; downlinks have no CRC."""
        rate = self.data_rates[data_rate]
        if rate.spreading_factor == 0:
            return (phy_bytes + FSK_OVERHEAD) * 8 * 1_000_000 // rate.bandwidth_hz
        return lora_airtime_us(phy_bytes, rate.spreading_factor, rate.bandwidth_hz, crc=crc)

    def uplink_airtime_us(self, payload_bytes: int, data_rate: int) -> int:
        """Time on air of an uplink with `payload_bytes` of application payload and no FOpts."""
        return self.airtime_us(payload_bytes + MAC_OVERHEAD, data_rate)


def symbol_us(spreading_factor: int, bandwidth_hz: int = 125_000) -> int:
    """Length of one LoRa symbol."""
    return (1 << spreading_factor) * 1_000_000 // bandwidth_hz


def lora_airtime_us(
    phy_bytes: int,
    spreading_factor: int,
    bandwidth_hz: int = 125_000,
    *,
    coding_rate: int = 1,
    crc: bool = True,
) -> int:
    """Time on air of a LoRa frame with explicit header; coding rate 1 is 4/5."""
    if not 7 <= spreading_factor <= 12:
        raise ValueError(f"spreading factor {spreading_factor} is not within 7..12")
    symbol = symbol_us(spreading_factor, bandwidth_hz)
    low_rate = 2 if symbol > LOW_RATE_SYMBOL_US else 0
    bits = 8 * phy_bytes - 4 * spreading_factor + 28 + (16 if crc else 0)
    bits_per_block = 4 * (spreading_factor - low_rate)
    blocks = max(0, -(-bits // bits_per_block))
    payload_symbols = 8 + blocks * (coding_rate + 4)
    quarter_symbols = 4 * PREAMBLE_SYMBOLS + 17 + 4 * payload_symbols  # the sync word takes 4.25 symbols
    return symbol * quarter_symbols // 4


EU868 = Region(
    name="EU868",
    data_rates=(
        DataRate(12, 125_000, 51),
        DataRate(11, 125_000, 51),
        DataRate(10, 125_000, 51),
        DataRate(9, 125_000, 115),
        DataRate(8, 125_000, 242),
        DataRate(7, 125_000, 242),
        DataRate(7, 250_000, 242),
        DataRate(0, 50_000, 242),
    ),
    join_channels_hz=(868_100_000, 868_300_000, 868_500_000),
    join_data_rates=(0, 5),
    bands=(
        Band(863_000_000, 865_000_000, 1),
        Band(865_000_000, 868_000_000, 10),
        Band(868_000_000, 868_600_000, 10),
        Band(868_700_000, 869_200_000, 1),
        Band(869_400_000, 869_650_000, 100),
        Band(869_700_000, 870_000_000, 10),
    ),
    rx2_data_rate=0,
)

"""Semtech SX1276 at register level: LoRa with DIO0 and DIO1, and in FSK mode the image calibration.

After the data sheet DS_SX1276-7-8-9 rev. 7 and its errata note. Not modelled: spreading factor 6, CAD,
frequency hopping, continuous transmission. RFM95, RFM96 and RFM98 carry this chip.
"""

from luftpegel_tools.air.shared_air import RadioAir
from luftpegel_tools.virtual_board.chips.lora_chip import LONG_FRAME, LoRaChip, Modulation, Reception, spoil

FIFO, OP_MODE, FRF, PA_CONFIG, OCP, FIFO_POINTER = 0x00, 0x01, 0x06, 0x09, 0x0B, 0x0D
TX_BASE, RX_BASE, RX_START, IRQ_MASK, IRQ_FLAGS, RX_BYTES = 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13
PACKET_SNR, PACKET_RSSI, HOP_CHANNEL, MODEM_1, MODEM_2, SYMBOLS = 0x19, 0x1A, 0x1C, 0x1D, 0x1E, 0x1F
PREAMBLE, PAYLOAD_LENGTH, MODEM_3, IF_1, IF_2, DETECT = 0x20, 0x22, 0x26, 0x2F, 0x30, 0x31
INVERT_IQ, HIGH_BW_1, SYNC_WORD, HIGH_BW_2, INVERT_IQ_2 = 0x33, 0x36, 0x39, 0x3A, 0x3B
IMAGE_CALIBRATION, DIO_MAPPING, VERSION, TCXO, PA_DAC = 0x3B, 0x40, 0x42, 0x4B, 0x4D
RESET_VALUES = {  # table 41, column LoRa
    OP_MODE: 0x09, FRF: 0x6C, FRF + 1: 0x80, FRF + 2: 0x00, PA_CONFIG: 0x4F, 0x0A: 0x09, OCP: 0x2B,
    0x0C: 0x20, FIFO_POINTER: 0x00, TX_BASE: 0x80, RX_BASE: 0x00, RX_START: 0x00, IRQ_MASK: 0x00,
    IRQ_FLAGS: 0x00, RX_BYTES: 0x00, PACKET_SNR: 0x00, PACKET_RSSI: 0x00, HOP_CHANNEL: 0x00, MODEM_1: 0x72,
    MODEM_2: 0x70, SYMBOLS: 0x64, PREAMBLE: 0x00, PREAMBLE + 1: 0x08, PAYLOAD_LENGTH: 0x01, 0x23: 0xFF,
    0x24: 0x00, MODEM_3: 0x04, IF_1: 0x20, IF_2: 0x00, DETECT: 0xC3, INVERT_IQ: 0x27, HIGH_BW_1: 0x03,
    0x37: 0x0A, SYNC_WORD: 0x12, HIGH_BW_2: 0x52, INVERT_IQ_2: 0x1D, DIO_MAPPING: 0x00, 0x41: 0x00,
    VERSION: 0x12, TCXO: 0x09, PA_DAC: 0x84,
}  # fmt: skip
READ_ONLY = {RX_START, RX_BYTES, PACKET_SNR, PACKET_RSSI, HOP_CHANNEL, VERSION}
FSK_TOO = {OP_MODE, FRF, FRF + 1, FRF + 2, PA_CONFIG, 0x0A, OCP, 0x0C, IMAGE_CALIBRATION, TCXO, PA_DAC}
WHILE_ACTIVE = {OP_MODE, IRQ_FLAGS, FIFO_POINTER}

SLEEP, STANDBY, FS_TX, TX, FS_RX, RX_CONTINUOUS, RX_SINGLE = 0, 1, 2, 3, 4, 5, 6
LONG_RANGE, LOW_BAND = 0x80, 0x08
TX_DONE, RX_DONE, VALID_HEADER, CRC_ERROR, RX_TIMEOUT = 0x08, 0x40, 0x10, 0x20, 0x80
DIO0 = {0: RX_DONE, 1: TX_DONE}  # table 18
DIO1 = {0: RX_TIMEOUT}

START_US = 5000
SWITCH_US = 250  # standby to TX or RX
IMAGE_CALIBRATION_US = 10_000
POWER_UP_CALIBRATION_HZ = 434_000_000
LOW_BAND_BELOW_HZ = 525_000_000  # LowFrequencyModeOn gives access to the registers of the lower bands
BANDS_HZ = ((862_000_000, 1_020_000_000), (410_000_000, 525_000_000), (137_000_000, 175_000_000))
BANDWIDTHS = {7: 125_000, 8: 250_000, 9: 500_000}
RSSI_OFFSET = {False: 157, True: 164}
NEEDED_MA = ((17, 90), (20, 120))  # section 3.4: current at PA_BOOST up to that many dBm


class SX1276(LoRaChip):
    """`dio0_pin` and `dio1_pin` are driven; fault calibration: it never ends."""

    dio0_pin: int | None = None
    dio1_pin: int | None = None

    def __init__(self, air: RadioAir):
        super().__init__(air)
        self._started = False

    def _start(self) -> None:
        """Power-up or reset; the chip answers 5 ms later."""
        self.registers = dict(RESET_VALUES)
        self.fifo = bytearray(256)
        self._calibrated_hz = POWER_UP_CALIBRATION_HZ
        self._started = False
        self._update_pins()
        self._after("start", START_US, self._become_ready)

    def _become_ready(self) -> None:
        self._started = True

    @property
    def mode(self) -> int:
        """The mode of RegOpMode."""
        return self.registers[OP_MODE] & 7

    @property
    def _is_lora(self) -> bool:
        return bool(self.registers[OP_MODE] & LONG_RANGE)

    # The bus: first byte address and direction; the address counts up but for the FIFO

    def _carry_out(self, data: bytes) -> None:
        if not self._started:
            self.refuse("access before it has started")
            return
        address = data[0] & 0x7F
        if data[0] & 0x80:
            for offset, value in enumerate(data[1:]):
                self._write(address if address == FIFO else address + offset, value)

    def _answer(self, position: int) -> int:
        address = self._mosi[0] & 0x7F
        if position == 0 or not self._started or self._mosi[0] & 0x80:
            return 0
        if address == FIFO:
            return self._read_fifo()
        if address == IMAGE_CALIBRATION and not self._is_lora:
            return 0x20 if "image" in self._timers or "calibration" in self.faults else 0x02
        return self.registers.get(address + position - 1, 0)

    def _read_fifo(self) -> int:
        if self.mode == SLEEP:
            self.refuse("FIFO in sleep")
            return 0
        at = self.registers[FIFO_POINTER]
        self.registers[FIFO_POINTER] = (at + 1) & 0xFF
        return self.fifo[at]

    def _write(self, address: int, value: int) -> None:
        active = self.mode not in {SLEEP, STANDBY}
        forbidden = (
            (address not in RESET_VALUES and address != FIFO, "is reserved"),
            (address in READ_ONLY, "is read-only"),
            (not self._is_lora and address not in FSK_TOO, "is a LoRa register, in FSK mode"),
            (active and address not in WHILE_ACTIVE, f"in mode {self.mode}"),
            (address == FIFO and self.mode == SLEEP, "is the FIFO, in sleep"),
        )
        for is_forbidden, reason in forbidden:
            if is_forbidden:
                self.refuse(f"register {address:02x} {reason}")
                return
        if address == OP_MODE:
            self._set_mode(value)
        elif address == FIFO:
            at = self.registers[FIFO_POINTER]
            self.fifo[at] = value
            self.registers[FIFO_POINTER] = (at + 1) & 0xFF
        elif address == IRQ_FLAGS:
            self.registers[IRQ_FLAGS] &= ~value
            self._update_pins()
        elif address == IMAGE_CALIBRATION and not self._is_lora:
            self._calibrate(value)
        else:
            self.registers[address] = value
            self._update_pins()

    def _update_pins(self) -> None:
        flags = self.registers[IRQ_FLAGS]
        mapping = self.registers[DIO_MAPPING]
        self._drive(self.dio0_pin, int(bool(flags & DIO0.get(mapping >> 6, 0))))
        self._drive(self.dio1_pin, int(bool(flags & DIO1.get(mapping >> 4 & 3, 0))))

    def _raise_irq(self, bits: int) -> None:
        self.registers[IRQ_FLAGS] |= bits & ~self.registers[IRQ_MASK]
        self._update_pins()

    # Modes

    def _set_mode(self, value: int) -> None:
        if (value ^ self.registers[OP_MODE]) & LONG_RANGE and self.mode != SLEEP:
            self.refuse("LongRangeMode changes in sleep only")
            value ^= LONG_RANGE  # the bit alone is ignored
        in_band = any(low <= self.frequency_hz <= high for low, high in BANDS_HZ)
        if value & 7 not in {SLEEP, STANDBY} and not (value & LONG_RANGE and in_band):
            self.refuse(f"mode {value & 7} with RegOpMode {value:02x} at {self.frequency_hz} Hz")
            return
        self._close_ears()
        self._cancel("tx", "timeout")
        self.registers[OP_MODE] = value
        if self.mode == SLEEP:
            self.fifo = bytearray(256)
        elif self.mode == TX:
            self._begin_transmit()
        elif self.mode in {RX_CONTINUOUS, RX_SINGLE}:
            self._begin_receive()

    def _stand_by(self) -> None:
        self._close_ears()
        self._cancel("timeout")
        self.registers[OP_MODE] = self.registers[OP_MODE] & ~7 | STANDBY

    @property
    def frequency_hz(self) -> int:
        """What RegFrf says, on LoRaWAN's raster of 100 Hz; the chip's own step is 61 Hz."""
        steps = self.registers[FRF] << 16 | self.registers[FRF + 1] << 8 | self.registers[FRF + 2]
        return 100 * round(steps * 320_000 / (1 << 19))

    def _calibrate(self, value: int) -> None:
        if self.mode != STANDBY:
            self.refuse("image calibration outside standby")
        elif value & 0x40:
            self._after("image", IMAGE_CALIBRATION_US, self._end_calibration)

    def _end_calibration(self) -> None:
        self._timers.pop("image")
        self._calibrated_hz = self.frequency_hz

    def _modulation(self, *, inverted: bool) -> Modulation:
        first, second = self.registers[MODEM_1], self.registers[MODEM_2]
        if first >> 4 not in BANDWIDTHS or not 7 <= second >> 4 <= 12 or not 1 <= first >> 1 & 7 <= 4:
            self.refuse(f"modulation {first:02x}{second:02x}")
        return Modulation(
            frequency_hz=self.frequency_hz,
            sf=min(12, max(7, second >> 4)),
            bandwidth_hz=BANDWIDTHS.get(first >> 4, 125_000),
            coding_rate=first >> 1 & 7,
            low_rate=bool(self.registers[MODEM_3] & 8),
            inverted=inverted,
            preamble=self.registers[PREAMBLE] << 8 | self.registers[PREAMBLE + 1],
            explicit_header=not first & 1,
            crc=bool(second & 4),
            sync_word=self.registers[SYNC_WORD],
        )

    def _iq_is_wrong(self, inverted: bool) -> bool:
        wrong = self.registers[INVERT_IQ_2] != (0x19 if inverted else 0x1D)
        if wrong:
            self.flaw("RegInvertIQ2 does not fit RegInvertIQ")
        return wrong

    # Transmission

    @property
    def power_dbm(self) -> int:
        """What the amplifier puts out (sections 3.4.2, 3.4.3, and 5.4.3 for the DAC)."""
        config = self.registers[PA_CONFIG]
        if config & 0x80:
            return 2 + (config & 15) + (3 if self.registers[PA_DAC] & 7 == 7 else 0)
        return (108 + 6 * (config >> 4 & 7)) // 10 - 15 + (config & 15)

    def _allowed_ma(self) -> int:
        trim = self.registers[OCP] & 0x1F
        if not self.registers[OCP] & 0x20:
            return 1000
        return 45 + 5 * trim if trim <= 15 else min(240, 10 * trim - 30)

    def _begin_transmit(self) -> None:
        modulation = self._modulation(inverted=not self.registers[INVERT_IQ] & 1)
        length, base = self.registers[PAYLOAD_LENGTH], self.registers[TX_BASE]
        payload = bytes(self.fifo[(base + at) & 0xFF] for at in range(length))
        needed = [ma for dbm, ma in NEEDED_MA if self.power_dbm <= dbm]
        if self.registers[PA_CONFIG] & 0x80 and self._allowed_ma() < needed[0]:
            self.flaw("over-current protection cuts the power")
        spoiled = self._iq_is_wrong(modulation.inverted) and length > LONG_FRAME
        start_us = self.clock.now_us + SWITCH_US
        end_us = self._radiate(modulation, self.power_dbm, payload, start_us, spoiled=spoiled)
        self._after("tx", end_us - self.clock.now_us, self._end_transmit)

    def _end_transmit(self) -> None:
        self._stand_by()
        self._raise_irq(TX_DONE)

    # Reception

    def _begin_receive(self) -> None:
        modulation = self._modulation(inverted=bool(self.registers[INVERT_IQ] & 0x40))
        self._note_errata(modulation.bandwidth_hz)
        behind = LONG_FRAME if self._iq_is_wrong(modulation.inverted) else None
        self._open_ears(modulation, self.clock.now_us + SWITCH_US, spoiled_behind=behind)
        symbols = (self.registers[MODEM_2] & 3) << 8 | self.registers[SYMBOLS]
        if self.mode == RX_SINGLE:
            if symbols < 4:
                self.refuse(f"time-out of {symbols} symbols")
            self._after("timeout", SWITCH_US + symbols * modulation.symbol_us, self._time_out)

    def _note_errata(self, bandwidth_hz: int) -> None:
        wide = bandwidth_hz == 500_000
        low_band = bool(self.registers[OP_MODE] & LOW_BAND)
        if low_band != (self.frequency_hz < LOW_BAND_BELOW_HZ):
            self.flaw("LowFrequencyModeOn: the errata's registers are those of the other band")
        high_bw_2 = (0x7F if low_band else 0x64) if wide else self.registers[HIGH_BW_2]
        if (self.registers[HIGH_BW_1], self.registers[HIGH_BW_2]) != (0x02 if wide else 0x03, high_bw_2):
            self.flaw("errata 2.1: sensitivity at 500 kHz")
        if bool(self.registers[DETECT] & 0x80) != wide or (
            not wide and (self.registers[IF_1], self.registers[IF_2]) != (0x40, 0)
        ):
            self.flaw("errata 2.3: spurious reception")
        if abs(self._calibrated_hz - self.frequency_hz) > 20_000_000:
            self.flaw("images are calibrated for another band")

    def _time_out(self) -> None:
        self._stand_by()
        self._raise_irq(RX_TIMEOUT)

    def _on_preamble(self) -> None:
        self._cancel("timeout")

    def _on_header(self, reception: Reception) -> None:
        if not reception.broken_header:
            self.registers[HOP_CHANNEL] = 0x40 if reception.crc else 0
            self._raise_irq(VALID_HEADER)

    def _on_end(self, reception: Reception) -> None:
        payload = spoil(reception.payload) if reception.broken_payload else reception.payload
        self.heard.append(payload)
        base = self.registers[RX_BASE]
        for offset, value in enumerate(payload):
            self.fifo[(base + offset) & 0xFF] = value
        low_band = bool(self.registers[OP_MODE] & LOW_BAND)
        rssi = reception.rssi + RSSI_OFFSET[low_band] - round(min(0, reception.snr))
        self.registers[RX_START], self.registers[RX_BYTES] = base, len(payload)
        self.registers[PACKET_SNR] = round(4 * reception.snr) & 0xFF
        self.registers[PACKET_RSSI] = max(0, min(255, rssi))
        if self.mode == RX_SINGLE:
            self._stand_by()
        else:
            self._open_ears(self._listens_as, self.clock.now_us, spoiled_behind=self._spoiled_behind)
        self._raise_irq(RX_DONE | (CRC_ERROR if reception.crc and reception.broken_payload else 0))

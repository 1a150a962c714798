"""The SX1262 without its modes: power, BUSY, DIO1, the dispatch of opcodes, registers and settings.

After the data sheet DS_SX1261-2 rev. 2.1. What it does with the settings is in `sx1262`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from luftpegel_tools.air.shared_air import RadioAir
from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip

SLEEP, STDBY_RC, STDBY_XOSC, FS, RX, TX = 0, 2, 3, 4, 5, 6  # as GetStatus tells them (table 13-76)
STANDBY = (STDBY_RC, STDBY_XOSC)
AT_REST = (STDBY_RC, STDBY_XOSC, FS)
AWAKE = (STDBY_RC, STDBY_XOSC, FS, RX, TX)

XOSC_START_ERROR = 0x20  # table 13-85

RESET_VALUES = {  # table 12-1, and 9.6 for the gain
    0x0736: 0x0D, 0x0740: 0x14, 0x0741: 0x24, 0x0889: 0x01, 0x08AC: 0x94,
    0x08D8: 0xC8, 0x08E7: 0x18, 0x0902: 0x00, 0x0944: 0x00,
}  # fmt: skip
OCP, RTC_CONTROL = 0x08E7, 0x0902

COLD_START_US, WARM_START_US = 3500, 340  # table 8-2
COMMAND_US = 5
CALIBRATION_US, IMAGE_CALIBRATION_US = 3500, 1000
TCXO_START_US = 2000  # of the oscillator on the board; the chip is told how long to wait
TCXO_MV = (1600, 1700, 1800, 2200, 2400, 2700, 3000, 3300)  # table 13-35
BANDWIDTHS = {4: 125_000, 5: 250_000, 6: 500_000}
# Table 13-21: paDutyCycle, hpMax -> dBm at full TxParams power, mA at that.
AMPLIFIERS = {(4, 7): (22, 118), (3, 5): (20, 102), (2, 3): (17, 95), (2, 2): (14, 90)}
FULL_DBM, LEAST_DBM = 22, -9
RECEIVER_BLOCKS = 0x3C  # of Calibrate, table 13-18: PLL and ADC


@dataclass(frozen=True)
class Command:
    """An opcode: its name, how many bytes follow, in which modes it is allowed, what it does."""

    name: str
    least: int
    most: int
    modes: tuple[int, ...]
    run: Callable[[bytes], None]


class SX1262Settings(LoRaChip):
    """Everything of the chip but its modes."""

    busy_pin: int | None = None
    dio1_pin: int | None = None

    def __init__(self, air: RadioAir, *, tcxo_mv: int = 1800, dio2_switch: bool = True):
        super().__init__(air)
        self._needs_tcxo_mv = tcxo_mv
        self._needs_dio2 = dio2_switch
        self.mode = SLEEP
        self.busy = False
        self._deaf = False
        self._warm = False
        self._commands = self._command_table()

    def _start(self) -> None:
        """Power-up, reset or cold wake: everything as the data sheet's reset values."""
        self.registers = dict(RESET_VALUES)
        self.buffer = bytearray(256)
        self.mode = STDBY_RC
        self.irq = self._irq_mask = self._dio1_mask = 0
        self.errors = XOSC_START_ERROR if self._needs_tcxo_mv else 0
        self._calibrated = not self._needs_tcxo_mv
        self._image_hz = (902_000_000, 928_000_000)
        self._tcxo_mv = self._tcxo_us = 0
        self._lora = self._dio2 = self._stop_on_preamble = False
        self._frequency_hz = 0
        self._bases = (0, 0)
        self._fallback = STDBY_RC
        self._amplifier: tuple[int, int] | None = None
        self._tx_power: int | None = None
        self._modulation: tuple[int, int, int, bool] | None = None
        self._packet: tuple[int, bool, int, bool, bool] | None = None
        self._received = (0, 0)
        self._packet_status = (0, 0)
        self._command_status = 0
        self._update_dio1()
        self._occupy(COLD_START_US)

    def hold_reset(self) -> None:
        """Reset low; BUSY is high as long."""
        super().hold_reset()
        self._set_busy(True)

    def power(self, on: bool) -> None:
        """See Chip."""
        super().power(on)
        if not on:
            self.mode = SLEEP
            self._set_busy(False)

    # BUSY and DIO1

    def _occupy(self, us: int) -> None:
        self._set_busy(True)
        self._after("busy", us, self._set_busy, False)

    def _set_busy(self, level: bool) -> None:
        self.busy = level or "stuck" in self.faults
        self._drive(self.busy_pin, int(self.busy))

    def _raise_irq(self, bits: int) -> None:
        self.irq |= bits & self._irq_mask
        self._update_dio1()

    def _update_dio1(self) -> None:
        self._drive(self.dio1_pin, int(bool(self.irq & self._dio1_mask)))

    # The bus

    def select(self) -> None:
        """A falling edge wakes a sleeping chip; the transaction that did it is lost."""
        super().select()
        self._deaf = self.busy
        if self.mode == SLEEP:
            self._wake()
        elif self._deaf:
            self.refuse("command while BUSY")

    def _wake(self) -> None:
        if self._warm:
            self.mode = STDBY_RC
            self._occupy(WARM_START_US)
        else:
            self._start()

    def _carry_out(self, data: bytes) -> None:
        if self._deaf:
            return
        command = self._commands.get(data[0])
        if command is None:
            self._refuse_command(f"opcode {data[0]:02x} is not modelled")
        elif self.mode not in command.modes:
            self._refuse_command(f"{command.name} in mode {self.mode}")
        elif not command.least <= len(data) - 1 <= command.most:
            self._refuse_command(f"{command.name} with {len(data) - 1} bytes")
        else:
            self._command_status = 0
            self._occupy(COMMAND_US)
            command.run(data[1:])

    def _refuse_command(self, reason: str) -> None:
        self._command_status = 4
        self.refuse(reason)

    def _answer(self, position: int) -> int:
        status = self.mode << 4 | self._command_status << 1
        opcode = self._mosi[0]
        if self._deaf or position == 0:
            return status
        if opcode == 0x1D and position >= 4:
            return self.registers.get(int.from_bytes(self._mosi[1:3], "big") + position - 4, 0)
        if opcode == 0x1E and position >= 3:
            return self.buffer[(self._mosi[1] + position - 3) & 0xFF]
        answers = {
            0x11: bytes([self._lora]),
            0x12: self.irq.to_bytes(2, "big"),
            0x13: bytes(self._received),
            0x14: bytes([*self._packet_status, self._packet_status[0]]),
            0x17: self.errors.to_bytes(2, "big"),
        }
        answer = answers.get(opcode, b"")
        return answer[position - 2] if 0 <= position - 2 < len(answer) else status

    def _command_table(self) -> dict[int, Command]:
        """The commands of this part of the chip, by opcode."""
        nothing: Callable[[bytes], None] = lambda _: None  # noqa: E731 - reading is done in `_answer`
        return {
            0x02: Command("ClearIrqStatus", 2, 2, AWAKE, self._clear_irq),
            0x07: Command("ClearDeviceErrors", 2, 2, AWAKE, self._clear_errors),
            0x08: Command("SetDioIrqParams", 8, 8, AWAKE, self._set_dio_irq),
            0x0D: Command("WriteRegister", 3, 258, AWAKE, self._write_register),
            0x0E: Command("WriteBuffer", 2, 257, AWAKE, self._write_buffer),
            0x11: Command("GetPacketType", 2, 2, AWAKE, nothing),
            0x12: Command("GetIrqStatus", 3, 3, AWAKE, nothing),
            0x13: Command("GetRxBufferStatus", 3, 3, AWAKE, nothing),
            0x14: Command("GetPacketStatus", 4, 4, AWAKE, nothing),
            0x17: Command("GetDeviceErrors", 3, 3, AWAKE, nothing),
            0x1D: Command("ReadRegister", 4, 258, AWAKE, nothing),
            0x1E: Command("ReadBuffer", 3, 258, AWAKE, nothing),
            0x86: Command("SetRfFrequency", 4, 4, AT_REST, self._set_frequency),
            0x89: Command("Calibrate", 1, 1, (STDBY_RC,), self._calibrate),
            0x8A: Command("SetPacketType", 1, 1, (STDBY_RC,), self._set_packet_type),
            0x8B: Command("SetModulationParams", 4, 4, AT_REST, self._set_modulation),
            0x8C: Command("SetPacketParams", 6, 6, AT_REST, self._set_packet),
            0x8E: Command("SetTxParams", 2, 2, AT_REST, self._set_tx_params),
            0x8F: Command("SetBufferBaseAddress", 2, 2, AT_REST, self._set_bases),
            0x93: Command("SetRxTxFallbackMode", 1, 1, AT_REST, self._set_fallback),
            0x95: Command("SetPaConfig", 4, 4, AT_REST, self._set_amplifier),
            0x96: Command("SetRegulatorMode", 1, 1, (STDBY_RC,), self._set_regulator),
            0x97: Command("SetDIO3AsTcxoCtrl", 4, 4, (STDBY_RC,), self._set_tcxo),
            0x98: Command("CalibrateImage", 2, 2, STANDBY, self._calibrate_image),
            0x9D: Command("SetDIO2AsRfSwitchCtrl", 1, 1, AT_REST, self._set_dio2),
            0x9F: Command("StopTimerOnPreamble", 1, 1, AT_REST, self._set_stop_on_preamble),
            0xC0: Command("GetStatus", 1, 1, AWAKE, nothing),
        }

    # Registers, buffer, interrupts

    def _write_register(self, data: bytes) -> None:
        address = int.from_bytes(data[:2], "big")
        for offset, value in enumerate(data[2:]):
            self.registers[address + offset] = value
        if address == RTC_CONTROL and data[2] == 0:
            self._cancel("timeout")  # the treatment of section 15.3

    def _write_buffer(self, data: bytes) -> None:
        for offset, value in enumerate(data[1:]):
            self.buffer[(data[0] + offset) & 0xFF] = value

    def _clear_irq(self, data: bytes) -> None:
        self.irq &= ~int.from_bytes(data, "big")
        self._update_dio1()

    def _clear_errors(self, _: bytes) -> None:
        self.errors = 0

    def _set_dio_irq(self, data: bytes) -> None:
        self._irq_mask = int.from_bytes(data[:2], "big")
        self._dio1_mask = int.from_bytes(data[2:4], "big")

    # Settings

    def _set_regulator(self, data: bytes) -> None:
        self.dc_dc = data == b"\x01"

    def _set_tcxo(self, data: bytes) -> None:
        if data[0] >= len(TCXO_MV):
            self._refuse_command(f"TCXO voltage {data[0]}")
            return
        self._tcxo_mv = TCXO_MV[data[0]]
        self._tcxo_us = int.from_bytes(data[1:], "big") * 125 // 8

    def _calibrate(self, data: bytes) -> None:
        self._calibrated = data[0] & RECEIVER_BLOCKS == RECEIVER_BLOCKS and self._oscillator_starts()
        self._occupy(CALIBRATION_US + self._tcxo_us)

    def _calibrate_image(self, data: bytes) -> None:
        self._image_hz = (data[0] * 4_000_000, data[1] * 4_000_000)
        if data[0] >= data[1]:
            self._refuse_command("CalibrateImage with no range")
        self._occupy(IMAGE_CALIBRATION_US + self._tcxo_us)

    def _oscillator_starts(self) -> bool:
        """Whether the 32 MHz clock comes up as it is configured; notes the error if not."""
        fits = self._tcxo_mv == self._needs_tcxo_mv
        if self._needs_tcxo_mv and not (fits and self._tcxo_us >= TCXO_START_US):
            self.errors |= XOSC_START_ERROR
            return False
        return True

    def _set_dio2(self, data: bytes) -> None:
        self._dio2 = data == b"\x01"

    def _set_stop_on_preamble(self, data: bytes) -> None:
        self._stop_on_preamble = data == b"\x01"

    def _set_fallback(self, data: bytes) -> None:
        modes = {0x20: STDBY_RC, 0x30: STDBY_XOSC, 0x40: FS}
        if data[0] not in modes:
            self._refuse_command(f"fallback mode {data[0]:02x}")
        else:
            self._fallback = modes[data[0]]

    def _set_packet_type(self, data: bytes) -> None:
        if data != b"\x01":
            self._refuse_command("packet types other than LoRa are not modelled")
        else:
            self._lora = True

    def _set_bases(self, data: bytes) -> None:
        self._bases = (data[0], data[1])

    def _set_frequency(self, data: bytes) -> None:
        hertz = round(int.from_bytes(data, "big") * 32_000_000 / (1 << 25))
        if not 150_000_000 <= hertz <= 960_000_000:
            self._refuse_command(f"frequency {hertz} Hz")
        else:
            self._frequency_hz = hertz

    def _set_amplifier(self, data: bytes) -> None:
        amplifier = (data[0], data[1])
        if data[2:] != b"\x00\x01" or amplifier not in AMPLIFIERS:
            self._refuse_command(f"PaConfig {data.hex()} is not one of table 13-21")
            return
        self._amplifier = amplifier
        self.registers[OCP] = 0x38  # section 13.1.14: set anew by each SetPaConfig

    def _set_tx_params(self, data: bytes) -> None:
        power = data[0] - 256 * (data[0] > 127)
        if not LEAST_DBM <= power <= FULL_DBM or data[1] > 7:
            self._refuse_command(f"TxParams {data.hex()}")
        else:
            self._tx_power = power

    def _set_modulation(self, data: bytes) -> None:
        sf, bandwidth, coding_rate, low_rate = data
        if not self._lora:
            self._refuse_command("modulation before SetPacketType")
        elif not 5 <= sf <= 12 or bandwidth not in BANDWIDTHS or not 1 <= coding_rate <= 4 or low_rate > 1:
            self._refuse_command(f"ModulationParams {data.hex()}")
        else:
            self._modulation = (sf, BANDWIDTHS[bandwidth], coding_rate, bool(low_rate))

    def _set_packet(self, data: bytes) -> None:
        preamble = int.from_bytes(data[:2], "big")
        if not self._lora:
            self._refuse_command("packet before SetPacketType")
        elif preamble == 0 or max(data[2], data[4], data[5]) > 1:
            self._refuse_command(f"PacketParams {data.hex()}")
        else:
            self._packet = (preamble, data[2] == 0, data[3], bool(data[4]), bool(data[5]))

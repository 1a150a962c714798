# SX1262 and SX1268 (Semtech DS_SX1261-2 rev. 2.1; the SX1268 differs in its frequencies only).
#
# Between frames the chip stands in STDBY_RC: its TCXO is started anew by each SetTx and SetRx, which is slow
# (`tcxo_us`) but the same each time. Sleep is the cold one: wake() sets up everything again.

import time

from lora_radio import PROTOCOL, SILENT, RadioError
from lora_radio.phy import (
    CRC_ERROR,
    HEADER,
    HEADER_ERROR,
    LONG_SYMBOL_US,
    RX_DONE,
    TX_DONE,
    Packet,
    Phy,
    symbol_us,
)

TCXO_MV = (1600, 1700, 1800, 2200, 2400, 2700, 3000, 3300)  # table 13-35
BANDWIDTHS = {125000: 4, 250000: 5, 500000: 6}  # table 13-48
# Table 13-21, for the SX1262: output in dBm -> paDutyCycle, hpMax. These save current at full TxParams power;
# any other output is told to the largest amplifier.
AMPLIFIERS = {14: (2, 2), 17: (2, 3), 20: (3, 5)}
LARGEST_AMPLIFIER = (4, 7)
FULL_DBM, LEAST_DBM = 22, -9
RAMP_200_US = 4
OCP_140_MA = 0x38

REG_SYNC_WORD = 0x0740
REG_IQ_POLARITY = 0x0736
REG_HEADER_CRC = 0x076B  # not in the data sheet, but in Semtech's driver (sx126x_regs.h)
REG_TX_MODULATION = 0x0889
REG_RX_GAIN = 0x08AC
REG_TX_CLAMP = 0x08D8
REG_OCP = 0x08E7

# SetDioIrqParams: the interrupts of FLAGS, and the time-out; at DIO1 those that end a frame or the waiting.
SET_INTERRUPTS = b"\x08\x02\x73\x02\x23\0\0\0\0"

BUSY_LIMIT_US = 100000
LONG_BUSY_US = 300  # a reset, a calibration, the TCXO: nothing that is in a hurry
SWITCH_US = 130  # STDBY_RC to TX, oscillator apart: table 8-2
TX_SLACK_US = 100000


class SX1262(Phy):
    FLAGS = (  # table 13-29
        (0x001, TX_DONE),
        (0x002, RX_DONE),
        (0x010, HEADER),
        (0x020, HEADER_ERROR),
        (0x040, CRC_ERROR),
    )

    # busy, dio1: Pins to read; cs, reset: Pins to write, high at rest. tcxo_mv: supply of the TCXO at DIO3,
    # 0 for a crystal. dio2_switch: DIO2 drives the antenna switch. rx_enable: Pin that must be high to
    # receive, or None.
    def __init__(  # noqa: PLR0917 - the wires
        self,
        spi,
        cs,
        busy,
        dio1,
        reset,
        tcxo_mv=1800,
        dio2_switch=True,
        rx_enable=None,
        tcxo_us=5000,
        max_power_dbm=14,
        band_hz=(863000000, 870000000),
        sync_word=0x34,
        clock=time,
    ):
        super().__init__(max_power_dbm, band_hz, clock)
        self._spi = spi
        self._cs = cs
        self._busy = busy
        self._dio1 = dio1
        self._reset = reset
        self._tcxo_mv = tcxo_mv
        self._tcxo_us = tcxo_us
        self._dio2_switch = dio2_switch
        self._rx_enable = rx_enable
        self._sync_word = sync_word
        self.tx_delay_us = self.rx_delay_us = SWITCH_US + (tcxo_us if tcxo_mv else 0)

    # --- the PHY interface, as far as the chip makes it its own ---

    def begin(self):
        self._until = None
        self._start_up()
        self._calibrate()
        self._set_up()

    def standby(self):
        self._until = None
        self._command(0x80, 0)
        self._receiver(0)
        self.clear_flags()

    def sleep(self):
        self.standby()
        self._command(0x84, 0)  # SetSleep: cold start

    def clear_flags(self):
        self._command(0x02, 0xFF, 0xFF)

    # --- begin ---

    def _start_up(self):
        self._reset.value(0)
        self._clock.sleep_ms(1)
        self._reset.value(1)
        self._clock.sleep_ms(1)
        if self._read_register(REG_SYNC_WORD, 2) != b"\x14\x24":
            raise RadioError(SILENT, "no SX126x answers: check its supply, its SPI pins and CS")
        self._command(0x80, 0)  # SetStandby: RC
        self._command(0x96, 1)  # SetRegulatorMode: DC-DC

    def _calibrate(self):
        if self._tcxo_mv:
            self._command(0x97, TCXO_MV.index(self._tcxo_mv), *_steps(self._tcxo_us))
        self._command(0x07, 0, 0)  # ClearDeviceErrors: it missed its TCXO at power-up
        self._command(0x89, 0x7F)  # Calibrate: all
        low, high = self._band_hz
        # CalibrateImage in steps of 4 MHz, rounded outwards as table 9-2 does.
        self._command(0x98, low // 4000000, (high + 3999999) // 4000000 + 1)
        errors = self._transfer(b"\x17\0", 2)  # GetDeviceErrors: calibrations, oscillator, PLL
        if errors != b"\0\0":
            faults = errors[0] << 8 | errors[1]
            raise RadioError(PROTOCOL, "SX126x has faults 0x%03x: check tcxo_mv of the board" % faults)

    def _set_up(self):
        self._command(0x9D, 1 if self._dio2_switch else 0)  # SetDio2AsRfSwitchCtrl
        self._command(0x8A, 1)  # SetPacketType: LoRa
        self._command(0x8F, 0, 0)  # SetBufferBaseAddress
        # StopTimerOnPreamble, so that an empty window is short; received() guards against false preambles.
        self._command(0x9F, 1)
        self._transfer(SET_INTERRUPTS)
        high, low = self._sync_word >> 4, self._sync_word & 15
        self._write_register(REG_SYNC_WORD, high << 4 | 4, low << 4 | 4)
        self._write_register(REG_RX_GAIN, 0x96)  # boosted
        # Section 15.2: the clamp of the amplifier must be eased, or it cuts power at a mismatched antenna.
        self._change_register(REG_TX_CLAMP, 0x1E, 0x1E)

    # --- hooks of Phy ---

    def _interrupts(self):
        high, low = self._transfer(b"\x12\0", 2)  # GetIrqStatus
        return high << 8 | low

    def _event(self):
        return self._dio1.value()

    def _load_transmit(  # noqa: PLR0917
        self, frequency_hz, sf, bandwidth_hz, power_dbm, payload, preamble, inverted, crc
    ):
        self._tune(frequency_hz, sf, bandwidth_hz)
        # Section 15.1: quality of the modulation at 500 kHz.
        self._change_register(REG_TX_MODULATION, 4, 0 if bandwidth_hz == 500000 else 4)
        self._set_power(power_dbm)
        self._set_packet(preamble, len(payload), crc, inverted)
        self._transfer(b"\x0e\0" + payload)  # WriteBuffer

    def _start_transmit(self, airtime):
        # The chip's own limit guards against sending for ever.
        self._command(0x83, *_steps(airtime + TX_SLACK_US))  # SetTx

    def _load_receive(self, frequency_hz, sf, bandwidth_hz, timeout_us, inverted, crc):
        self._tune(frequency_hz, sf, bandwidth_hz)
        self._set_packet(8, 255, crc, inverted)
        self._receiver(1)
        self._set_rx = bytes((0x82,) + _steps(timeout_us))

    def _start_receive(self):
        self._transfer(self._set_rx)

    def _read_packet(self, wants_crc, now):
        # -> Packet, or None when it has no CRC but should.
        self._receiver(0)
        if wants_crc and not self._read_register(REG_HEADER_CRC, 1)[0] & 0x10:
            return None
        length, start = self._transfer(b"\x13\0", 2)  # GetRxBufferStatus
        rssi, snr, _ = self._transfer(b"\x14\0", 3)  # GetPacketStatus: -dBm times 2, dB times 4
        payload = self._transfer(bytes((0x1E, start, 0)), length)
        return Packet(payload, -(rssi >> 1), (snr - (snr & 128) * 2) * 5 // 2, now)

    # --- settings ---

    def _tune(self, frequency_hz, sf, bandwidth_hz):
        if bandwidth_hz not in BANDWIDTHS:
            raise RadioError(PROTOCOL, "bandwidth %d Hz is not known" % bandwidth_hz)
        steps = ((frequency_hz << 14) + 7812) // 15625  # of 32 MHz / 2**25
        self._command(0x86, steps >> 24, steps >> 16 & 255, steps >> 8 & 255, steps & 255)  # SetRfFrequency
        slow = 1 if symbol_us(sf, bandwidth_hz) > LONG_SYMBOL_US else 0
        self._command(0x8B, sf, BANDWIDTHS[bandwidth_hz], 1, slow)  # SetModulationParams: coding rate 4/5

    def _set_power(self, power_dbm):
        amplifier = AMPLIFIERS.get(power_dbm)
        if amplifier:
            power_dbm = FULL_DBM
        power_dbm = max(LEAST_DBM, min(power_dbm, FULL_DBM))
        self._command(0x95, *(amplifier or LARGEST_AMPLIFIER), 0, 1)  # SetPaConfig: SX1262, always 1
        self._write_register(REG_OCP, OCP_140_MA)
        self._command(0x8E, power_dbm & 0xFF, RAMP_200_US)  # SetTxParams

    def _set_packet(self, preamble, length, crc, inverted):
        flags = (1 if crc else 0, 1 if inverted else 0)
        self._command(0x8C, preamble >> 8, preamble & 255, 0, length, *flags)  # explicit header
        # Section 15.4: the bit is cleared, not set, for inverted IQ.
        self._change_register(REG_IQ_POLARITY, 4, 0 if inverted else 4)

    def _receiver(self, on):
        if self._rx_enable is not None:
            self._rx_enable.value(on)

    # --- SPI ---

    def _ready(self):
        started = self._clock.ticks_us()
        while self._busy.value():
            waited = self._clock.ticks_diff(self._clock.ticks_us(), started)
            if waited > BUSY_LIMIT_US:
                raise RadioError(SILENT, "SX126x stays busy: check its supply and the pins BUSY and RESET")
            if waited > LONG_BUSY_US:
                self._clock.sleep_ms(1)

    def _transfer(self, data, answer=0):
        self._ready()
        self._cs.value(0)
        self._spi.write(data)
        got = self._spi.read(answer) if answer else None
        self._cs.value(1)
        return got

    def _command(self, *data):
        self._transfer(bytes(data))

    def _read_register(self, address, length):
        return self._transfer(bytes((0x1D, address >> 8, address & 255, 0)), length)

    def _write_register(self, address, *data):
        self._command(0x0D, address >> 8, address & 255, *data)

    def _change_register(self, address, mask, value):
        old = self._read_register(address, 1)[0]
        self._write_register(address, old & ~mask & 255 | value)


SX1268 = SX1262


def _steps(us):
    # Time in the chip's steps of 15.625 us, three bytes; at least 1, because 0 means no limit.
    steps = max(1, min(us * 8 // 125, 0xFFFFFE))
    return steps >> 16, steps >> 8 & 255, steps & 255

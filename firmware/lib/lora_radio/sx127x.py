# SX1276 and its kin SX1277, SX1278, RFM95, RFM96, RFM98 (Semtech DS_SX1276-7-8-9 rev. 7 and its errata note).
#
# It has no header error: a frame with a broken header ends as a time-out.

import time

from lora_radio import PROTOCOL, SILENT, RadioError
from lora_radio.phy import (
    CRC_ERROR,
    HEADER,
    LONG_SYMBOL_US,
    RX_DONE,
    TX_DONE,
    Packet,
    Phy,
    symbol_us,
)

VERSION = 0x12
FIFO, OP_MODE, FREQUENCY, PA_CONFIG, OCP, LNA, FIFO_POINTER = 0x00, 0x01, 0x06, 0x09, 0x0B, 0x0C, 0x0D
RX_START, IRQ_FLAGS, SIGNAL, HOP_CHANNEL = 0x10, 0x12, 0x19, 0x1C
MODEM_CONFIG_1, MODEM_CONFIG_3, IMAGE_CALIBRATION, INVERT_IQ, SYNC_WORD = 0x1D, 0x26, 0x3B, 0x33, 0x39
INTERMEDIATE, DETECT_OPTIMIZE, HIGH_BANDWIDTH_1, HIGH_BANDWIDTH_2 = 0x2F, 0x31, 0x36, 0x3A
INVERT_IQ_2, DIO_MAPPING, REG_VERSION, TCXO, PA_DAC = 0x3B, 0x40, 0x42, 0x4B, 0x4D

LORA, LOW_BAND = 0x80, 0x08
SLEEP, STANDBY, TX, RX_SINGLE = 0, 1, 3, 6
LOW_BAND_BELOW_HZ = 525000000
BANDWIDTHS = {125000: 7, 250000: 8, 500000: 9}
MOST_SYMBOLS = 1023  # RegSymbTimeout
LEAST_SYMBOLS = 8
CALIBRATION_MS = 20
OCP_100_MA, OCP_140_MA = 0x2B, 0x31


class SX1276(Phy):
    FLAGS = ((0x08, TX_DONE), (0x40, RX_DONE), (0x10, HEADER), (0x20, CRC_ERROR))
    tx_delay_us = rx_delay_us = 250  # standby to TX or RX: PLL and ramp, section 2.5.6

    # dio0, dio1: Pins to read (dio1 may be None: then a time-out is noticed later); cs, reset: Pins to write.
    # tcxo: a clock comes in at XTA. pa_boost: the antenna hangs at PA_BOOST, as on all modules, not at RFO.
    def __init__(  # noqa: PLR0917 - the wires
        self,
        spi,
        cs,
        dio0,
        reset,
        dio1=None,
        tcxo=False,
        pa_boost=True,
        max_power_dbm=14,
        band_hz=(863000000, 870000000),
        sync_word=0x34,
        clock=time,
    ):
        super().__init__(max_power_dbm, band_hz, clock)
        self._spi = spi
        self._cs = cs
        self._dio0 = dio0
        self._dio1 = dio1
        self._reset = reset
        self._tcxo = tcxo
        self._pa_boost = pa_boost
        self._sync_word = sync_word
        self._low_band = LOW_BAND if band_hz[1] < LOW_BAND_BELOW_HZ else 0

    # --- the PHY interface, as far as the chip makes it its own ---

    def begin(self):
        self._until = None
        self._reset.value(0)
        self._clock.sleep_ms(1)
        self._reset.value(1)
        self._clock.sleep_ms(10)
        if self._read(REG_VERSION, 1)[0] != VERSION:
            raise RadioError(SILENT, "no SX127x answers: check its supply, its SPI pins and CS")
        self._calibrate()
        self._write(OP_MODE, self._low_band | SLEEP)
        self._write(OP_MODE, LORA | self._low_band | SLEEP)  # changes only while it sleeps
        self._write(TCXO, 0x19 if self._tcxo else 0x09)
        self._write(SYNC_WORD, self._sync_word)
        self._write(LNA, 0x23)  # highest gain, boosted
        self._mode(STANDBY)

    def standby(self):
        self._until = None
        self._mode(STANDBY)
        self.clear_flags()

    def sleep(self):
        self.standby()
        self._mode(SLEEP)

    def wake(self):
        self.standby()  # its registers live on in sleep

    def clear_flags(self):
        self._write(IRQ_FLAGS, 0xFF)

    # --- hooks of Phy ---

    def _event(self):
        return self._dio0.value() or (self._dio1 is not None and self._dio1.value())

    def _interrupts(self):
        return self._read(IRQ_FLAGS, 1)[0]

    def _load_transmit(  # noqa: PLR0917
        self, frequency_hz, sf, bandwidth_hz, power_dbm, payload, preamble, inverted, crc
    ):
        self._tune(frequency_hz, sf, bandwidth_hz, crc, 0, preamble, len(payload))
        self._set_power(power_dbm)
        # Bit 0 of the transmitter is 0 for inverted.
        self._write(INVERT_IQ, 0x26 if inverted else 0x27)
        self._write(INVERT_IQ_2, 0x19 if inverted else 0x1D)
        self._write(DIO_MAPPING, 0x40)  # DIO0: TxDone
        self._write(FIFO_POINTER, 0, 0, 0)  # and both base addresses
        self._transfer(bytes((FIFO | 0x80,)) + payload)

    def _start_transmit(self, _):
        self._mode(TX)

    def _load_receive(self, frequency_hz, sf, bandwidth_hz, timeout_us, inverted, crc):
        symbols = max(LEAST_SYMBOLS, timeout_us // symbol_us(sf, bandwidth_hz) + 1)
        if symbols > MOST_SYMBOLS:
            raise RadioError(PROTOCOL, "SX127x listens for %d symbols at most" % MOST_SYMBOLS)
        self._tune(frequency_hz, sf, bandwidth_hz, crc, symbols, 8, 1)
        self._write(INVERT_IQ, 0x67 if inverted else 0x27)
        self._write(INVERT_IQ_2, 0x19 if inverted else 0x1D)
        self._avoid_spurious(bandwidth_hz)
        self._write(DIO_MAPPING, 0)  # DIO0: RxDone, DIO1: RxTimeout
        self._write(FIFO_POINTER, 0, 0, 0)

    def _start_receive(self):
        self._mode(RX_SINGLE)

    def _read_packet(self, wants_crc, now):
        # -> Packet, or None when it has no CRC but should.
        if wants_crc and not self._read(HOP_CHANNEL, 1)[0] & 0x40:
            return None
        start, _, _, length = self._read(RX_START, 4)
        snr, rssi = self._read(SIGNAL, 2)
        snr -= (snr & 128) * 2
        self._write(FIFO_POINTER, start)
        payload = self._read(FIFO, length)
        rssi -= 164 if self._low_band else 157
        return Packet(payload, rssi + min(0, snr) // 4, snr * 5 // 2, now)  # section 5.5.5

    # --- settings ---

    def _tune(  # noqa: PLR0917
        self, frequency_hz, sf, bandwidth_hz, crc, symbols, preamble, length
    ):
        if bandwidth_hz not in BANDWIDTHS:
            raise RadioError(PROTOCOL, "bandwidth %d Hz is not known" % bandwidth_hz)
        self._set_frequency(frequency_hz)
        slow = 8 if symbol_us(sf, bandwidth_hz) > LONG_SYMBOL_US else 0
        self._write(
            MODEM_CONFIG_1,
            BANDWIDTHS[bandwidth_hz] << 4 | 2,  # coding rate 4/5, explicit header
            sf << 4 | (4 if crc else 0) | symbols >> 8,
            symbols & 255,
            preamble >> 8,
            preamble & 255,
            length,
        )
        self._write(MODEM_CONFIG_3, slow | 4)  # automatic gain
        # Errata note 2.1: sensitivity at 500 kHz.
        if bandwidth_hz == 500000:
            self._write(HIGH_BANDWIDTH_1, 0x02)
            self._write(HIGH_BANDWIDTH_2, 0x7F if self._low_band else 0x64)
        else:
            self._write(HIGH_BANDWIDTH_1, 0x03)

    def _avoid_spurious(self, bandwidth_hz):
        # Errata note 2.3: reception of signals beside the channel.
        detect = self._read(DETECT_OPTIMIZE, 1)[0]
        if bandwidth_hz == 500000:
            self._write(DETECT_OPTIMIZE, detect | 0x80)
        else:
            self._write(DETECT_OPTIMIZE, detect & 0x7F)
            self._write(INTERMEDIATE, 0x40, 0x00)

    def _set_frequency(self, frequency_hz):
        steps = ((frequency_hz << 11) + 62500) // 125000  # of 32 MHz / 2**19
        self._write(FREQUENCY, steps >> 16, steps >> 8 & 255, steps & 255)

    def _set_power(self, power_dbm):
        # Sections 3.4.2 and 3.4.3: PA_BOOST gives 2..17 dBm, with the stronger DAC 5..20; RFO 0..14 here.
        strong = self._pa_boost and power_dbm > 17
        if self._pa_boost:
            config = 0x80 | (min(power_dbm, 20) - 5 if strong else max(power_dbm, 2) - 2)
        else:
            config = 0x70 | max(0, min(power_dbm, 14))
        self._write(PA_CONFIG, config)
        self._write(PA_DAC, 0x87 if strong else 0x84)
        self._write(OCP, OCP_140_MA if strong else OCP_100_MA)

    def _calibrate(self):
        # Section 4.2.3.8: images are calibrated in FSK mode, at the frequency that is set; at power-up it was
        # another one.
        low, high = self._band_hz
        self._set_frequency((low + high) // 2)
        self._write(OP_MODE, self._low_band | STANDBY)
        self._write(IMAGE_CALIBRATION, 0x42)
        self._clock.sleep_ms(CALIBRATION_MS)
        if self._read(IMAGE_CALIBRATION, 1)[0] & 0x20:
            raise RadioError(PROTOCOL, "SX127x does not end its calibration: check its crystal and tcxo")

    def _mode(self, mode):
        self._write(OP_MODE, LORA | self._low_band | mode)

    # --- SPI ---

    def _transfer(self, data, answer=0):
        self._cs.value(0)
        self._spi.write(data)
        got = self._spi.read(answer) if answer else None
        self._cs.value(1)
        return got

    def _read(self, register, length):
        return self._transfer(bytes((register,)), length)

    def _write(self, register, *values):
        self._transfer(bytes((register | 0x80,) + values))

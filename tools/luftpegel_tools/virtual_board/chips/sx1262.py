"""Semtech SX1262 at opcode level, after the data sheet DS_SX1261-2 rev. 2.1: LoRa with BUSY, DIO1 and errata.

Not modelled: GFSK, CAD, receive duty cycle, test signals, LoRa symbol time-out (refused, if the board asks).
The SX1268 is the same but for its frequencies. Faults: stuck (BUSY stays high), and those of LoRaChip.
"""

from luftpegel_tools.virtual_board.chips.lora_chip import LONG_FRAME, Modulation, Reception, spoil
from luftpegel_tools.virtual_board.chips.sx1262_settings import (
    AMPLIFIERS,
    AT_REST,
    AWAKE,
    FS,
    FULL_DBM,
    OCP,
    RX,
    SLEEP,
    STANDBY,
    STDBY_RC,
    STDBY_XOSC,
    TX,
    Command,
    SX1262Settings,
)

TX_DONE, RX_DONE, PREAMBLE, HEADER_VALID = 0x001, 0x002, 0x004, 0x010  # table 13-29
HEADER_ERROR, CRC_ERROR, TIMEOUT = 0x020, 0x040, 0x200
IQ_POLARITY, SYNC_WORD, HEADER_CRC = 0x0736, 0x0740, 0x076B
TX_MODULATION, TX_CLAMP = 0x0889, 0x08D8
TO_TX_US = {STDBY_RC: 126, STDBY_XOSC: 105, FS: 76, RX: 105}  # table 8-2
TO_RX_US = {STDBY_RC: 83, STDBY_XOSC: 62, FS: 41, RX: 41}
SINGLE, CONTINUOUS = 0, 0xFFFFFF


class SX1262(SX1262Settings):
    """`tcxo_mv`: what the TCXO needs at DIO3, 0: a crystal. `dio2_switch`: DIO2 switches the antenna."""

    def _command_table(self) -> dict[int, Command]:
        return super()._command_table() | {
            0x80: Command("SetStandby", 1, 1, AWAKE, self._set_standby),
            0x82: Command("SetRx", 3, 3, (*AT_REST, RX), self._set_rx),
            0x83: Command("SetTx", 3, 3, (*AT_REST, RX), self._set_tx),
            0x84: Command("SetSleep", 1, 1, STANDBY, self._set_sleep),
        }

    def _leave(self, mode: int) -> None:
        """End what is going on, and stand in `mode`."""
        self._close_ears()
        self._cancel("tx", "listen")
        self.mode = mode

    def _set_standby(self, data: bytes) -> None:
        if data[0] > 1:
            self._refuse_command(f"standby {data[0]}")
            return
        was = self.mode
        self._leave(STDBY_XOSC if data[0] else STDBY_RC)
        self._cancel("timeout")
        if self.mode == STDBY_XOSC and was == STDBY_RC and self._oscillator_starts():
            self._occupy(self._tcxo_us + 31)

    def _set_sleep(self, data: bytes) -> None:
        self._leave(SLEEP)
        self._warm = bool(data[0] & 4)
        self._cancel("busy", "timeout")
        self._set_busy(True)

    def _ready(self, command: str) -> Modulation | None:
        """How it would send or listen; None, and refused, when something is missing."""
        low, high = self._image_hz
        missing = (
            (self._modulation is None, "modulation"),
            (self._packet is None, "packet"),
            (not self._calibrated, "calibration"),
            (not low <= self._frequency_hz <= high, "image calibration for its frequency"),
            (not self._oscillator_starts(), "oscillator"),
        )
        for is_missing, what in missing:
            if is_missing:
                self._refuse_command(f"{command} without {what}")
                return None
        assert self._modulation is not None
        assert self._packet is not None
        sf, bandwidth_hz, coding_rate, low_rate = self._modulation
        preamble, explicit, _, crc, inverted = self._packet
        word = self.registers[SYNC_WORD] << 8 | self.registers[SYNC_WORD + 1]
        public = (word >> 8 & 0xF0) | (word >> 4 & 0x0F) if word & 0x0F0F == 0x0404 else -1
        return Modulation(
            self._frequency_hz,
            sf,
            bandwidth_hz,
            coding_rate,
            low_rate,
            inverted,
            preamble,
            explicit,
            crc,
            public,
        )

    def _iq_is_wrong(self, inverted: bool) -> bool:
        """Section 15.4: bit 2 is 0 for inverted IQ, 1 for normal."""
        wrong = bool(self.registers[IQ_POLARITY] & 4) == inverted
        if wrong:
            self.flaw("section 15.4: IQ polarity")
        return wrong

    def _set_tx(self, data: bytes) -> None:
        modulation = self._ready("SetTx")
        if modulation is None:
            return
        if self._amplifier is None or self._tx_power is None:
            self._refuse_command("SetTx without power")
            return
        assert self._packet is not None
        delay_us = TO_TX_US[self.mode] + (self._tcxo_us if self.mode == STDBY_RC else 0)
        self._leave(TX)
        self._occupy(delay_us)
        length, base = self._packet[2], self._bases[0]
        payload = bytes(self.buffer[(base + at) & 0xFF] for at in range(length))
        spoiled = self._transmitter_is_wrong(modulation, length)
        end_us = self._radiate(
            modulation, self.power_dbm, payload, self.clock.now_us + delay_us, spoiled=spoiled
        )
        self._after("tx", end_us - self.clock.now_us, self._end_transmit)
        timeout = int.from_bytes(data, "big")
        self._cancel("timeout")
        if timeout:
            self._after("timeout", delay_us + timeout * 125 // 8, self._time_out)

    @property
    def power_dbm(self) -> int:
        """What the amplifier puts out."""
        assert self._amplifier is not None
        assert self._tx_power is not None
        return AMPLIFIERS[self._amplifier][0] - FULL_DBM + self._tx_power

    def _transmitter_is_wrong(self, modulation: Modulation, length: int) -> bool:
        """Notes neglected errata -> whether they spoil the frame."""
        assert self._amplifier is not None
        if bool(self.registers[TX_MODULATION] & 4) == (modulation.bandwidth_hz == 500_000):
            self.flaw("section 15.1: modulation quality at 500 kHz")
        if self.registers[TX_CLAMP] & 0x1E != 0x1E:
            self.flaw("section 15.2: resistance to antenna mismatch")
        if self.registers[OCP] * 5 // 2 < AMPLIFIERS[self._amplifier][1]:
            self.flaw("over-current protection cuts the power")
        if self._needs_dio2 and not self._dio2:
            self.flaw("the antenna is not switched to the transmitter")
        return self._iq_is_wrong(modulation.inverted) and length > LONG_FRAME

    def _end_transmit(self) -> None:
        self._cancel("timeout")
        self.mode = self._fallback
        self._raise_irq(TX_DONE)

    def _set_rx(self, data: bytes) -> None:
        modulation = self._ready("SetRx")
        if modulation is None:
            return
        delay_us = TO_RX_US[self.mode] + (self._tcxo_us if self.mode == STDBY_RC else 0)
        self._leave(RX)
        self._occupy(delay_us)
        self._single = data != b"\xff\xff\xff"
        timeout = int.from_bytes(data, "big")
        behind = LONG_FRAME if self._iq_is_wrong(modulation.inverted) else None
        self._open_ears(modulation, self.clock.now_us + delay_us, spoiled_behind=behind)
        self._cancel("timeout")
        if timeout not in {SINGLE, CONTINUOUS}:
            self._after("timeout", delay_us + timeout * 125 // 8, self._time_out)

    def _time_out(self) -> None:
        if self.mode in {RX, TX}:
            self._leave(self._fallback)
        self._raise_irq(TIMEOUT)

    # Reception

    def _on_preamble(self) -> None:
        self._raise_irq(PREAMBLE)
        if self._stop_on_preamble:
            self._cancel("timeout")

    def _on_header(self, reception: Reception) -> None:
        if not self._listens_as.explicit_header:
            return  # section 15.3: then nothing stops the timer
        if not reception.broken_header:
            self._cancel("timeout")
        self._raise_irq(HEADER_ERROR if reception.broken_header else HEADER_VALID)

    def _on_end(self, reception: Reception) -> None:
        payload = spoil(reception.payload) if reception.broken_payload else reception.payload
        self.heard.append(payload)
        start = self._bases[1]
        for offset, value in enumerate(payload):
            self.buffer[(start + offset) & 0xFF] = value
        self._received = (len(payload), start)
        self._packet_status = (min(255, -2 * reception.rssi), round(4 * reception.snr) & 0xFF)
        self.registers[HEADER_CRC] = 0x10 if reception.crc else 0
        crc_fails = reception.crc and reception.broken_payload
        if self._single:
            self._leave(self._fallback)
        else:
            self._open_ears(self._listens_as, self.clock.now_us, spoiled_behind=self._spoiled_behind)
        self._raise_irq(RX_DONE | (CRC_ERROR if crc_fails else 0))

# Adapter: a modem of micropython-lib's package `lora` (SX1262, SX1276, ..., the synchronous kind) as a Phy.
#
# For boards whose firmware has that package frozen. What it cannot do as our own drivers can: settings for a
# reception are made by its start (rx_delay_us is longer and varies), a broken frame counts as a time-out, and
# a CRC that was wanted but is absent is not noticed. Up to lora-sx126x 0.1.6 it treats inverted IQ the wrong
# way round, which spoils longer downlinks; up to lora-sx127x 0.1.2 it sends 20 dBm with 7.

import time

from lora_radio import PROTOCOL, RadioError
from lora_radio.phy import HEADER, HEADER_SYMBOLS, RX_DONE, TX_DONE, Packet, Phy, symbol_us

KHZ = 1000


class MicropythonLib(Phy):
    tx_delay_us = 1000
    rx_delay_us = 6000

    # modem: the object, its pins and TCXO set up.
    def __init__(self, modem, max_power_dbm=14, band_hz=(863000000, 870000000), sync_word=0x34, clock=time):
        super().__init__(max_power_dbm, band_hz, clock)
        self._modem = modem
        self._sync_word = sync_word
        self._sending = False
        self._outcome = False
        self._timeout_ms = 0

    def begin(self):
        low, high = self._band_hz
        self.standby()
        self._configure((low + high) // 2 // KHZ * KHZ, 7, 125000, True, {})
        self._call(self._modem.calibrate_image)

    def standby(self):
        self._until = None
        self._call(self._modem.standby)

    def sleep(self):
        self.standby()
        self._call(self._modem.sleep)

    def wake(self):
        self.standby()

    def flags(self):
        outcome = self._outcome
        if self._sending:
            return 0 if outcome is False else TX_DONE
        if outcome is True:
            return HEADER  # only that stops the chip's timer, which would have ended the reception
        return RX_DONE if outcome else 0

    def clear_flags(self):
        pass  # the modem has done so

    # --- hooks of Phy ---

    def _event(self):
        self._outcome = self._call(self._modem.poll_send if self._sending else self._modem.poll_recv)
        return self._outcome is not True

    def _load_transmit(  # noqa: PLR0917
        self, frequency_hz, sf, bandwidth_hz, power_dbm, payload, preamble, inverted, crc
    ):
        more = {"output_power": power_dbm, "preamble_len": preamble, "invert_iq_tx": inverted}
        self._configure(frequency_hz, sf, bandwidth_hz, crc, more)
        self._call(self._modem.prepare_send, payload)

    def _start_transmit(self, _):
        self._sending = True
        self._call(self._modem.start_send)

    def _load_receive(self, frequency_hz, sf, bandwidth_hz, timeout_us, inverted, crc):
        more = {"preamble_len": 8, "invert_iq_rx": inverted}
        self._configure(frequency_hz, sf, bandwidth_hz, crc, more)
        # The modem's limit is for the header, ours for the preamble.
        self._timeout_ms = (timeout_us + HEADER_SYMBOLS * symbol_us(sf, bandwidth_hz)) // 1000 + 1

    def _start_receive(self):
        self._sending = False
        self._call(self._modem.start_recv, self._timeout_ms)

    def _read_packet(self, _, now):
        packet = self._outcome
        return Packet(bytes(packet), packet.rssi, packet.snr * 5 // 2, now)  # it counts quarters of a dB

    def _configure(self, frequency_hz, sf, bandwidth_hz, crc, more):
        if frequency_hz % KHZ:
            raise RadioError(PROTOCOL, "micropython-lib's modems know whole kHz only: %d Hz" % frequency_hz)
        settings = {
            "freq_khz": frequency_hz // KHZ,
            "sf": sf,
            "bw": str(bandwidth_hz // KHZ),
            "coding_rate": 5,
            "crc_en": crc,
            "syncword": self._sync_word,
        }
        settings.update(more)
        # The modem works its power out anew from the latest value, so it never goes without one.
        settings.setdefault("output_power", min(0, self._max_power_dbm))
        self._call(self._modem.configure, settings)

    def _call(self, action, *arguments):
        try:
            return action(*arguments)
        except (RuntimeError, ValueError, KeyError, OSError) as error:
            raise RadioError(PROTOCOL, "LoRa modem: %r" % error) from None

"""A model device with an ideal radio on the shared air: sends, opens its windows, reads what comes."""

from model_device import ModelDevice

from luftpegel_tools.air.airtime import lora_airtime_us, symbol_us

_RX_SYMBOLS = 8


class ModelStation:
    """Joins at start, then sends payloads; what it hears is in `read` (data) and `accepts` (joins)."""

    def __init__(self, clock, air, number=1, app_key=bytes(range(16))):
        self.dev_eui = bytes.fromhex("70b3d57ed005") + number.to_bytes(2, "big")
        self.app_key = app_key
        self.device = ModelDevice(self.dev_eui, bytes(8), app_key)
        self.clock, self.air = clock, air
        self.frequency_hz, self.spreading_factor = 868_100_000, 9
        self.rx2 = (869_525_000, 12)
        self.deaf_in_rx1 = False
        self.accepts, self.read = [], []
        self._joining = False

    def join(self):
        self._joining = True
        self._transmit(self.device.join_request(), 5_000_000)

    def send(self, payload, f_port=1, **fields):
        self._joining = False
        self._transmit(self.device.uplink(payload, f_port, **fields), 1_000_000)

    def hear(self, payload, rssi, snr, start_us, end_us, *, crc, preamble):
        self.heard_from_us = start_us
        self.clock.call_at(end_us, self._got, payload)

    def _transmit(self, frame, rx1_delay_us):
        start_us = self.clock.now_us
        end_us = start_us + lora_airtime_us(len(frame), self.spreading_factor)
        tuning = (self.frequency_hz, self.spreading_factor)
        self.air.transmit(self, *tuning, 125_000, 14, False, True, frame, start_us, end_us)
        self.sent_us = end_us
        if not self.deaf_in_rx1:
            self._window(end_us + rx1_delay_us, *tuning)
        self._window(end_us + rx1_delay_us + 1_000_000, *self.rx2)

    def _window(self, open_us, frequency_hz, spreading_factor):
        until_us = open_us + _RX_SYMBOLS * symbol_us(spreading_factor)
        listen = (self, frequency_hz, spreading_factor, 125_000, True, open_us, until_us)
        self.clock.call_at(open_us, self.air.listen, *listen)

    def _got(self, payload):
        if self._joining:
            self.device.join_accept(payload)
            self.accepts.append(payload)
        else:
            self.read.append(self.device.downlink(payload))

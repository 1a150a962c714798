# Certification protocol, TS009-1.0.0, as far as a Class A device has it: a test house drives the device by
# downlinks on port 224. Load it only on a device that is to be certified.

from . import ACKNOWLEDGED, RECEIVED

PORT = 224
_IDENTIFIER = 6
_VERSION = 1
_LORAWAN = b"\x01\x00\x04\x00"
_REGIONAL_PARAMETERS = b"\x02\x01\x00\x04"  # RP002-1.0.4
_PERIODS = (None, 5, 10, 20, 30, 40, 50, 60, 120, 240, 480)  # seconds


class Certification:
    # `firmware`: its version, four numbers.
    def __init__(self, mac, firmware):
        self._mac = mac
        self._firmware = bytes(firmware)
        self._heard = 0
        self.enabled = True
        self.period = None  # seconds between uplinks; None: the application's own
        self.confirmed = None  # kind of all uplinks; None: the application's own
        self.reset = False  # the device is to start anew
        self.join = False  # the device is to join anew

    def handle(self, events):
        # What Mac.received() gave. Returns what is to be sent on PORT next, empty for nothing.
        kinds = [event[0] for event in events]
        if RECEIVED in kinds or ACKNOWLEDGED in kinds:
            self._heard = (self._heard + 1) & 0xFFFF
        for kind, port, payload in events:
            if kind == RECEIVED and port == PORT and payload and self.enabled:
                return self._carry_out(payload[0], payload[1:])
        return b""

    def _carry_out(self, command, field):
        if command in _ANSWERED:
            return self._answer(command, field)
        if command in _SETTINGS and field:
            self._set(command, field[0])
        elif command == 0x01:
            self.reset = True
        elif command == 0x02:
            self.join = True
        elif command == 0x0A:
            self._heard = 0
        elif command == 0x20:
            self._mac.link_check()
        elif command == 0x21:
            self._mac.request_time()
        elif command == 0x7E:
            self.enabled = False
            self.reset = True
        return b""

    def _answer(self, command, field):
        answer = bytes((command,))
        if command == 0x00:
            return answer + bytes((_IDENTIFIER, _VERSION))
        if command == 0x08:
            answer += bytes([(byte + 1) & 0xFF for byte in field])
            return answer[: self._mac.max_payload()]
        if command == 0x09:
            return answer + self._heard.to_bytes(2, "little")
        return answer + self._firmware + _LORAWAN + _REGIONAL_PARAMETERS

    def _set(self, command, value):
        if command == 0x04:
            self._mac.use_adr(value != 0)
        elif command == 0x05:
            self._mac.ledger.enforced = value != 0
        elif command == 0x06 and value < len(_PERIODS):
            self.period = _PERIODS[value]
        elif command == 0x07 and value in (1, 2):
            self.confirmed = value == 2


_ANSWERED = b"\x00\x08\x09\x7f"  # PackageVersionReq, EchoPayloadReq, RxAppCntReq, DutVersionsReq
_SETTINGS = b"\x04\x05\x06\x07"  # ADRBitChange, RegionalDutyCycleCtrl, TxPeriodicityChange, TxFramesCtrl

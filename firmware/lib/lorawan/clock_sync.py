# Application layer clock synchronisation, TS003-1.0.0: the device tells its clock, the network corrects it.
# Times are GPS seconds: Unix time - 315964800 + leap seconds since 1980 (18 in 2026).

import struct

from .packages import split

PORT = 202
_IDENTIFIER = 1
_VERSION = 1


class ClockSync:
    def __init__(self):
        self.correction = None  # seconds to add to the clock; set None once done
        self.resync = 0  # requests that the network still wants; request() counts them down
        self.period = None  # seconds between requests (give or take 30) that the network has set
        self._token = 0

    def request(self, gps_seconds, answer_required=True):
        # The payload that asks for a correction.
        self.resync = max(0, self.resync - 1)
        return struct.pack("<BIB", 0x01, gps_seconds, self._token | answer_required << 4)

    def handle(self, payload, gps_seconds):
        # What came on PORT, and the clock at that time; gives the answer, empty for none.
        answer = b""
        for command, field in split(payload, _LENGTHS):
            answer += self._carry_out(command, field, gps_seconds)
        return answer

    def _carry_out(self, command, field, gps_seconds):
        if command == 0x00:
            return bytes((0x00, _IDENTIFIER, _VERSION))
        if command == 0x01:
            correction, token = struct.unpack("<iB", field)
            if token & 15 == self._token:
                self.correction = correction
                self._token = (self._token + 1) & 15
        elif command == 0x02:
            self.period = 128 << (field[0] & 15)
            return struct.pack("<BBI", 0x02, 0, gps_seconds)
        else:
            self.resync = field[0] & 7
        return b""


# Command -> bytes of its field: PackageVersionReq, AppTimeAns, DeviceAppTimePeriodicityReq,
# ForceDeviceResyncReq.
_LENGTHS = {0x00: 0, 0x01: 5, 0x02: 1, 0x03: 1}

# Firmware management, TS006-1.0.0: what runs here, and a reboot by request. There are no images to install.

import struct

from .packages import split

PORT = 203
_IDENTIFIER = 4
_VERSION = 1
_NOW = 0
_CANCEL_TIME = 0xFFFFFFFF
_CANCEL_COUNTDOWN = 0xFFFFFF


class FirmwareManagement:
    # firmware, hardware: versions of 32 bits, in whatever way the maker numbers them.
    def __init__(self, firmware, hardware):
        self._versions = struct.pack("<II", firmware, hardware)
        self.reboot_in = None  # seconds until the reboot that is wanted, as of the last handle()

    def handle(self, payload, gps_seconds=None):
        # What came on PORT, and the time if it is known; gives the answer, empty for none.
        answer = b""
        for command, field in split(payload, _LENGTHS):
            answer += self._carry_out(command, int.from_bytes(field, "little"), gps_seconds)
        return answer

    def _carry_out(self, command, value, gps_seconds):
        if command == 0x00:
            return bytes((0x00, _IDENTIFIER, _VERSION))
        if command == 0x01:
            return b"\x01" + self._versions
        if command == 0x02:
            return self._reboot_at(value, gps_seconds)
        if command == 0x03:
            return self._reboot_after(value)
        return b"\x04\x00" if command == 0x04 else b"\x05\x01"  # no image is there

    def _reboot_at(self, time, gps_seconds):
        if time == _NOW:
            self.reboot_in = 0
            return b""
        left = 0
        if time == _CANCEL_TIME:
            self.reboot_in = None
            left = time
        elif gps_seconds is not None and time > gps_seconds:
            self.reboot_in = left = time - gps_seconds
        return struct.pack("<BI", 0x02, left)

    def _reboot_after(self, seconds):
        self.reboot_in = None if seconds == _CANCEL_COUNTDOWN else seconds
        return b"" if seconds == _NOW else b"\x03" + seconds.to_bytes(3, "little")


# Command -> bytes of its field: PackageVersionReq, DevVersionReq, DevRebootTimeReq, DevRebootCountdownReq,
# DevUpgradeImageReq, DevDeleteImageReq.
_LENGTHS = {0x00: 0, 0x01: 0, 0x02: 4, 0x03: 3, 0x04: 0, 0x05: 4}

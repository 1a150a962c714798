"""The application packages: clock synchronisation, firmware management, and certification's own commands."""

import struct

import pytest

from lorawan.clock_sync import ClockSync
from lorawan.firmware_management import FirmwareManagement

NOW = 1_400_000_000  # GPS seconds


def test_clock_package_version():
    assert ClockSync().handle(b"\x00", NOW) == b"\x00\x01\x01"


@pytest.mark.parametrize("correction", [0, 1, -1, 2**31 - 1, -(2**31)])
def test_a_correction(correction):
    clock = ClockSync()
    assert clock.request(NOW) == b"\x01" + struct.pack("<IB", NOW, 0x10)
    assert clock.handle(b"\x01" + struct.pack("<iB", correction, 0), NOW) == b""
    assert clock.correction == correction


def test_a_correction_is_taken_once():
    clock = ClockSync()
    for token in range(20):
        assert clock.request(NOW, answer_required=False)[5] == token % 16
        clock.correction = None
        clock.handle(b"\x01" + struct.pack("<iB", 5, token % 16), NOW)
        assert clock.correction == 5
        clock.handle(b"\x01" + struct.pack("<iB", 6, token % 16), NOW)
        assert clock.correction == 5


def test_the_period():
    clock = ClockSync()
    assert clock.handle(b"\x02\x03", NOW) == b"\x02\x00" + struct.pack("<I", NOW)
    assert clock.period == 1024


def test_forced_synchronisation():
    clock = ClockSync()
    assert clock.handle(b"\x03\xfa", NOW) == b""
    counts = [clock.resync]
    while clock.resync:
        clock.request(NOW)
        counts.append(clock.resync)
    assert counts == [2, 1, 0]


def test_several_clock_commands():
    clock = ClockSync()
    assert clock.handle(b"\x00\x02\x00\x03\x01\x99\x00", NOW) == b"\x00\x01\x01\x02\x00" + struct.pack(
        "<I", NOW
    )
    assert (clock.period, clock.resync) == (128, 1)


@pytest.mark.parametrize("payload", [b"", b"\x01\x00\x00", b"\x02", b"\x80\x00"])
def test_clock_commands_cut_or_unknown(payload):
    clock = ClockSync()
    assert clock.handle(payload, NOW) == b""
    assert (clock.correction, clock.period, clock.resync) == (None, None, 0)


def test_versions():
    management = FirmwareManagement(0x01020304, 0xA0B0C0D0)
    assert management.handle(b"\x00\x01") == b"\x00\x04\x01\x01\x04\x03\x02\x01\xd0\xc0\xb0\xa0"


REBOOTS = [
    (b"\x02\x00\x00\x00\x00", NOW, b"", 0),
    (b"\x02" + struct.pack("<I", NOW + 90), NOW, b"\x02\x5a\x00\x00\x00", 90),
    (b"\x02" + struct.pack("<I", NOW - 1), NOW, b"\x02\x00\x00\x00\x00", None),
    (b"\x02" + struct.pack("<I", NOW), NOW, b"\x02\x00\x00\x00\x00", None),
    (b"\x02" + struct.pack("<I", NOW + 90), None, b"\x02\x00\x00\x00\x00", None),
    (b"\x02\xff\xff\xff\xff", NOW, b"\x02\xff\xff\xff\xff", None),
    (b"\x03\x00\x00\x00", NOW, b"", 0),
    (b"\x03\x10\x27\x00", None, b"\x03\x10\x27\x00", 10_000),
    (b"\x03\xff\xff\xff", NOW, b"\x03\xff\xff\xff", None),
    (b"\x03\x10\x27", NOW, b"", None),
]


@pytest.mark.parametrize(("payload", "clock", "answer", "reboot_in"), REBOOTS)
def test_reboots(payload, clock, answer, reboot_in):
    management = FirmwareManagement(1, 1)
    assert management.handle(payload, clock) == answer
    assert management.reboot_in == reboot_in


def test_a_reboot_is_cancelled():
    for cancel in (b"\x03\xff\xff\xff", b"\x02\xff\xff\xff\xff"):
        management = FirmwareManagement(1, 1)
        management.handle(b"\x03\x10\x27\x00", NOW)
        assert management.reboot_in == 10_000
        management.handle(cancel, NOW)
        assert management.reboot_in is None


def test_there_are_no_images():
    assert FirmwareManagement(1, 1).handle(b"\x04\x05\x01\x02\x03\x04") == b"\x04\x00\x05\x01"

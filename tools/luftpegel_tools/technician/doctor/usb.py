"""Whether boards are there on USB, may be opened by this user, and are left alone by other programs.

Linux tells all of it in files. On Windows and macOS a port is only there when its driver is, so that no more
can be told than that there is none.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports  # type: ignore[import-untyped]

from luftpegel_tools.technician.doctor.finding import Finding, step_for

# Vendor on USB -> the module of Linux that serves its chips.
MODULES = {"10c4": "cp210x", "1a86": "ch341", "0403": "ftdi_sio", "303a": "cdc_acm"}
MEDDLERS = ("brltty", "ModemManager")


@dataclass(frozen=True, slots=True)
class Computer:
    """Where Linux tells of its devices and programs; another place in tests."""

    devices: Path = Path("/sys/bus/usb/devices")
    proc: Path = Path("/proc")
    linux: bool = sys.platform == "linux"


def boards() -> list[str]:
    """The serial ports on USB, as the system calls them."""
    return sorted(port.device for port in list_ports.comports() if port.vid is not None)


def look(
    language: str,
    ports: Iterable[str],
    computer: Computer = Computer(),
    may_open: Callable[[str], bool] = lambda port: os.access(port, os.R_OK | os.W_OK),
) -> Iterator[Finding]:
    """Findings about boards on USB."""
    found = list(ports)
    closed = [port for port in found if computer.linux and not may_open(port)]
    for port in closed:
        yield Finding("fail", "usb", "LP-666", {"port": port, "step": _way_in(port, language)})
    unserved = list(_unserved(computer.devices)) if computer.linux else []
    for vendor, name in unserved:
        yield Finding("fail", "usb", "LP-667", {"detail": name, "module": MODULES[vendor]})
    if not found and not unserved:
        yield Finding("warn", "usb", "LP-665")
    elif found and not closed:
        yield Finding("ok", "usb", words={"count": len(found), "detail": ", ".join(found)})
    for program in _running(computer.proc) if computer.linux else ():
        words = {"program": program, "step": step_for(program, language)}
        yield Finding("warn", "usb", "LP-668", words)


def _way_in(port: str, language: str) -> str:
    """What opens a port to this user: a group, a new login, or somebody else."""
    import grp  # noqa: PLC0415 - Windows has none, and no such rights
    import pwd  # noqa: PLC0415

    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
        status = Path(port).stat()
        group = grp.getgrgid(status.st_gid)
    except (KeyError, OSError):
        return step_for("owner", language)
    if not status.st_mode & 0o020 or group.gr_gid == 0:
        return step_for("owner", language)
    waits = user in group.gr_mem and group.gr_gid not in os.getgroups()
    return step_for("login" if waits else "join", language, group=group.gr_name, user=user)


def _unserved(devices: Path) -> Iterator[tuple[str, str]]:
    """(vendor, name) of each device with a USB chip of boards, and no serial port that belongs to it."""
    for file in sorted(devices.glob("*/idVendor")):
        vendor = _text(file).lower()
        device = file.parent
        if vendor in MODULES and not any(device.glob("*:*/tty*")) and not any(device.glob("*:*/tty/*")):
            yield vendor, " ".join(filter(None, (device.name, _text(device / "product"))))


def _running(proc: Path) -> Iterator[str]:
    names = {_text(file) for file in proc.glob("[0-9]*/comm")}
    yield from (program for program in MEDDLERS if program in names)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # a device or a program that has just gone
        return ""

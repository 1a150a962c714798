"""A chip in download mode, by esptool's Python interface.

esptool tells what it does to one logger for the whole process. Ours says nothing, and hands progress to
whoever works in that thread.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import esptool  # type: ignore[import-untyped]
from esp_pylib.logger import EspLog, EspLogBase
from serial import SerialException  # type: ignore[import-untyped]

from luftpegel_tools.technician.words import TroubleError

ROM_BAUD = 115200
_MD5_WORDS = ("MD5 of file does not match", "flash region is empty")
_PSEUDO_TERMINAL = "/dev/pts/"
_ATTEMPTS = 3
_here = threading.local()


class _Quiet(EspLogBase):
    # ruff: noqa: A003, ARG002 - the interface of the library's logger

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is said."""

    err = warn = note = hint = debug = print

    def set_verbosity(self, mode: int | str) -> None:
        """It is quiet at any."""

    def progress_bar(
        self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "", bar_length: int = 30
    ) -> None:
        """Tell who works in this thread."""
        progress: Callable[[int, int], None] | None = getattr(_here, "progress", None)
        if progress is not None:
            progress(cur_iter, total_iters)


class Chip:
    """A chip that has answered: `name` as Espressif writes it, `mac` as 12 hex digits, flash in bytes."""

    def __init__(self, esp: Any, port: str) -> None:
        self._esp = esp
        self.port = port
        self.name = str(esp.CHIP_NAME)
        self.mac = bytes(esp.read_mac("BASE_MAC")).hex()

    def run_stub(self, baud: int) -> None:
        """Load esptool's own program, which writes and checks faster."""
        self._esp = esptool.run_stub(self._esp)
        if baud != ROM_BAUD:
            self._esp.change_baud(baud)
        esptool.attach_flash(self._esp)

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the flash."""
        return bytes(self._esp.read_flash(address, size))

    def write(
        self, parts: Sequence[tuple[int, bytes]], progress: Callable[[float], None], *, skip_equal: bool
    ) -> None:
        """Write parts of the flash and have the chip reckon their MD5.

        Raises TroubleError LP-628 (not written), LP-629 (written, but something else lies there), LP-630
        (the board is gone).
        """
        total = sum(len(data) for _, data in parts)
        done = 0
        for address, data in parts:

            def told(part: int, whole: int, before: int = done, size: int = len(data)) -> None:
                progress((before + size * part / max(1, whole)) / total)

            with _telling(told), _troubles(self.port):
                esptool.write_flash(self._esp, [(address, data)], skip_flashed=skip_equal)
            done += len(data)

    def start(self) -> None:
        """Reset into what lies in flash, and let go of the port."""
        with _troubles(self.port):
            if self._wired():
                self._esp.hard_reset()
            elif self._esp.WATCHDOG_RESET_SUPPORTED:
                with suppress(esptool.FatalError):  # it may bite before it has answered
                    self._esp.watchdog_reset()
            else:
                self._esp.soft_reset(False)
        self.close()

    def _wired(self) -> bool:
        """Whether DTR and RTS lead to the chip's reset."""
        return not _is_pseudo(self.port) and not self._esp.uses_usb_otg()

    def close(self) -> None:
        """Let go of the port."""
        self._esp._port.close()  # noqa: SLF001 - esptool has no other way


@contextmanager
def open_chip(port: str) -> Iterator[Chip]:
    """The chip behind a port, in download mode. Raises TroubleError LP-621, LP-622, LP-630."""
    _install_logger()
    esp = None
    try:
        mode = "no-reset" if _is_pseudo(port) else "default-reset"
        esp = esptool.detect_chip(port, ROM_BAUD, mode, False, _ATTEMPTS)
        chip = Chip(esp, port)
    except (esptool.FatalError, OSError) as error:
        if esp is not None:
            esp._port.close()  # noqa: SLF001
        raise _unreachable(port, error) from None
    try:
        yield chip
    finally:
        chip.close()


def _unreachable(port: str, error: Exception) -> TroubleError:
    if not Path(port).exists() and "://" not in port:
        return TroubleError("LP-630", port=port)
    opened = isinstance(error, esptool.FatalError) and "could not open" not in str(error).lower()
    return TroubleError("LP-622" if opened else "LP-621", port=port, detail=_first_line(error))


@contextmanager
def _troubles(port: str) -> Iterator[None]:
    try:
        yield
    except (esptool.FatalError, SerialException, OSError) as error:
        if not Path(port).exists() and "://" not in port:
            raise TroubleError("LP-630", port=port) from None
        code = "LP-629" if any(words in str(error) for words in _MD5_WORDS) else "LP-628"
        raise TroubleError(code, port=port, detail=_first_line(error)) from None


@contextmanager
def _telling(progress: Callable[[int, int], None]) -> Iterator[None]:
    _here.progress = progress
    try:
        yield
    finally:
        _here.progress = None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _is_pseudo(port: str) -> bool:
    return str(Path(port).resolve()).startswith(_PSEUDO_TERMINAL)


def _install_logger() -> None:
    if not isinstance(EspLog.instance, _Quiet):
        EspLog.set_logger(_Quiet())

"""The chip's ROM as the board sees it: what a reset leads to, and the line while MicroPython does not run.

On a reset the level of the boot pin decides, or a bit that software set: download mode, or what is in
flash. The virtual NVS and the NVS partition are one: it is written out when download mode begins, and read
in after it.
"""

from collections.abc import Callable

from luftpegel_tools.virtual_board.console import Console
from luftpegel_tools.virtual_board.flash import BLOCK, Flash
from luftpegel_tools.virtual_board.nvs import Nvs
from luftpegel_tools.virtual_board.rom.loader import Loader
from luftpegel_tools.virtual_board.rom.nvs_image import build_nvs, read_nvs
from luftpegel_tools.virtual_board.rom.partitions import Partition
from luftpegel_tools.virtual_board.rom.registers import RegisterFile
from luftpegel_tools.virtual_board.rom.second_stage import boot_from
from luftpegel_tools.virtual_board.rom.silicon import Silicon
from luftpegel_tools.virtual_board.rom.stand_in import stand_in
from luftpegel_tools.virtual_board.waiting import Later
from luftpegel_tools.virtual_time.clock import VirtualClock

LOOP_US = 1_000_000  # about as long as the ROM tries before its watchdog bites
WATCHDOG_US = 300_000  # a flasher sets 15 ms and writes more registers; here it may be slow
DOWNLOAD, LOOP, FOREIGN = "download", "loop", "foreign"


class Rom:
    """`reset(why)` restarts the board, `why` as in Silicon.reset_words. `talks`: the ROM's words at each
    reset are shown, as on a chip whose console is its first UART; otherwise only those of download mode.
    """

    def __init__(
        self,
        clock: VirtualClock,
        chip: Silicon,
        *,
        mac: bytes,
        flash: Flash,
        nvs: Nvs,
        console: Console,
        reset: Callable[[str], None],
    ):
        self._clock = clock
        self.chip = chip
        self._flash = flash
        self._nvs = nvs
        self._console = console
        self._reset = reset
        self._mark = flash.path.with_suffix(".flashed")
        self._timer = Later(clock)
        self.registers = RegisterFile(chip, mac, flash.size, self._watchdog)
        self.loader: Loader | None = None
        self.boot_pin_low = False
        self._latched = False
        self._own_reset = ""  # why the ROM itself has reset the chip
        self.talks = False
        self.state = ""  # one of DOWNLOAD, LOOP, FOREIGN while MicroPython does not run

    def _watchdog(self) -> None:
        self._timer.after(WATCHDOG_US, self._restart, "watchdog")

    def make_blank(self) -> None:
        """A chip with nothing in its flash, whose ROM is heard."""
        self._flash.deliver(b"", 0)
        self._mark.touch()

    def latch(self) -> None:
        """A reset begins to end: the level of the boot pin at this moment counts."""
        self._latched = self.boot_pin_low
        self._own_reset = ""

    def begin(self, why: str) -> bool:
        """A reset has ended, `why` it was; True when MicroPython runs now."""
        self.leave()
        why = self._own_reset or why
        if why in ("power", "watchdog"):
            self.registers.clear()
        if self._latched or self.registers.force_download:
            self._begin_download(why)
            return False
        if not self._flash.delivered:
            return True
        return self._begin_flash(why)

    def feed(self, keys: bytes) -> None:
        """Bytes from the line, while MicroPython does not run."""
        if self.loader is not None:
            self.loader.feed(keys)

    def leave(self) -> None:
        """The chip is reset, or loses its power."""
        self._timer.cancel()
        self.loader = None
        self.state = ""
        self.registers.baudrate = 115200

    # The loader's Host

    def send(self, data: bytes) -> None:
        """Bytes for the line."""
        self._console.send(data)

    def boot_flash(self) -> None:
        """The loader is left for what is in flash."""
        self._timer.after(1, self._run_flash)

    def restart_loader(self) -> None:
        """The stub ends; the straps are as they were latched, so the ROM's loader is there again."""
        self._begin_download("software")

    def _restart(self, why: str) -> None:
        self._reset(why)
        self._own_reset = why

    def _run_flash(self) -> None:
        self._restart("software")
        self._latched = self.registers.force_download = False

    # What a reset leads to

    def _begin_download(self, why: str) -> None:
        self._settle()
        self.registers.baudrate = 115200
        self.state = DOWNLOAD
        self._say(why, "waiting for download\r\n", download=True)
        self.loader = Loader(self.chip, self.registers, self._flash, self)

    def _begin_flash(self, why: str) -> bool:
        boot = boot_from(self._flash, self.chip)
        if self.talks:
            self._say(why, boot.words, download=False)
        if boot.runs and boot.files is not None:
            self._flash.first = boot.files.address // BLOCK
            self._flash.blocks = boot.files.size // BLOCK
            self._take_settings(boot.settings)
            return True
        self.state = LOOP if boot.loops else FOREIGN
        if boot.loops:
            self._timer.after(LOOP_US, self._restart, "failed")
        return False

    def _say(self, why: str, words: str, *, download: bool) -> None:
        reset = f"{self.chip.reset_words[why]},{self.chip.boot_words[download]}"
        self._console.show(f"{self.chip.banner}\r\n{reset}\r\n{words}".encode())

    def _settle(self) -> None:
        """Have in flash what was not written out before somebody could look."""
        if not self._flash.delivered:
            self._flash.deliver(stand_in(self.chip, self._flash.size), self.chip.boot_offset)
        if self._mark.exists():
            return
        boot = boot_from(self._flash, self.chip)
        if boot.settings is not None:
            self._write_settings(boot.settings)
        self._mark.touch()

    def _write_settings(self, where: Partition) -> None:
        content = self._nvs.content()
        if read_nvs(self._flash.read_at(where.address, where.size)) == content:
            return
        image = build_nvs(content, where.size)
        for at in range(0, where.size, BLOCK):
            self._flash.erase_at(where.address + at)
            self._flash.program_at(where.address + at, image[at : at + BLOCK])

    def _take_settings(self, where: Partition | None) -> None:
        if not self._mark.exists():
            return
        if where is not None:
            self._nvs.replace(read_nvs(self._flash.read_at(where.address, where.size)))
        self._mark.unlink()

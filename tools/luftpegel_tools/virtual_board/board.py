"""A virtual board: power, reset, sleep and the watchdog, and the chips soldered to it.

While it is awake one MicroPython process runs (see `boot`); of all boards on a clock only one computes at
any moment, so a run is the same every time. Resets and power cuts are SIGKILL: no handler of the firmware
runs, as on the chip.
"""

import fcntl
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from luftpegel_tools.virtual_board.boot import EVENT_PIN, Boot, EventHandler
from luftpegel_tools.virtual_board.chips.base import Chip, I2CChip, OneWireDevice, SPIChip, UARTDevice
from luftpegel_tools.virtual_board.console import Console
from luftpegel_tools.virtual_board.engine import find_engine, shims_folder
from luftpegel_tools.virtual_board.engine_process import DeviceProcess
from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_tools.virtual_board.flash import FlashFault, PowerCut, open_flash
from luftpegel_tools.virtual_board.network_port import ControlLines
from luftpegel_tools.virtual_board.nvs import Nvs
from luftpegel_tools.virtual_board.peripherals import Peripherals
from luftpegel_tools.virtual_board.pins import Pins, Rail
from luftpegel_tools.virtual_board.protocol import OPS, STATUS_ERRNO, Answer, DeviceError, Request
from luftpegel_tools.virtual_board.rom.rom import Rom
from luftpegel_tools.virtual_board.rom.silicon import SILICON
from luftpegel_tools.virtual_board.uart import UARTPort
from luftpegel_tools.virtual_board.waiting import Wait
from luftpegel_tools.virtual_time.clock import Timer, VirtualClock

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
NO_WAKE, EXT0_WAKE, TIMER_WAKE = 0, 2, 4
RESET_WORDS = {
    PWRON_RESET: "power", HARD_RESET: "software", WDT_RESET: "watchdog", DEEPSLEEP_RESET: "sleep",
}  # fmt: skip
EIO, ENOSYS = 5, 38
MODE_FRIENDLY, MODE_RAW, MODE_INSTALL = "friendly", "raw", "install"
INFO_CAUSE, INFO_WAKE, INFO_ID = 1, 2, 3

BOOT_US = 250_000  # ROM, second bootloader and MicroPython's start on an ESP32-S3
MACHINE = "Virtual Heltec WiFi LoRa 32 V3 with ESP32S3"
DEFAULT_HEAP_KIB = 160
FLASH_KIB = 4096
ROOMY_HEAP = 1 << 20  # for installing files and for measuring the shims
COMPUTING_LIMIT_S = 30.0
REMEMBERED_WRITES = 4096
WRITING_S = 1.1  # from the whole second that a file is stamped with to the end of its write
PANICS, PANICS_US = 5, 60_000_000

_overheads: dict[str, int] = {}  # engine -> bytes of heap that the shims take, measured at its first boot


class Board:
    """A board named `name`. `state_dir` holds its flash and NVS, which survive power cuts.

    `heap_kib` is what the firmware gets; the shims' share is added on top (`overhead_bytes`), and on the
    64-bit engine the firmware's share is doubled. `chip` is a name of SILICON; `blank`: nothing is in flash
    yet, and the words of the ROM are shown. `wiring(board)` attaches the chips. `on_boot(board)` is called
    when a boot begins, `console.on_text(bytes)` for each piece of text.
    """

    def __init__(
        self,
        clock: VirtualClock,
        *,
        name: str,
        state_dir: Path,
        unique_id: bytes = bytes.fromhex("246f28aabbcc"),
        engine: str = "pip",
        heap_kib: int = DEFAULT_HEAP_KIB,
        chip: str = "esp32s3",
        flash_kib: int = FLASH_KIB,
        blank: bool = False,
        machine: str = MACHINE,
        wiring: Callable[["Board"], None] | None = None,
        computing_limit_s: float = COMPUTING_LIMIT_S,
        panic_limit: float = PANICS,
    ):
        self.clock = clock
        self.name = name
        self.unique_id = unique_id
        self.engine = find_engine(engine)
        self._machine = machine
        self.heap_kib = heap_kib
        self.on_boot: Callable[[Board], None] | None = None
        self.tells_sleep = False  # whether deep sleep is told on the console; on a chip it is silence
        self.on_power_cut: Callable[[Board], None] | None = None
        self.reset_cause = PWRON_RESET
        self.wake_reason = NO_WAKE
        self.boots = 0
        self.powered = False
        # Host's and board's seconds at each write into flash.
        self._writes: deque[tuple[float, int]] = deque(maxlen=REMEMBERED_WRITES)
        self.panics: list[int] = []  # when MicroPython ended by itself
        self.sleep_drift_ppm = 0  # by how much deep sleep lasts longer than its clock counts
        self._lost_us = 0
        self._computing_limit_s = computing_limit_s
        self._panic_limit = panic_limit
        self._lock = _take(state_dir)
        self.pins = Pins(self._edge, self._level_changed)
        fresh = not (state_dir / "chip.bin").exists()
        self.flash = open_flash(state_dir, flash_kib)
        self.peripherals = Peripherals(clock, self.pins, state_dir, self.flash, self._uart_arrival)
        self.console = Console(clock, self._keys)
        self.rom = Rom(
            clock,
            SILICON[chip],
            mac=unique_id,
            flash=self.flash,
            nvs=self.nvs,
            console=self.console,
            reset=self._rom_reset,
        )
        if blank and fresh:
            self.rom.make_blank()
        self.rom.talks = blank
        self._chips: list[Chip] = []
        self._boot: Boot | None = None
        self._next_boot: Timer | None = None
        self._watchdog: Timer | None = None
        self._watchdog_us = 0
        self._wake_pin: tuple[int, int] | None = None
        self._asleep = False
        self._mode = MODE_FRIENDLY
        self._folder = ""
        self._handlers = self.peripherals.handlers() | self._own_handlers()
        if wiring:
            wiring(self)

    # Wiring

    def attach_i2c(self, bus: int, chip: I2CChip, pins: tuple[int, int] | None = None) -> None:
        """Solder a chip to an I2C bus; where `pins` (scl, sda) are named, it answers only on these."""
        self.peripherals.attach_i2c(bus, chip, pins)
        self._attach(chip)

    def attach_uart(self, port: int, device: UARTDevice, pins: tuple[int, int] | None = None) -> None:
        """Solder a device to a UART; `pins` (tx, rx) where several devices share one, each on pins of its
        own.
        """
        self.peripherals.uart(port).attach(device, pins)
        self._attach(device)

    def attach_spi(
        self, bus: int, cs_pin: int, chip: SPIChip, pins: tuple[int, int, int] | None = None
    ) -> None:
        """Solder a chip to an SPI bus, selected by a low `cs_pin`; `pins` (sck, mosi, miso) as for I2C."""
        self.peripherals.spi.setdefault(bus, []).append((cs_pin, chip, pins))
        self.pins.selects[cs_pin] = chip
        self._attach(chip)

    def attach_onewire(self, pin: int, device: OneWireDevice) -> None:
        """Solder a device to a 1-Wire line."""
        self.pins.onewire.setdefault(pin, []).append(device)
        self._attach(device)

    def attach_adc(self, pin: int, microvolts: Callable[[], int]) -> None:
        """Let `microvolts()` say what an analogue pin sees."""
        self.pins.analogue[pin] = microvolts

    def attach_rail(self, pin: int, active_low: bool, chips: Iterable[Chip]) -> None:
        """Let a pin switch the supply of chips that are attached already; a floating pin means off."""
        rail = self.pins.rails.setdefault(pin, Rail(active_low))
        rail.chips.extend(chips)
        for chip in rail.chips:
            chip.power(self.pins.rail_is_on(pin))

    def set_pin(self, number: int, level: int | None) -> None:
        """Drive a pin from outside, or leave it alone (None)."""
        self.pins.drive(number, level)

    def _attach(self, chip: Chip) -> None:
        chip.clock = self.clock
        chip.board = self
        self._chips.append(chip)
        chip.power(self.powered)

    # What a person at the bench does

    def install(self, folder: Path) -> None:
        """Copy a folder onto the board's file system, as `mpremote fs cp -r` would; the board must be off."""
        if self.powered:
            raise BoardError("LP-393", f"{self.name} is running", "call power_off() before install()")
        self._folder = str(folder.resolve())
        boot = self._start(MODE_INSTALL, ROOMY_HEAP)
        try:
            boot.serve()
            self.clock.run(lambda: boot.ended)
        finally:
            boot.end()
            self._boot = None
            self._mode = MODE_FRIENDLY

    def power_on(self) -> None:
        """Switch the board on; it boots when the clock runs on."""
        if self.powered:
            return
        self.powered = True
        self.peripherals.rtc.power_on()
        railed = {id(chip) for rail in self.pins.rails.values() for chip in rail.chips}
        for chip in self._chips:
            if id(chip) not in railed:
                chip.power(True)
        self._boot_in(BOOT_US, PWRON_RESET)

    def power_off(self) -> None:
        """Cut the power, at once."""
        self._stop()
        self.powered = False
        self.pins.power_off()
        self.peripherals.rtc.memory = b""
        for chip in self._chips:
            if chip.powered:
                chip.power(False)

    def press_reset(self) -> None:
        """The RST button: on the ESP32-S3 it resets the whole chip, RTC included, so it looks like power-
        on. With `rom.boot_pin_low` it ends in download mode.
        """
        self.hold_reset()
        self.release_reset()

    def hold_reset(self) -> None:
        """The reset pin is low: nothing runs."""
        self._stop()
        self.peripherals.rtc.power_on()

    def release_reset(self) -> None:
        """The reset pin is high again."""
        if self.powered:
            self._boot_in(BOOT_US, PWRON_RESET)

    def unplug(self) -> None:
        """Pull the USB plug, which brings the power too: the terminal vanishes."""
        self.power_off()
        self.console.unplug()

    def listen(self, url: str) -> str:
        """Offer the line over TCP, see NetworkPort, with DTR and RTS wired to reset and boot pin; returns the
        address in use.
        """
        return self.console.open_port(url, ControlLines(self._reset_line, self._boot_line))

    def _reset_line(self, low: bool) -> None:
        if self.powered:
            (self.hold_reset if low else self.release_reset)()

    def _boot_line(self, low: bool) -> None:
        self.rom.boot_pin_low = low

    def type_keys(self, keys: bytes) -> None:
        """Type on the console."""
        self._keys(keys)

    def cut_at_flash_write(self, nth: int | None, *, torn: bool = True) -> None:
        """Let the power fail in the n-th flash operation (program or erase) from now."""
        self.flash.cut_at(nth, torn=torn)

    def close(self) -> None:
        """Cut the power and let go of everything; a second time does nothing."""
        if self._lock.closed:
            return
        self.power_off()
        self.console.close()
        self.flash.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What can be seen

    @property
    def pts(self) -> str:
        """The console's terminal, such as /dev/pts/7."""
        return self.console.path

    @property
    def nvs(self) -> Nvs:
        """The non-volatile storage."""
        return self.peripherals.nvs

    @property
    def overhead_bytes(self) -> int:
        """Heap that the shims take on this engine, besides the firmware's; known after the first boot."""
        return _overheads.get(self.engine.name, 0)

    @property
    def attended(self) -> bool:
        """Whether the board waits for a key press, or for a flasher."""
        return bool(self.rom.state) or (self._boot is not None and self._boot.attended)

    @property
    def computing(self) -> bool:
        """Whether its process runs just now."""
        return self._boot is not None and self._boot.computing

    @property
    def state(self) -> str:
        """off, reset, booting, running or asleep; or what the ROM does instead: see Rom.state."""
        if not self.powered:
            return "off"
        if self.rom.state:
            return self.rom.state
        if self._boot is not None:
            return "running"
        if self._asleep:
            return "asleep"
        return "reset" if self._next_boot is None else "booting"

    @property
    def pid(self) -> int | None:
        """The process of the present boot."""
        return self._boot.pid if self._boot is not None else None

    @property
    def asleep(self) -> bool:
        """Whether the board is in deep sleep."""
        return self._asleep

    # Boots and ends

    def _boot_in(self, delay_us: int, cause: int, wake: int = NO_WAKE, mode: str = MODE_FRIENDLY) -> None:
        self._asleep = False
        self.rom.latch()
        self.reset_cause, self.wake_reason = cause, wake
        self.boots += 1
        if self.on_boot:
            self.on_boot(self)
        if self.powered and self._next_boot is None:
            self._next_boot = self.clock.call_later(delay_us, self._begin, mode)

    def _begin(self, mode: str) -> None:
        self._next_boot = None
        if self.reset_cause == SOFT_RESET or self.rom.begin(RESET_WORDS[self.reset_cause]):
            self._run(mode)

    def _run(self, mode: str) -> None:
        self._next_boot = None
        known = _overheads.get(self.engine.name)
        firmware = self.heap_kib * 1024 * self.engine.heap_factor
        self._start(mode, ROOMY_HEAP if known is None else firmware + known).serve()

    def _start(self, mode: str, heap_bytes: int) -> Boot:
        self._mode = mode
        process = DeviceProcess(self.engine, heap_bytes, shims_folder())
        boot = self._boot = Boot(
            self.clock,
            process,
            self.console,
            self._handlers,
            self.peripherals.uarts,
            limit_s=self._computing_limit_s,
            on_stuck=self._stuck,
            on_died=self._panic,
        )
        return boot

    def _end_boot(self) -> None:
        if self._boot is not None:
            self._boot.end()
            self._boot = None

    def _stop(self) -> None:
        """End what a reset ends: the process, what is planned, the watchdog, the levels of the pins."""
        self._end_boot()
        self.rom.leave()
        for timer in (self._next_boot, self._watchdog):
            if timer is not None:
                timer.cancel()
        self._next_boot = self._watchdog = None
        self._wake_pin = None
        self._asleep = False
        self.console.keys.clear()
        self.peripherals.reset()

    def _stuck(self) -> None:
        """The process computes for ever: an armed watchdog would bite now."""
        if self._watchdog is not None:
            self._bite()

    def _panic(self, how: str) -> None:
        """MicroPython has ended by itself: the chip panics, and starts anew on the same terminal.

        A board that does so more than PANICS times within a minute has a fault that a rig should hear of,
        unless somebody sits before it.
        """
        now_us = self.clock.now_us
        self.panics.append(now_us)
        if len([when for when in self.panics if when > now_us - PANICS_US]) > self._panic_limit:
            raise BoardError(
                "LP-191",
                f"MicroPython ended by itself again and again ({how})",
                "look for what the firmware did last; report a crash of MicroPython to its project",
            )
        self._stop()
        self.console.show(b"\r\nGuru Meditation Error: MicroPython ended by itself\r\nRebooting...\r\n")
        self._boot_in(BOOT_US, HARD_RESET)

    def _bite(self) -> None:
        self._stop()
        self._boot_in(BOOT_US, WDT_RESET)

    def _wake(self, reason: int) -> None:
        self._stop()
        if reason == TIMER_WAKE:
            self.peripherals.rtc.set(self.peripherals.rtc.us - self._lost_us)
        self._boot_in(BOOT_US, DEEPSLEEP_RESET, reason)

    # Signals from the peripherals

    def _keys(self, keys: bytes) -> None:
        if self.rom.state:
            try:
                self.rom.feed(keys)
            except PowerCut as cut:
                self._power_fails(cut)
        elif self._boot is not None:
            self._boot.on_keys(keys)
        elif self._asleep and b"\x03\x03\x03" in keys:  # a finger on the button; tools never send three
            self.press_reset()

    def _edge(self, number: int, level: int) -> None:
        if self._boot is not None:
            self._boot.queue_event(EVENT_PIN, number, level)

    def _level_changed(self, number: int, level: int) -> None:
        if self._wake_pin == (number, level):
            if self._asleep and self._next_boot is not None:
                self._next_boot.cancel()
                self._next_boot = self.clock.call_later(0, self._wake, EXT0_WAKE)
            elif self._boot is not None:
                self._boot.look_again()

    def _uart_arrival(self, port: UARTPort) -> None:
        if self._boot is not None:
            self._boot.on_arrival(port)

    # Requests that concern the board as a whole

    def _own_handlers(self) -> dict[int, EventHandler]:
        table: dict[str, EventHandler] = {
            "HELLO": self._hello,
            "READY": self._ready,
            "INFO": self._info,
            "RESET": self._reset,
            "SOFT_RESET": self._soft_reset,
            "BOOTLOADER": self._bootloader,
            "DEEP_SLEEP": self._deep_sleep,
            "LIGHT_SLEEP": self._light_sleep,
            "WAKE_PIN": self._set_wake_pin,
            "WDT": self._arm_watchdog,
            "WDT_FEED": self._feed_watchdog,
            "FLASH_PROGRAM": self._flash_request,
            "FLASH_ERASE": self._flash_request,
            "INSTALLED": self._installed,
            "FILE_TIME": self._file_time,
        }
        return {OPS[name]: handler for name, handler in table.items()}

    def _hello(self, _: Request) -> Answer:
        lines = (
            self._mode,
            self._machine,
            str(self.flash.path.absolute()),
            str(self.flash.first),
            str(self.flash.blocks),
            str(shims_folder()),
            self._folder,
        )
        return Answer(data="\n".join(lines).encode())

    def _ready(self, request: Request) -> Answer | None:
        if self.engine.name in _overheads:
            return Answer()
        _overheads[self.engine.name] = request.a
        self._end_boot()  # that boot only measured the shims; now with the heap that follows
        self._next_boot = self.clock.call_later(0, self._run, self._mode)
        return None

    def _info(self, request: Request) -> Answer:
        if request.a == INFO_ID:
            return Answer(data=self.unique_id)
        return Answer(self.reset_cause if request.a == INFO_CAUSE else self.wake_reason)

    def _reset(self, _: Request) -> None:
        self._stop()
        self._boot_in(BOOT_US, HARD_RESET)

    def _bootloader(self, _: Request) -> None:
        if not self.rom.registers.has_force_download:
            raise DeviceError(ENOSYS)
        self.rom.registers.force_download = True
        self._stop()
        self._boot_in(BOOT_US, HARD_RESET)

    def _rom_reset(self, why: str) -> None:
        """The ROM, or a watchdog that a flasher armed, resets the chip."""
        self._stop()
        self._boot_in(BOOT_US, HARD_RESET if why == "software" else WDT_RESET)

    def _soft_reset(self, request: Request) -> None:
        self._end_boot()
        self.pins.reset()
        self._boot_in(0, SOFT_RESET, mode=MODE_RAW if request.a else MODE_FRIENDLY)

    def _deep_sleep(self, request: Request) -> None:
        wake_pin = self._wake_pin
        self._stop()
        self._asleep = True
        if self.tells_sleep:
            until = f"for {request.a / 1000:g} s" if request.a > 0 else "until something wakes it"
            self.console.show(f"\r\n(deep sleep {until}; Ctrl-C three times: reset)\r\n".encode())
        self._wake_pin = wake_pin
        if wake_pin is not None and self.pins[wake_pin[0]].level == wake_pin[1]:
            self._next_boot = self.clock.call_later(0, self._wake, EXT0_WAKE)
        elif request.a > 0 or wake_pin is not None:
            delay_us = request.a * 1000 if request.a > 0 else 1 << 62
            self._lost_us = delay_us * self.sleep_drift_ppm // 1_000_000
            delay_us += self._lost_us
            self._next_boot = self.clock.call_later(delay_us, self._wake, TIMER_WAKE)

    def _light_sleep(self, request: Request) -> Wait:
        def ready() -> Answer | None:
            pin = self._wake_pin
            if pin is None or self.pins[pin[0]].level != pin[1]:
                return None
            self.wake_reason = EXT0_WAKE
            return Answer()

        def expired() -> Answer:
            self.wake_reason = TIMER_WAKE
            return Answer()

        return Wait(ready, expired, request.a * 1000 if request.a > 0 else None)

    def _set_wake_pin(self, request: Request) -> Answer:
        self._wake_pin = (request.a, request.b) if request.a >= 0 else None
        return Answer()

    def _arm_watchdog(self, request: Request) -> Answer:
        self._watchdog_us = request.a * 1000
        return self._feed_watchdog(request)

    def _feed_watchdog(self, _: Request) -> Answer:
        if self._watchdog is not None:
            self._watchdog.cancel()
        self._watchdog = self.clock.call_later(self._watchdog_us, self._bite)
        return Answer()

    def _file_time(self, request: Request) -> Answer:
        """What the board's clock said when the host's stood at these Unix seconds, as a file has them."""
        host_s = struct.unpack("<q", request.data)[0]
        until = [board_s for when_s, board_s in self._writes if when_s < host_s + WRITING_S]
        return Answer(until[-1] if until else 0)  # 0: written before this host began

    def _flash_request(self, request: Request) -> Answer | None:
        self._writes.append((time.time(), self.peripherals.rtc.us // 1_000_000))
        try:
            if request.op == OPS["FLASH_ERASE"]:
                cost_us = self.flash.erase(request.a)
            else:
                cost_us = self.flash.program(request.a, request.b, request.data)
        except PowerCut as cut:
            self._power_fails(cut)
            return None
        except FlashFault:
            return Answer(EIO, status=STATUS_ERRNO)
        return Answer(cost_us=0 if self._mode == MODE_INSTALL else cost_us)

    def _power_fails(self, cut: PowerCut) -> None:
        self.power_off()
        if cut.unplugged:
            self.console.unplug()
        if self.on_power_cut:
            self.on_power_cut(self)

    def _installed(self, _: Request) -> None:
        self._end_boot()


def _take(state_dir: Path) -> IO[str]:
    """Lock a state folder: two hosts on one flash image would ruin it."""
    state_dir.mkdir(parents=True, exist_ok=True)
    lock = (state_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise BoardError(
            "LP-394", f"another board runs on {state_dir}", "stop it, or choose another state folder"
        ) from None
    return lock

"""Why a board started is what the firmware decides by, so each way of starting is named rightly."""

from luftpegel_tools.rig.roles import Rig


def test_machine_reset_is_a_hard_reset(board: Rig) -> None:
    board.reset.hard()
    assert board.reset.cause == "HARD_RESET"


def test_a_soft_reset_is_named(board: Rig) -> None:
    board.reset.hard()
    board.reset.soft()
    assert board.reset.cause == "SOFT_RESET"


def test_power_is_named(board: Rig) -> None:
    board.power.cycle()
    assert board.reset.cause == "PWRON_RESET"


def test_a_hungry_watchdog_resets(board: Rig) -> None:
    board.console.start(
        "import machine, time; machine.WDT(timeout=1000); print('armed')\nwhile True: time.sleep_ms(10)"
    )
    board.console.wait_for("armed")
    # Ctrl-C would end the loop but not the watchdog, so the board is left alone until it has reset.
    board.console.wait_for(">>> ")
    board.reset.take()
    assert board.reset.cause == "WDT_RESET"


def test_rtc_memory_outlives_a_reset_but_neither_heap_nor_lost_power(board: Rig) -> None:
    board.exec("import machine; x = 1; machine.RTC().memory(b'kept')")
    board.reset.hard()
    board.exec("import machine")
    assert board.eval("machine.RTC().memory()") == b"kept"
    assert board.eval("'x' in globals()") is False
    board.power.cycle()
    board.exec("import machine")
    assert board.eval("machine.RTC().memory()") == b""


def test_nvs_keeps_what_was_committed(board: Rig) -> None:
    board.exec(
        "import esp32; n = esp32.NVS('hil_test'); n.set_i32('n', -7); n.set_blob('b', b'blob'); n.commit()"
    )
    board.reset.hard()
    board.exec("import esp32; n = esp32.NVS('hil_test'); b = bytearray(8)")
    assert board.eval("(n.get_i32('n'), n.get_blob('b', b), bytes(b[:4]))") == (-7, 4, b"blob")
    board.exec("n.erase_key('n'); n.erase_key('b'); n.commit()")
    assert board.exec("try: n.get_i32('n')\nexcept OSError as e: print(e)").startswith("(-4354")


COUNTERS = """
from esp32 import NVS
from machine import RTC
from station.flash import Counter, Numbers
from station.memory import Memory
n = NVS("hil_test")
counter, numbers = Counter(n, "c"), Numbers(n, Memory(RTC()))
"""


def test_the_firmware_commits_its_counters(board: Rig) -> None:
    """What the firmware writes to NVS outlives a loss of power in the next moment."""
    board.exec(COUNTERS + "counter.write(4711)\nnumbers.write('u', 0xFFFFFFFE)")
    board.power.cycle()
    board.exec(COUNTERS)
    assert board.eval("counter.read(), numbers.read('u'), Counter(n, 'none').read()") == (4711, 0xFFFFFFFE, 0)
    board.exec("n.erase_key('c'); n.erase_key('u'); n.commit()")

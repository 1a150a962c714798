"""Why a board started is what the firmware decides by, so each way of starting is named rightly."""

from luftpegel_tools.rig.board import RigBoard


def test_machine_reset_is_a_hard_reset(board: RigBoard) -> None:
    board.hard_reset()
    assert board.reset_cause == "HARD_RESET"


def test_a_soft_reset_is_named(board: RigBoard) -> None:
    board.hard_reset()
    board.soft_reset()
    assert board.reset_cause == "SOFT_RESET"


def test_a_hungry_watchdog_resets(board: RigBoard) -> None:
    board.leave(
        "import machine, time; machine.WDT(timeout=1000); print('armed')\nwhile True: time.sleep_ms(10)"
    )
    board.wait_for("armed")
    # Ctrl-C would end the loop but not the watchdog, so the board is left alone until it has reset.
    board.wait_for(">>> ")
    board.attach()
    assert board.reset_cause == "WDT_RESET"


def test_rtc_memory_outlives_a_reset_but_the_heap_does_not(board: RigBoard) -> None:
    board.exec("import machine; x = 1; machine.RTC().memory(b'kept')")
    board.hard_reset()
    board.exec("import machine")
    assert board.eval("machine.RTC().memory()") == b"kept"
    assert board.eval("'x' in globals()") is False


def test_nvs_keeps_what_was_committed(board: RigBoard) -> None:
    board.exec(
        "import esp32; n = esp32.NVS('hil_test'); n.set_i32('n', -7); n.set_blob('b', b'blob'); n.commit()"
    )
    board.hard_reset()
    board.exec("import esp32; n = esp32.NVS('hil_test'); b = bytearray(8)")
    assert board.eval("(n.get_i32('n'), n.get_blob('b', b), bytes(b[:4]))") == (-7, 4, b"blob")
    board.exec("n.erase_key('n'); n.erase_key('b'); n.commit()")
    assert board.exec("try: n.get_i32('n')\nexcept OSError as e: print(e)").startswith("(-4354")

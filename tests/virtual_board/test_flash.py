"""Flash has the manners of NOR, and its file system survives a power cut at each of its writes."""

import pytest

from luftpegel_tools.virtual_board.flash import BLOCK, Flash, PowerCut

WRITER = """
import os, machine
try: before = open("/log.txt").read()
except OSError: before = ""
assert before == "".join("%03d\\n" % i for i in range(len(before) // 4)), before
print("found", len(before) // 4)
for i in range(len(before) // 4, 100):
    with open("/log.txt", "a") as log: log.write("%03d\\n" % i)
    print("wrote", i + 1)
"""


def test_programming_only_clears_bits(tmp_path):
    flash = Flash(tmp_path / "flash.bin", 16)
    flash.program(1, 8, b"\xf0\x0f")
    flash.program(1, 8, b"\x3c\xff")
    content = (tmp_path / "flash.bin").read_bytes()
    assert content[BLOCK + 8 : BLOCK + 10] == b"\x30\x0f"
    flash.erase(1)
    assert (tmp_path / "flash.bin").read_bytes() == b"\xff" * (16 * 1024)
    assert (flash.programs, flash.erases, flash.operations) == (2, 1, 3)
    flash.close()


@pytest.mark.parametrize(("torn", "written"), [(True, b"\x00\x00\xff\xff"), (False, b"\xff\xff\xff\xff")])
def test_a_cut_falls_into_the_nth_operation(tmp_path, torn, written):
    flash = Flash(tmp_path / "flash.bin", 16)
    flash.cut_at(2, torn=torn)
    flash.program(0, 0, b"\x55")
    with pytest.raises(PowerCut):
        flash.program(1, 0, bytes(4))
    assert (tmp_path / "flash.bin").read_bytes()[BLOCK : BLOCK + 4] == written
    flash.program(1, 0, bytes(4))
    assert (tmp_path / "flash.bin").read_bytes()[BLOCK : BLOCK + 4] == bytes(4)
    flash.close()


@pytest.mark.parametrize("torn", [True, False])
def test_each_cut_loses_at_most_what_was_being_written(bench, torn):
    board = bench.board(WRITER, power=False)
    cuts = []
    board.on_power_cut = lambda _: cuts.append(bench.clock.now_us)
    for nth in range(1, 1000):
        told = len(bench.lines())
        board.cut_at_flash_write(nth, torn=torn)
        board.power_on()
        bench.run(lambda: board.attended or not board.powered)
        said = bench.lines()[told:]
        assert not [line for line in said if "Error" in line], said
        if board.attended:
            break
        counts = [int(line.split()[1]) for line in said]
        assert counts == sorted(counts)
    assert said[0].startswith("found")
    assert len(cuts) > 10
    wrote = [int(line.split()[1]) for line in bench.lines() if line.startswith("wrote")]
    found = [int(line.split()[1]) for line in bench.lines() if line.startswith("found")]
    assert wrote[-1] == 100
    assert found == sorted(found)  # what was once there stays there


def test_a_cut_at_a_virtual_time(bench):
    board = bench.board("import time\nwhile True: time.sleep(1); print('second')")
    bench.clock.call_at(5_600_000, board.power_off)
    bench.clock.run_until(60_000_000)
    assert bench.lines() == ["second"] * 5
    assert not board.powered

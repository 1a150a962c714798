"""The lines between receiver and gateway: through garbage, cuts and resets; and the receiver's ring."""

import itertools
import random

import pytest
from tests.direct import direct_oracle

from luftpegel_direct import line
from luftpegel_direct.ring import AT_ONCE, LONGEST_S, MOST, Ring

ID, BOOT = bytes(range(8)), 0x1A2B3C4D
BANNER = b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
TRACEBACK = (
    b'Traceback (most recent call last):\r\n  File "main.py", line 3, in <module>\r\nOSError: 5\r\n>>> '
)


def read_all(data, pieces=None):
    lines, found = line.Lines(), []
    for piece in pieces or [data]:
        for one in lines.feed(piece):
            try:
                found.append(line.read(one))
            except ValueError:
                continue
    return found


def heard(number, frame=b"\xe1abc"):
    return line.heard(BOOT, number, 100, 2, -97, -30, frame)


def test_what_is_written_is_read():
    whole = line.hello(ID, BOOT, 3600, 2, 1) + heard(17) + line.taken(BOOT, 17) + line.ask()
    assert whole == (
        direct_oracle.line("H", 1, ID.hex(), "1a2b3c4d", 3600, 2, 1)
        + direct_oracle.line("F", "1a2b3c4d", 17, 100, 2, -97, -30, "e1616263")
        + direct_oracle.line("A", "1a2b3c4d", 17) + direct_oracle.line("Q")
    )  # fmt: skip
    found = read_all(whole)
    assert found == [
        ("H", 1, ID, BOOT, 3600, 2, 1), ("F", BOOT, 17, 100, 2, -97, -30, b"\xe1abc"),
        ("A", BOOT, 17), ("Q",),
    ]  # fmt: skip
    assert read_all(whole, [bytes([byte]) for byte in whole]) == found


@pytest.mark.parametrize("noise", [
    BANNER, TRACEBACK, b"\n", b"@", b"@@@", b"@F 12 34", bytes(range(256)), b"\xff" * 5000,
    b"@" + b"a" * 5000,
    heard(1)[:-1], heard(1)[:20], heard(1)[1:], b"*00000000", b"\r",
])  # fmt: skip
def test_noise_before_a_line_costs_nothing_but_itself(noise):
    """A line begins at its last "@": also where the one before it was cut, and its end never came."""
    assert read_all(noise + heard(2))[-1] == ("F", BOOT, 2, 100, 2, -97, -30, b"\xe1abc")
    assert read_all(b"", [noise, heard(2)[:9], heard(2)[9:]])[-1][2] == 2


def test_a_line_of_a_later_version_says_who_it_is_of():
    later = direct_oracle.line("H", 2, ID.hex(), "1a2b3c4d", 1, 2, 3, "more", "words")
    assert read_all(later) == [("H", 2, ID, BOOT, 1, 2, 3)]


WORDS = ("F", "1a2b3c4d", 1, 2, 3, -97, 30, "ab")


def instead(place, word):
    """The words of a good line, with another one in one place."""
    return (*WORDS[:place], word, *WORDS[place + 1 :])


@pytest.mark.parametrize("words", [
    WORDS[:-1], instead(7, ""), instead(7, "abc"), instead(7, "AB"), instead(7, "zz"), instead(7, "ab" * 256),
    instead(1, "1a2b"), instead(2, -1), instead(2, 2**32), instead(2, ""), instead(5, -301),
    instead(5, "--1"),
    ("H", 1, "00", "1a2b3c4d", 1, 2, 3), ("A",), ("A", "1a2b3c4d", 1, 2), ("Q", 1), ("X", 1), ("",),
    ("A", "1a2b3c4d", "1.0"), ("A", "1a2b3c4d", "1_0"), ("A", "1a2b3c4d", "9" * 11),
])  # fmt: skip
def test_a_right_checksum_alone_makes_no_line(words):
    with pytest.raises(ValueError, match="no"):
        line.read(direct_oracle.line(*words)[:-1])


def test_twenty_thousand_damaged_streams():
    """Each good line that no damage touched is read, none is read otherwise, and little is held meanwhile."""
    luck = random.Random(seed := random.randrange(2**32))
    print("seed", seed)
    missed = 0
    for _ in range(20_000):
        number = luck.randrange(2**32)
        frame = luck.randbytes(luck.randint(1, 40))
        good = line.heard(BOOT, number, 5, 0, -100, 8, frame)
        damaged = bytearray(line.heard(BOOT, 1, 5, 0, -100, 8, frame))
        kind = luck.random()
        if kind < 0.4:
            damaged[luck.randrange(len(damaged))] ^= luck.randint(1, 255)
        elif kind < 0.7:
            damaged = damaged[: luck.randrange(len(damaged))]
        else:
            damaged = bytearray(luck.randbytes(luck.randrange(800)))
        stream = bytes(damaged) + good
        lines, found = line.Lines(), []
        while stream:
            cut = luck.randint(1, 300)
            found += lines.feed(stream[:cut])
            stream = stream[cut:]
        told = []
        for one in found:
            try:
                told.append(line.read(one))
            except ValueError:
                missed += 1
        assert told[-1:] == [("F", BOOT, number, 5, 0, -100, 8, frame)]
        assert all(one[2] in {number, 1} and one[7] == frame for one in told)
    assert missed > 1000


def test_nothing_is_held_of_what_never_ends():
    lines = line.Lines()
    for _ in range(1000):
        assert lines.feed(b"@" + b"x" * 999) == []
    assert len(lines._rest) <= line.LONGEST
    assert lines.skipped > 990_000


def test_the_ring_tells_until_it_is_acknowledged_and_slower_each_time():
    ring = Ring(ID, BOOT)
    ring.put(b"\xe1one", -90, 28, 100)
    times = [now for now in range(100, 400) if ring.due(now)]
    waits = [after - before for before, after in itertools.pairwise(times)]
    assert waits[:6] == [2, 4, 8, 16, 32, 60]
    assert set(waits[6:]) <= {LONGEST_S}
    told = line.read(ring.due(1000)[0][:-1])
    assert told[:5] == ("F", BOOT, 0, 1000, 900)  # its age is told anew each time
    assert ring.answer(line.read(line.taken(BOOT + 1, 0)[:-1]), 1000) == []
    assert len(ring) == 1  # another boot's
    ring.answer(line.read(line.taken(BOOT, 0)[:-1]), 1000)
    assert (len(ring), ring.due(2000)) == (0, [])


def test_the_ring_is_bounded_and_counts_what_it_lost():
    ring = Ring(ID, BOOT)
    for number in range(MOST + 10):
        ring.put(bytes([number]), -90, 28, number)
    assert (len(ring), ring.lost) == (MOST, 10)
    told = [line.read(one[:-1]) for one in ring.due(200)]
    assert [one[2] for one in told] == list(range(10, 10 + AT_ONCE))
    hello = line.read(ring.hello(200)[:-1])
    assert hello == ("H", 1, ID, BOOT, 200, MOST, 10)


def test_who_asks_is_told_everything_again():
    ring = Ring(ID, BOOT)
    ring.put(b"a", -90, 28, 0)
    assert len(ring.due(0)) == 1
    assert ring.due(1) == []
    assert [line.read(one[:-1])[0] for one in ring.answer(("Q",), 1)] == ["H"]
    assert len(ring.due(1)) == 1

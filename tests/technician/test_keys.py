"""Keys: made once, on the disk before they are used, for their owner alone, no two alike, none replaced."""

import os
import signal
import subprocess
import sys

import pytest

from luftpegel_tools.technician.keys import Key, Keys
from luftpegel_tools.technician.words import TroubleError

EUIS = [f"70b3d57ed000{number:04x}" for number in range(50)]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "town.keys"


def test_keys_are_made_once(file):
    keys = Keys(file)
    assert keys.ensure(*EUIS, EUIS[0].upper()) == 50
    assert keys.ensure(*EUIS) == 0
    again = Keys(file)
    assert [again.of(eui) for eui in EUIS] == [keys.of(eui) for eui in EUIS]
    assert len({keys.of(eui) for eui in EUIS}) == 50
    assert {len(keys.of(eui)) for eui in EUIS} == {16}
    assert again.of("70b3d57ed0009999") is None
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_is_not_shown(file):
    keys = Keys(file)
    keys.ensure(EUIS[0])
    key = keys.of(EUIS[0])
    shown = f"{key} {key!r} {key!s} {[key]} { ({'key': key}) } {keys.__dict__}"
    assert key.hex() not in shown
    assert repr(bytes(key)) not in shown


def test_a_file_that_others_can_read(file):
    Keys(file).ensure(EUIS[0])
    file.chmod(0o640)
    with pytest.raises(TroubleError, match="LP-606"):
        Keys(file)


@pytest.mark.parametrize(
    "line",
    [
        "70b3d57ed0001234",
        "70b3d57ed0001234,00112233445566778899aabbccddee",
        "70b3d57ed0001234,00112233445566778899aabbccddeeff00",
        "70b3d57ed00012,00112233445566778899aabbccddeeff",
        "70b3d57ed0001234,00112233445566778899aabbccddeegg",
        "70b3d57ed0001234,ÿ0112233445566778899aabbccddeeff",
        f"{EUIS[0]},00112233445566778899aabbccddeeff",
        "",
    ],
)
def test_a_damaged_file_is_told_and_left_alone(file, line):
    Keys(file).ensure(EUIS[0])
    file.write_bytes(file.read_bytes() + line.encode() + b"\n")
    before = file.read_bytes()
    with pytest.raises(TroubleError, match=r"LP-607.*line 3") as refused:
        Keys(file)
    assert "00112233" not in refused.value.text("de")
    assert file.read_bytes() == before


def test_a_random_source_that_repeats_itself_makes_nothing(file):
    keys = Keys(file, bytes)
    with pytest.raises(RuntimeError):
        keys.ensure(*EUIS[:2])
    assert not file.exists()


def test_two_at_once_make_one_key_each(file):
    words = [sys.executable, "-c", _MAKE, str(file), *EUIS]
    with subprocess.Popen(words) as one, subprocess.Popen(words) as two:
        assert (one.wait(120), two.wait(120)) == (0, 0)
    assert len(Keys(file)) == 50


def test_a_kill_at_any_call_leaves_all_or_nothing(file):
    """Killed at the n-th system call of writing: what was told stays, and goes on."""
    sizes = set()
    for deadly in range(1, 40):
        file.unlink(missing_ok=True)
        Keys(file).ensure(EUIS[0])
        first = Keys(file).of(EUIS[0])
        words = [sys.executable, "-c", _DIE, str(deadly), str(file), *EUIS]
        ended = subprocess.run(words, check=False, timeout=120).returncode
        keys = Keys(file)
        sizes.add(len(keys))
        assert len(keys) in {1, 50}
        assert keys.of(EUIS[0]) == first
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
    assert sizes == {1, 50}
    assert Keys(file).ensure(*EUIS) == 0


_MAKE = (
    "import sys\nfrom pathlib import Path\n"
    "from luftpegel_tools.technician.keys import Keys\n"
    "Keys(Path(sys.argv[1])).ensure(*sys.argv[2:])\n"
)
_DIE = (
    "import os, signal, sys\nfrom pathlib import Path\n"
    "from luftpegel_tools.technician.keys import Keys\n"
    "left = int(sys.argv[1]); file = Path(sys.argv[2])\n"
    "def hook(event, args):\n"
    "    global left\n"
    "    if event in ('open', 'os.rename', 'os.remove') and str(file.parent) in str(args[0]):\n"
    "        left -= 1\n"
    "        if left == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
    "sys.addaudithook(hook)\n"
    "Keys(file).ensure(*sys.argv[3:])\n"
)


def test_a_key_is_bytes():
    assert Key(bytes(16)) == bytes(16)
    assert os.name != "posix" or Key(b"a").hex() == "61"

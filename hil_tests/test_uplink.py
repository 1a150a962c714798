"""Join and uplink through each of the rig's radios: what the network hears is what was sent.

The identity is the one the board was provisioned with; a rig needs a gateway in reach of its network.
"""

import pytest
from hil_tests.test_radio_chip import OPEN

from luftpegel_tools.rig.roles import Rig

CONFIGURE = (
    "\nradio.configure('EU868', dev_eui, join_eui, provisioned('app_key', 16) or bytes(16), 5, False)\n"
    "radio.joined() or radio.join()"
)
WRONG, RIGHT = bytes(range(16)), bytes(range(16, 32))

pytestmark = pytest.mark.look_at("whether a gateway is in reach, and the device registered with its key")


@pytest.fixture
def set_up(driver: str, board: Rig) -> str:
    return OPEN.format(driver=driver, board=board.plan.type) + CONFIGURE


def test_one_confirmed_uplink(board: Rig, set_up: str) -> None:
    board.exec(set_up, timeout_s=60)
    assert board.eval("radio.joined() or radio.join()", timeout_s=60), "the network does not answer"
    assert 51 <= board.eval("radio.max_payload()") <= 242
    board.exec("downlinks = radio.send(1, b'luftpegel', True)", timeout_s=60)
    assert board.eval("radio.acknowledged") is True
    assert board.eval("radio.joined()") is True


def test_the_witness_hears_what_was_sent(board: Rig, radio, set_up: str) -> None:
    since = radio.count()
    payload = bytes(range(0, 250, 5))
    board.exec(f"{set_up}\nradio.send(7, {payload!r})", timeout_s=60)
    assert radio.wait_for(7, since).payload == payload


def test_frames_are_counted_on_over_resets(board: Rig, radio, set_up: str) -> None:
    since = radio.count()
    for _ in range(3):
        board.exec(f"{set_up}\nradio.send(8, b'again')\nradio.sleep()", timeout_s=90)
        board.reset.soft()
    counts = [frame.f_cnt for frame in radio.all()[since:] if frame.port == 8]
    assert len(counts) == 3
    assert sorted(set(counts)) == counts


def test_the_session_outlives_the_radios_sleep(board: Rig, set_up: str) -> None:
    board.exec(f"{set_up}\nradio.send(1, b'luftpegel')\nradio.sleep()", timeout_s=60)
    board.reset.soft()
    board.exec(set_up.replace("radio.joined() or radio.join()", ""), timeout_s=60)
    assert board.eval("radio.joined()") is True


def test_a_downlink_comes_through(board: Rig, radio, set_up: str) -> None:
    board.exec(set_up, timeout_s=60)
    radio.network.queue(9, b"down to earth")
    board.exec("heard = radio.send(1, b'luftpegel', True)", timeout_s=60)
    assert board.eval("[(one.port, bytes(one.payload)) for one in heard]") == [(9, b"down to earth")]


def test_a_wrong_key_is_not_let_in(board: Rig, radio, driver: str) -> None:
    board.exec("import machine; machine.RTC().memory(b'')")
    text = OPEN.format(driver=driver, board=board.plan.type)
    join = "radio.configure('EU868', dev_eui, join_eui, {!r}, 5, False)\n_in = radio.join(True)"
    radio.network.register(RIGHT)
    try:
        board.exec(f"{text}\n{join.format(WRONG)}", timeout_s=120)
        assert board.eval("_in") is False
        board.exec(f"import time\ntime.sleep(200)\n{join.format(RIGHT)}", timeout_s=240)
        assert board.eval("_in") is True
    finally:
        radio.network.register(None)
        board.exec("import machine; machine.RTC().memory(b'')")

"""The default board on a bench: its SX1262 joins with the key that the board is provisioned with."""

import pytest

from luftpegel_tools.desk.default_board import wire
from luftpegel_tools.image import firmware_image
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.sx1262 import SX1262
from luftpegel_tools.virtual_time.clock import VirtualClock

KEYS = {"app_key": bytes(range(16)), "dev_eui": bytes(range(8)), "join_eui": bytes(8)}
JOIN_REQUEST, DATA_UP = 0, 2
SETTINGS = {
    "station": "LP-BENCH",
    "board": "heltec_v3",
    "interval_s": 60,
    "sensors": [{"driver": "sht4x"}],
}


@pytest.fixture
def kinds_sent(tmp_path):
    """What the SX1262 sends and hears in the first half minute, by type; `meddle(board)` before it."""

    def run(meddle=None):
        chips = []

        def wired(board):
            wire(board)
            chips.extend(chip for chip in board._chips if isinstance(chip, SX1262))

        with Board(VirtualClock(), name="bench", state_dir=tmp_path / "state", wiring=wired) as board:
            image = tmp_path / "image"
            firmware_image.build(image, SETTINGS | {"radio": {"driver": "sx1262", "region": "EU868"}})
            board.install(image)
            board.nvs.provision("luftpegel", **KEYS)
            if meddle:
                meddle(board)
            board.power_on()
            board.clock.run_until(board.clock.now_us + 30_000_000)
        (chip,) = chips
        return {frame[0] >> 5 for frame in chip.sent}, [frame[0] >> 5 for frame in chip.heard]

    return run


def test_the_sx1262_is_let_in_and_sends(kinds_sent):
    sent, heard = kinds_sent()
    assert sent == {JOIN_REQUEST, DATA_UP}
    assert heard[0] == 1  # JoinAccept


def test_another_key_is_not_let_in(kinds_sent):
    def other_key(board):
        known = board.nvs.blob
        board.nvs.blob = lambda namespace, key: bytes(16) if key == "app_key" else known(namespace, key)

    sent, heard = kinds_sent(other_key)
    assert (sent, heard) == ({JOIN_REQUEST}, [])

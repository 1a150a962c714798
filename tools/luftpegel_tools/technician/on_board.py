"""What is run on a board at its prompt: the self-test, by the station's firmware, and its number in blinks.

Each line that begins with "@" is an answer, JSON; everything else is what the firmware says besides.
"""

# Each part stands alone, so that one that raises something costs the others nothing, and leaves its modules.
FIRMWARE = """
import gc, json, os
from station.config import Plan, board_of, load
import station.cycle, station.uplink
from sensors import driver
_settings = load("/station.json")
_board = board_of(_settings)
_plan = Plan(_settings, _board, driver)
gc.collect()
print("@" + json.dumps([_settings["station"]]))
"""

SENSORS = """
import time
from station.hardware import Hardware
from station.sampler import Sampler
_hardware = Hardware(_board, _settings["revision"])
_sampler = Sampler(_plan, _settings, _hardware, time.sleep_ms, lambda: print("."), lambda k: None)
_values, _qualities = _sampler.sample()
_owners = {}
for _k, _channels in enumerate(_plan.owned):
    for _channel in _channels:
        _owners[_channel] = _k
for _place, _channel in enumerate(_plan.channels):
    _owner = _owners.get(_channel, -1)
    print("@" + json.dumps([_channel, _owner, _values[_place], _qualities[_place]]))
"""

RADIO = """
from esp32 import NVS
from machine import RTC
from lora_radio import RadioError, open_driver
from station.flash import Numbers
from station.memory import Memory
from station.radio_port import open_radio
from station.uplink import Uplink
_nvs, _memory = NVS("luftpegel"), Memory(RTC())
_driver = open_driver(_settings["radio"]["driver"])
_radio = open_radio(_board, _driver, Numbers(_nvs, _memory), _memory, False)
try:
    Uplink(_settings, _memory, _nvs, _radio, lambda: 0, None, None, None).configure()
    _radio.sleep()
    print("@[]")
except RadioError as error:
    print("@" + json.dumps([error.code, str(error)]))
"""

FLASH = """
_stat = os.statvfs("/")
_journal = 0
try:
    for _entry in os.ilistdir("/journal"):
        _journal += _entry[3]
except OSError:
    pass
with open("/selftest.tmp", "wb") as file:
    file.write(b"luftpegel" * 100)
with open("/selftest.tmp", "rb") as file:
    _same = file.read() == b"luftpegel" * 100
os.remove("/selftest.tmp")
print("@" + json.dumps([_stat[0] * _stat[3], _board.JOURNAL_BYTES - _journal, _same]))
"""

# The tens as long blinks, the ones as short ones. Ends in a start of the station.
BLINK = """
import machine, time
from station.config import board_of, load
from station.hardware import Hardware
_settings = load("/station.json")
_hardware = Hardware(board_of(_settings), _settings["revision"])
def _blink(count, ms):
    for _ in range(count):
        _hardware.led(True)
        time.sleep_ms(ms)
        _hardware.led(False)
        time.sleep_ms(300)
_end = time.ticks_add(time.ticks_ms(), {ms})
while time.ticks_diff(_end, time.ticks_ms()) > 0:
    _blink({number} // 10, 900)
    _blink({number} % 10, 200)
    time.sleep_ms(1500)
machine.reset()
"""

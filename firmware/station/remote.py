# Settings that the network changes: they hold instead of the station file's until that file is written anew.
# Kept in NVS, and in RTC memory for a NVS that refuses. What cannot be fulfilled is not taken, and the
# answer, which says what is in force, shows it: so does the name of a setting that this firmware has not.

import struct
from binascii import crc32

from lora_radio import DRIVERS, LORAWAN_RADIO
from station.clock import MAX_INTERVAL_S, MIN_INTERVAL_S
from station.flash import Counter
from station.memory import SETTINGS

NVS_KEY = "remote"
STATUS_S = 86400
CHIP_RATE, MODEM_RATE = 5, 7
# In the order of their bits: name on the wire, least, most. The first fields of the blob: whose file they
# change, which are changed.
_FIELDS = "<IBIIBBB"
_TABLE = (
    ("interval_s", MIN_INTERVAL_S, MAX_INTERVAL_S),
    ("status_interval_s", 600, 31 * 86400),
    ("data_rate", 0, MODEM_RATE),
    ("adr", 0, 1),
    ("history", 0, 255),
)


def highest_rate(driver):
    return CHIP_RATE if DRIVERS[driver] == LORAWAN_RADIO else MODEM_RATE


def in_force(nvs, settings, memory):
    # Puts what holds now into the settings, and into `interval` of the memory.
    settings["file"] = crc32(repr((settings["interval_s"], sorted(settings["radio"].items()))).encode())
    _, mask, *values = _kept(nvs, settings, memory)
    settings["remote"] = mask, values
    settings.setdefault("status_interval_s", STATUS_S)
    settings.setdefault("history", 0)
    for i, (name, low, high) in enumerate(_TABLE):
        if mask & 1 << i and low <= values[i] <= high:
            _set(settings, name, values[i])
    memory.interval = settings["interval_s"]


def change(nvs, settings, memory, fields):
    # Takes over what is sound of {name: value}; the bits of those that were named.
    mask, values = settings["remote"]
    asked = 1  # the interval is told always
    for i, (name, low, high) in enumerate(_TABLE):
        if name not in fields:
            continue
        asked |= 1 << i
        value = fields[name]
        if name == "data_rate":
            high = highest_rate(settings["radio"]["driver"])
        if isinstance(value, int) and low <= value <= high:
            mask |= 1 << i
            values[i] = int(value)
            _set(settings, name, values[i])
    memory.interval = settings["interval_s"]
    settings["remote"] = mask, values
    blob = struct.pack(_FIELDS, settings["file"], mask, *values)
    memory.keep(SETTINGS, blob)
    try:
        nvs.set_blob(NVS_KEY, blob)
        nvs.commit()
    except OSError as error:
        print("LP-225 NVS refuses the settings (%r): they are kept as long as there is power. Next:" % error)
        print("erase the board's NVS, provision it anew")
    return asked


def told(settings, asked):
    # {name: value in force} of those bits.
    radio = settings["radio"]
    held = {name: int(radio[name] if name in radio else settings[name]) for name, _, _ in _TABLE}
    return {name: held[name] for i, (name, _, _) in enumerate(_TABLE) if asked & 1 << i}


def _set(settings, name, value):
    if name == "adr":
        settings["radio"][name] = bool(value)
    elif name in settings["radio"]:
        settings["radio"][name] = value
    else:
        settings[name] = value


def _kept(nvs, settings, memory):
    # The blob's fields, where they change this very file.
    blob = bytearray(struct.calcsize(_FIELDS))
    found = memory.block(SETTINGS)
    if not found:
        try:
            nvs.get_blob(NVS_KEY, blob)
            found = blob
        except OSError:
            found = b""
    if len(found) == len(blob) and struct.unpack_from("<I", found)[0] == settings["file"]:
        return struct.unpack(_FIELDS, found)
    # As firmware 0.3.0 kept it: the interval alone.
    given = settings["interval_s"]
    older = Counter(nvs, "interval_of").read() == given and Counter(nvs, "interval_s").read()
    return (settings["file"], 1 if older else 0, older or given, 0, 0, 0, 0)

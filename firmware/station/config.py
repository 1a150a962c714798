# The station's settings: /station.json, checked whole before anything starts. The same checks run on the
# technician's computer (luftpegel station check), so a file that passes there is not refused on the board.

import json

from lora_radio import DRIVERS as RADIOS
from lora_radio import LORAWAN_RADIO
from luftpegel_wire.quantities import QUANTITIES, channel_of, default_step
from station.clock import MAX_INTERVAL_S, MIN_INTERVAL_S

# board name -> module; one line for a new board
BOARDS = {
    "generic": "boards.generic",
    "heltec_v3": "boards.heltec_v3",
    "lilygo_t3_s3": "boards.lilygo_t3_s3",
    "tbeam_sx1262": "boards.tbeam_sx1262",
    "ttgo_lora32": "boards.ttgo_lora32",
    "xiao_s3_wio_sx1262": "boards.xiao_s3_wio_sx1262",
}
MAX_CHANNELS = 31  # of the wire
CHIP_RATE = 5  # the highest data rate of our own LoRaWAN
REGIONS = ("EU433", "EU868", "IN865")
USUAL_HEALTH = ("battery",)  # where a board has it

# code: (cause, next step); {} are filled with what the check found
TEXTS = {
    "LP-350": (
        "the station file is missing",
        "copy one onto the board: luftpegel station build --station FILE",
    ),
    "LP-351": ("the station file cannot be read: {}", "correct the place, or write the file anew"),
    "LP-352": ("{} is not a setting", "remove it or correct its spelling; known here: {}"),
    "LP-353": ("{} is missing", "add it: {}"),
    "LP-354": ("{} must be {}, not {}", "correct the value"),
    "LP-355": ("{} is not known", "choose one of: {}"),
    "LP-356": ("two sensors measure {}", 'give one of them "index" 1, or leave the quantity out with "only"'),
    "LP-357": ("two sensors on {}", "give each of them its own place"),
}


class ConfigError(ValueError):
    # where: path into the settings, such as ("sensors", 1, "driver"); details fill the texts.

    def __init__(self, code, where, details=(), advice=()):
        self.code = code
        self.where = where
        self.details = details
        self.advice = advice
        super().__init__(self.text(TEXTS))

    def text(self, texts, then="Next"):
        cause, step = texts[self.code]
        return "%s %s. %s: %s" % (self.code, cause.format(*self.details), then, step.format(*self.advice))


_NAME_BYTES = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _name(value):
    # By bytes: MicroPython would keep each character of a text as a string of its own, for ever.
    return 0 < len(value) <= 32 and all(byte in _NAME_BYTES for byte in value.encode())


def _any(_value):
    return True


def _between(low, high):
    return lambda value: low <= value <= high


REQUIRED = object()

# key -> (type, test, what is asked for, default)
_TOP = {
    "station": (str, _name, "1 to 32 letters, digits or -", REQUIRED),
    "board": (str, len, "the name of a board", REQUIRED),
    "revision": (str, len, "the revision printed on the board", None),
    "interval_s": (int, _between(MIN_INTERVAL_S, MAX_INTERVAL_S), "60 to 86400 seconds", 600),
    "sensors": (list, len, "a list of sensors", REQUIRED),
    "radio": (dict, len, "a table", REQUIRED),
    "steps": (dict, _any, "a table: quantity to resolution", {}),
    "health": (list, _any, "a list of quantities", None),
}
_SENSOR = {
    "driver": (str, len, "the name of a driver", REQUIRED),
    "index": (int, _between(0, 1), "0 or 1", 0),
    "only": (list, len, "a list of quantities", None),
    "socket": (str, len, "a socket of the board", "a"),
    "address": (int, _between(8, 119), "an I2C address, 8 to 119", None),
    "rom": (str, lambda value: len(value) == 16, "16 hex digits", None),
    "quantity": (str, len, "the name of a quantity", None),
}
# those that a driver's constructor is given besides its bus
_OPTIONS = ("address", "rom", "quantity")
_RADIO = {
    "driver": (str, len, "the name of a radio", REQUIRED),
    "region": (str, len, "a LoRaWAN region", "EU868"),
    "data_rate": (int, _between(0, 15), "0 to 15", 5),
    "adr": (bool, _any, "true or false", False),
    "frame_bytes": (int, _between(20, 242), "20 to 242 bytes", 242),
    "light_sleep": (bool, _any, "true or false", False),
}


def _checked(given, table, where):
    # The settings of one table with defaults filled in.
    for key in given:
        if key not in table:
            raise ConfigError("LP-352", where + (key,), (key,), (" ".join(sorted(table)),))
    result = {}
    for key, (kind, test, wanted, default) in table.items():
        value = given.get(key, default)
        if value is REQUIRED:
            raise ConfigError("LP-353", where, (key,), (wanted,))
        if key in given and (type(value) is not kind or not test(value)):
            raise ConfigError("LP-354", where + (key,), (key, wanted, repr(value)))
        result[key] = value
    return result


def _known(value, names, where):
    if value not in names:
        raise ConfigError("LP-355", where, (repr(value),), (" ".join([str(n) for n in sorted(names)]),))


def load(path):
    # Settings of the file; raises ConfigError.
    try:
        with open(path) as file:
            given = json.load(file)
    except OSError:
        raise ConfigError("LP-350", ()) from None
    except ValueError as error:
        raise ConfigError("LP-351", (), (str(error),)) from None
    return checked(given)


def checked(given):
    # Whatever JSON held -> settings with defaults, or ConfigError.
    from sensors import DRIVERS

    if type(given) is not dict:
        raise ConfigError("LP-354", (), ("it", "a table of settings", repr(given)))
    settings = _checked(given, _TOP, ())
    _known(settings["board"], BOARDS, ("board",))
    radio = settings["radio"] = _checked(settings["radio"], _RADIO, ("radio",))
    _known(radio["driver"], RADIOS, ("radio", "driver"))
    _known(radio["region"], REGIONS, ("radio", "region"))
    if settings["steps"]:
        _check_steps(settings["steps"])
    if RADIOS[radio["driver"]] == LORAWAN_RADIO and radio["data_rate"] > CHIP_RATE:
        raise ConfigError(
            "LP-354",
            ("radio", "data_rate"),
            ("data_rate", "0 to %d with a LoRa chip" % CHIP_RATE, radio["data_rate"]),
        )
    sensors = []
    for i, entry in enumerate(settings["sensors"]):
        where = ("sensors", i)
        if type(entry) is not dict:
            raise ConfigError("LP-354", where, ("a sensor", "a table", repr(entry)))
        sensor = _checked(entry, _SENSOR, where)
        sensor["options"] = {k: entry[k] for k in _OPTIONS if k in entry}
        _known(sensor["driver"], DRIVERS, where + ("driver",))
        sensors.append(sensor)
    settings["sensors"] = sensors
    return settings


def _check_steps(steps):
    from luftpegel_wire.readings import STEPS  # much code for one table: only when it is needed

    for name, step in steps.items():
        _known(name, QUANTITIES, ("steps", name))
        _known(step, STEPS, ("steps", name))


def board_of(settings):
    return __import__(BOARDS[settings["board"]], None, None, ("RAIL",))


class Plan:
    # The columns of this station's readings, sorted by channel as the wire wants them, and who fills them.
    # driver: name -> class of sensors. Raises ConfigError where settings do not fit drivers, board or wire.

    def __init__(self, settings, board, driver):
        radio = settings["radio"]
        _known(radio["driver"], _radios(board), ("radio", "driver"))
        if radio["light_sleep"] and RADIOS[radio["driver"]] != LORAWAN_RADIO:
            raise ConfigError(
                "LP-354", ("radio", "light_sleep"), ("light_sleep", "false with a modem", "True")
            )
        if settings["revision"]:
            _known(settings["revision"], getattr(board, "REVISIONS", ()), ("revision",))
        if settings["health"] is None:
            settings["health"] = [name for name in USUAL_HEALTH if name in board.HEALTH]
        for i, name in enumerate(settings["health"]):
            _known(name, board.HEALTH, ("health", i))
        self.classes = []
        self.owned = []  # for each sensor its channels, in the order of measure(); None for one left out
        taken = {}
        for i, sensor in enumerate(settings["sensors"]):
            cls = _class(driver, sensor["driver"])
            self.classes.append(cls)
            if cls is None:
                self.owned.append(())
                continue
            self.owned.append(_owned(cls, sensor, ("sensors", i), taken))
            if cls.BUS == "uart":
                _known(sensor["socket"], board.UARTS, ("sensors", i, "socket"))
        _places(settings["sensors"], self.classes)
        self.health = [channel_of(name) for name in settings["health"]]
        self.channels = sorted([c for owned in self.owned for c in owned if c is not None] + self.health)
        if len(self.channels) > MAX_CHANNELS:
            raise ConfigError(
                "LP-354", ("sensors",), ("channels", "at most %d" % MAX_CHANNELS, len(self.channels))
            )
        self.steps = [_step(channel, settings["steps"]) for channel in self.channels]


def _class(driver, name):
    # None for a driver whose file is damaged: that costs its sensor, and no other. (On a technician's
    # computer there is no such thing.)
    try:
        return driver(name)
    except (AttributeError, ImportError) as error:
        print("LP-228 the driver %s cannot be loaded (%s): its sensor is left out." % (name, error))
        print("Next: copy the image onto the board again")
        return None


def _radios(board):
    # Names of the radios that this board has, or has the pins for.
    modems = [name for name in RADIOS if RADIOS[name] != LORAWAN_RADIO and hasattr(board, "MODEM")]
    return modems + [board.LORA["chip"]]


def _owned(cls, sensor, where, taken):
    # Channels of one sensor; `taken` collects those of all.
    options = sensor["options"]
    measures = (options["quantity"],) if "quantity" in options else cls.MEASURES
    for name in measures:
        _known(name, QUANTITIES, where + ("quantity",))
    for k, name in enumerate(sensor["only"] or ()):
        _known(name, measures, where + ("only", k))
    owned = []
    for name in measures:
        if sensor["only"] and name not in sensor["only"]:
            owned.append(None)
            continue
        channel = channel_of(name, sensor["index"])
        if channel in taken:
            raise ConfigError("LP-356", where, (name,))
        taken[channel] = True
        owned.append(channel)
    return owned


def _places(sensors, classes):
    # Two UART sensors in one socket, or two with one I2C address, would answer for each other.
    used = {}
    for i, (sensor, cls) in enumerate(zip(sensors, classes)):
        if cls is None:
            continue
        options = sensor["options"]
        place = {
            "uart": "socket " + sensor["socket"],
            "i2c": "I2C address of %s %s" % (sensor["driver"], options.get("address", "")),
            "onewire": "the 1-Wire line without rom " + options.get("rom", ""),
        }[cls.BUS]
        if place in used:
            raise ConfigError("LP-357", ("sensors", i), (place,))
        used[place] = True


def _step(channel, overrides):
    for name, step in overrides.items():
        if QUANTITIES[name][0] == channel >> 1:
            return step
    return default_step(channel)

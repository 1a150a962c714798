"""What the gateway's checks find, as flags beside the quality that the station told.

Several checks may object to one value, and each objection is kept: flags are bits. The bits and their words
are in the journal and in stores, so they never change; a new check takes the next free bit. `quality_of`
folds them into the one number of docs/wire.md for whoever reads only that.
"""

from luftpegel_wire import quality as wire_quality
from luftpegel_wire.quality import FLAT as WIRE_FLAT
from luftpegel_wire.quality import OK, RANGE, RATE, STALE, SUSPECT

GROSS_RANGE = 1 << 0  # outside what the quantity can be
LOCAL_RANGE = 1 << 1  # unusual for this place
SPIKE = 1 << 2  # stands out against both neighbours
STEEP = 1 << 3  # changed faster than the quantity can
FLAT = 1 << 4  # has not moved for longer than the quantity rests
ATTENUATED = 1 << 5  # moves far less than the quantity does
FREEZING = 1 << 6  # water that may be ice, or a sensor in it
HUMID = 1 << 7  # dust measured in fog: droplets count as dust
CONTRADICTORY = 1 << 8  # other quantities of the same reading say that it cannot be
NEIGHBOUR = 1 << 9  # differs from the stations around
CLOCK_STANDS = 1 << 10  # a later number with a time that is not later
TIME_UNSURE = 1 << 11  # the clocks that tell its time disagree
RECORDED = 1 << 12  # played from a recording: nobody measured it just now

# flag: its word for machines, and the quality that stands for it; the gravest first.
FLAGS: dict[int, tuple[str, int]] = {
    GROSS_RANGE: ("range", RANGE),
    SPIKE: ("spike", RATE),
    STEEP: ("rate", RATE),
    CLOCK_STANDS: ("clock", STALE),
    FLAT: ("flat", WIRE_FLAT),
    CONTRADICTORY: ("contradictory", SUSPECT),
    FREEZING: ("freezing", SUSPECT),
    NEIGHBOUR: ("neighbour", SUSPECT),
    LOCAL_RANGE: ("local-range", SUSPECT),
    ATTENUATED: ("attenuated", SUSPECT),
    HUMID: ("humid", SUSPECT),
    TIME_UNSURE: ("time", SUSPECT),
    RECORDED: ("recorded", OK),
}


def quality_of(wire: int, flags: int) -> int:
    """One number for a value: what the station told where it told something, else the gravest flag's."""
    if wire != OK or not flags:
        return wire
    return next((quality for flag, (_, quality) in FLAGS.items() if flags & flag), SUSPECT)


def words_of(flags: int) -> tuple[str, ...]:
    """The flags' words, the gravest first."""
    return tuple(word for flag, (word, _) in FLAGS.items() if flags & flag)


# The qualities' words for machines, as they stand in files, exports and the store.
QUALITIES: dict[int, str] = {
    getattr(wire_quality, name): name.lower().replace("_", "-")
    for name in ("OK", "SUSPECT", "STALE", "FLAT", "CLIPPED", "RANGE", "RATE", "MISSING", "SILENT",
                 "CHECKSUM", "SENTINEL", "BUS", "NOT_READY", "CONFIG", "UNKNOWN")
}  # fmt: skip


def quality_word(quality: int) -> str:
    """A quality as a word; `quality-90` for one that this gateway does not know yet."""
    return QUALITIES.get(quality, f"quality-{quality}")

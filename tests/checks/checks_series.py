"""Readings for the tests of the checks: a series of values as one life, and how late ones are judged."""

from luftpegel_gateway.checks import REACH_AFTER, REACH_BEFORE, judge, limits_for
from luftpegel_gateway.model.quality import words_of
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.station import Station
from luftpegel_wire.quality import MISSING, OK
from luftpegel_wire.quantities import channel_of

NOON = 1_782_907_200
DISTANCE, LEVEL = channel_of("distance"), channel_of("level")
TEMPERATURE, HUMIDITY = channel_of("temperature"), channel_of("humidity")
WATER, PM25, PM10 = channel_of("water_temperature"), channel_of("pm25"), channel_of("pm10")


def station(interval_s=600, **settings):
    return Station("LP-0001", "70b3d57ed0000001", "Mühlbach", "level", interval_s, **settings)


def reading(seq, time, **values):
    """One reading: quantities by name, None for a missing value, (value, wire quality) for a doubted one."""
    cells = []
    for name, told in values.items():
        value, wire = told if isinstance(told, tuple) else (told, MISSING if told is None else OK)
        cells.append(Cell(channel_of(name), value, wire))
    return Reading(seq, time, tuple(cells))


def series(quantity, values, step=600, start=NOON):
    """One reading a value, `step` seconds apart."""
    return [reading(seq, start + seq * step, **{quantity: value}) for seq, value in enumerate(values)]


def words(readings, channel=None):
    """The flags' words of each reading's cell of a channel (the only one, unless named)."""
    return [
        next(words_of(cell.flags) for cell in one.cells if channel in {None, cell.channel})
        for one in readings
    ]


def judged(quantity, values, step=600, **settings):
    """The words of a whole series, judged at once."""
    return words(judge(series(quantity, values, step), 0, limits_for(station(**settings))))


def judge_as_they_come(readings, limits):
    """Every reading as it ends when they come in this order, each judged with what is known by then.

    After each one, readings are judged from REACH_AFTER before it onwards, until REACH_BEFORE in a row behind
    it come out as they were.
    """
    known = []
    for new in readings:
        known.append(new)
        known.sort(key=lambda one: one.seq)
        place = known.index(new)
        begin = max(0, place - REACH_AFTER)
        quiet = 0
        for at in range(begin, len(known)):
            window = known[max(0, at - REACH_BEFORE) : at + 1 + REACH_AFTER]
            context = min(at, REACH_BEFORE)
            verdict = judge(window, context, limits)[0]
            quiet = quiet + 1 if verdict == known[at] and at > place else 0
            known[at] = verdict
            if quiet == REACH_BEFORE:
                break
    return known

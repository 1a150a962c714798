"""A chart of one channel, drawn by the server as SVG: no script, and one sentence that says what it shows.

Gaps are gaps: no line is drawn over a missing value, nor from one life to another. Flagged values are
crosses, so colour is never the only sign.
"""

from collections.abc import Callable, Sequence

import msgspec

from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.page.html import Html, join, tag
from luftpegel_gateway.views.stations import InLife
from luftpegel_gateway.words.texts import channel_text, moment, symbol, tell, value_text

WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 12, 24


class Point(msgspec.Struct, frozen=True):
    """One value at its time (Unix seconds)."""

    life: int
    seq: int
    time: int
    value: int
    flagged: bool


def points(readings: Sequence[InLife], channel: int) -> list[Point]:
    """The channel's values that have a time, oldest first."""
    found = [
        Point(life, reading.seq, reading.time, cell.value, bool(cell.wire or reading.flags_of(cell)))
        for life, reading in readings
        if (cell := _cell(reading, channel)) and cell.value is not None and reading.time is not None
    ]
    return sorted(found, key=lambda point: (point.time, point.life, point.seq))


def chart(readings: Sequence[InLife], channel: int, language: str) -> Html:
    """The figure: title, picture and its sentence."""
    shown = points(readings, channel)
    name = channel_text(channel, language)
    if not shown:
        return tag("p", tell("no_chart", language, name=name))
    sentence = summary(shown, channel, language)
    picture = tag(
        "svg",
        tag("title", name, id=f"title-{channel}"),
        tag("desc", sentence, id=f"desc-{channel}"),
        _axes(shown, channel, language),
        *_curves(shown),
        role="img",
        aria_labelledby=f"title-{channel} desc-{channel}",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )
    return tag("figure", picture, tag("figcaption", sentence))


def summary(shown: Sequence[Point], channel: int, language: str) -> str:
    """The chart in one sentence."""
    low, high = min(point.value for point in shown), max(point.value for point in shown)
    return tell(
        "chart",
        language,
        name=channel_text(channel, language),
        begin=moment(shown[0].time, language),
        end=moment(shown[-1].time, language),
        low=value_text(channel, low, language),
        high=value_text(channel, high, language),
        last=value_text(channel, shown[-1].value, language),
        unit=symbol(channel),
    )


def _cell(reading: Reading, channel: int) -> Cell | None:
    return next((cell for cell in reading.cells if cell.channel == channel), None)


def _curves(shown: Sequence[Point]) -> list[Html]:
    """Lines through neighbours, and a cross on each flagged value."""
    place = _placer(shown)
    marks = []
    for piece in pieces(shown):
        places = [place(point) for point in piece]
        if len(places) == 1:
            marks.append(tag("circle", cx=f"{places[0][0]:.1f}", cy=f"{places[0][1]:.1f}", r=2, class_="dot"))
        else:
            marks.append(
                tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places), class_="curve")
            )
        for point, (x, y) in zip(piece, places, strict=True):
            if point.flagged:
                cross = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"
                marks.append(tag("path", d=cross, class_="flagged"))
    return marks


def _placer(shown: Sequence[Point]) -> Callable[[Point], tuple[float, float]]:
    """Where a point lies in the picture."""
    times, values = [point.time for point in shown], [point.value for point in shown]
    begin, low = min(times), min(values)
    span, height = max(times) - begin or 1, max(values) - low or 1

    def place(point: Point) -> tuple[float, float]:
        across, up = (point.time - begin) / span, (point.value - low) / height
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    return place


def pieces(shown: Sequence[Point]) -> list[list[Point]]:
    """Runs of readings that follow each other within one life; two boards in turn are two curves."""
    found: list[list[Point]] = []
    last: dict[int, list[Point]] = {}  # life: the run that grows
    for point in shown:
        run = last.get(point.life)
        if run and point.seq == run[-1].seq + 1:
            run.append(point)
        else:
            last[point.life] = [point]
            found.append(last[point.life])
    return found


def _axes(shown: Sequence[Point], channel: int, language: str) -> Html:
    """Frame lines with the smallest and largest value and the first and last time."""
    low, high = (choose(point.value for point in shown) for choose in (min, max))
    bottom = HEIGHT - BOTTOM
    unit = symbol(channel)
    return join(
        tag("line", x1=LEFT, y1=TOP, x2=LEFT, y2=bottom, class_="axis"),
        tag("line", x1=LEFT, y1=bottom, x2=WIDTH - RIGHT, y2=bottom, class_="axis"),
        tag("text", value_text(channel, high, language), x=LEFT - 6, y=TOP + 10, text_anchor="end"),
        tag("text", unit, x=LEFT - 6, y=TOP + 26, text_anchor="end"),
        tag("text", value_text(channel, low, language), x=LEFT - 6, y=bottom, text_anchor="end"),
        tag("text", moment(shown[0].time, language), x=LEFT, y=HEIGHT - 6),
        tag("text", moment(shown[-1].time, language), x=WIDTH - RIGHT, y=HEIGHT - 6, text_anchor="end"),
    )
